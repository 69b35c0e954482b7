"""People: who is tied to whom?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse

from services.detector.api.answers import AnsweringRoute
from services.detector.domain.identity import resource_key
from services.detector.pages.cards import card_of
from services.detector.pages.filters import OFFERED, choice, narrowed_by, owner_choice, tag_choice
from shared.auth.dependencies import Member
from shared.http.paging import CursorText, decode_cursor, encode_cursor

if TYPE_CHECKING:
    from services.detector.domain.graph import Graph
    from services.detector.lists import Lists, Topics
    from services.detector.use_cases.show import Show
    from shared.clock import Clock
    from shared.web.pages import Pages

ROWS = 50
_GRAPH_DAYS = 365
_NODES = 14
"""People, and teammates, that a picture can hold; the busiest ones."""

_STEP = 34.0
Word = Annotated[str, Query(max_length=300)]


@dataclass(frozen=True)
class PeopleParts:
    """What the people pages stand on."""

    pages: Pages
    lists: Lists
    topics: Topics
    show: Show
    clock: Clock


def people_pages(parts: PeopleParts) -> APIRouter:
    """Return the routes of /people."""
    router = APIRouter(include_in_schema=False, route_class=AnsweringRoute)
    pages, lists = parts.pages, parts.lists

    @router.get("/people")
    async def people(
        request: Request,
        identity: Member,
        q: Word = "",
        customer: Word = "",
        tag: Word = "",
        owner: Word = "",
        cursor: CursorText = None,
    ) -> HTMLResponse:
        organization = identity.organization_id
        narrowed = narrowed_by(now=parts.clock.now(), tag=tag, customer=customer, owner=owner)
        found = await lists.people(
            organization, words=q, position=decode_cursor(cursor), limit=ROWS, narrowed=narrowed
        )
        customers = (await lists.signal_choices(organization)).customers
        return pages.render(
            request,
            "people.html",
            identity=identity,
            rows=[(resource_key(one.workspace_id, one.id), one) for one in found.items],
            count=await lists.count_people(organization, words=q, narrowed=narrowed),
            next_cursor=encode_cursor(found.next) if found.next else None,
            filters=[
                {"name": "q", "label": "Name or e-mail", "value": q, "type": "search"},
                choice("customer", "Customer", customer, customers),
                tag_choice(tag, await parts.topics.names(organization, OFFERED)),
                owner_choice(owner, await lists.customer_owners(organization)),
            ],
            filtered=bool(q or customer or tag or owner),
        )

    @router.get("/people/graph")
    async def graph(request: Request, identity: Member, customer: Word = "") -> HTMLResponse:
        organization = identity.organization_id
        rows = (
            await lists.customers(
                organization, words=None, owner=None, known=None, sort="-attention", position=None, limit=ROWS
            )
        ).items
        chosen = customer or (rows[0].customer.customer_id if rows else "")
        drawing = None
        if chosen:
            since = parts.clock.now() - timedelta(days=_GRAPH_DAYS)
            drawing = _drawing(await parts.show.graph(organization, chosen, since))
        return pages.render(
            request,
            "graph.html",
            identity=identity,
            drawing=drawing,
            filters=[
                {
                    "name": "customer",
                    "label": "Customer",
                    "value": chosen,
                    "options": [(row.customer.customer_id, row.customer.name) for row in rows],
                }
            ],
        )

    @router.get("/people/{person_id}")
    async def person(request: Request, person_id: str, identity: Member) -> HTMLResponse:
        view = await parts.show.person(identity.organization_id, person_id)
        return pages.render(
            request,
            "person.html",
            identity=identity,
            view=view,
            person=view.contact,
            cards=[card_of(signal) for signal in view.signals],
        )

    return router


def _drawing(graph: Graph) -> dict[str, Any]:
    """Return where the busiest people and teammates stand, and a line for each pair, wider for more."""
    people = [one for one in graph.nodes if one.type == "person" and one.conversations][:_NODES]
    teammates = [one for one in graph.nodes if one.type == "teammate"][:_NODES]
    left = {one.node_id: 44 + index * _STEP for index, one in enumerate(people)}
    right = {one.node_id: 44 + index * _STEP for index, one in enumerate(teammates)}
    talks = [one for one in graph.ties if one.source in left and one.target in right]
    most = max((one.conversations for one in talks), default=1)
    names = {one.node_id: one.name for one in graph.nodes}
    return {
        "customer": graph.nodes[0],
        "height": max(len(people), len(teammates), 1) * _STEP + 48,
        "people": [(one, left[one.node_id]) for one in people],
        "teammates": [(one, right[one.node_id]) for one in teammates],
        "ties": [
            {
                "y1": left[one.source],
                "y2": right[one.target],
                "half": 0.5 + 2 * one.conversations / most,
                "person": names[one.source],
                "person_id": one.source,
                "teammate": names[one.target],
                "conversations": one.conversations,
                "last_at": one.last_at,
                "mood": one.mood,
            }
            for one in talks
        ],
    }
