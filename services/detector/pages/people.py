"""People: who is tied to whom?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse

from services.detector.api.answers import AnsweringRoute
from services.detector.domain.identity import resource_key
from services.detector.domain.spoken import contact_keys
from services.detector.pages.cards import card_of
from shared.auth.dependencies import Member
from shared.http.paging import CursorText, decode_cursor, encode_cursor

if TYPE_CHECKING:
    from services.detector.lists import Lists
    from services.detector.ports import Mirror
    from services.detector.use_cases.show import CustomerView, Show
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
    show: Show
    mirror: Mirror
    clock: Clock


def people_pages(parts: PeopleParts) -> APIRouter:
    """Return the routes of /people."""
    router = APIRouter(include_in_schema=False, route_class=AnsweringRoute)
    pages, lists = parts.pages, parts.lists

    @router.get("/people")
    async def people(
        request: Request, identity: Member, q: Word = "", cursor: CursorText = None
    ) -> HTMLResponse:
        organization = identity.organization_id
        found = await lists.people(organization, words=q, position=decode_cursor(cursor), limit=ROWS)
        return pages.render(
            request,
            "people.html",
            identity=identity,
            rows=[(resource_key(one.workspace_id, one.id), one) for one in found.items],
            count=await lists.count_people(organization, words=q),
            next_cursor=encode_cursor(found.next) if found.next else None,
            filters=[{"name": "q", "label": "Name or e-mail", "value": q, "type": "search"}],
            filtered=bool(q),
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
            view = await parts.show.customer(
                organization, chosen, parts.clock.now() - timedelta(days=_GRAPH_DAYS)
            )
            drawing = await _drawing(parts, organization, view)
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


async def _drawing(parts: PeopleParts, organization_id: str, view: CustomerView) -> dict[str, Any]:
    """Return who of a customer talks to which teammates: a line for each pair, wider for more."""
    workspaces = {one.record.workspace_id for one in view.conversations}
    admins = {
        resource_key(one.workspace_id, one.id): one.name
        for one in await parts.mirror.admins(organization_id, workspaces)
    }
    ties: Counter[tuple[str, str]] = Counter()
    talks: Counter[str] = Counter()
    for one in view.conversations:
        record = one.record
        teammates = {*record.teammate_ids, *filter(None, (record.admin_assignee_id,))}
        for person in contact_keys(record):
            talks[person] += 1
            for teammate in teammates:
                ties[person, resource_key(record.workspace_id, teammate)] += 1
    busiest = [person for person, _ in talks.most_common(_NODES)]
    contacts = await parts.mirror.contacts(organization_id, busiest)
    people = [key for key in busiest if key in contacts]
    answered: Counter[str] = Counter()
    for (person, teammate), count in ties.items():
        if person in people and teammate in admins:
            answered[teammate] += count
    teammates_shown = [teammate for teammate, _ in answered.most_common(_NODES)]
    height = max(len(people), len(teammates_shown), 1) * _STEP + 48
    left = {key: 44 + index * _STEP for index, key in enumerate(people)}
    right = {key: 44 + index * _STEP for index, key in enumerate(teammates_shown)}
    most = max(ties.values(), default=1)
    return {
        "customer": view.row.customer,
        "height": height,
        "people": [
            {
                "key": key,
                "name": contacts[key].name or contacts[key].email or "Somebody",
                "y": y,
                "talks": talks[key],
            }
            for key, y in left.items()
        ],
        "teammates": [{"name": admins[key], "y": y, "talks": answered[key]} for key, y in right.items()],
        "ties": [
            {"y1": left[person], "y2": right[teammate], "half": 0.5 + 2 * count / most, "count": count}
            for (person, teammate), count in sorted(ties.items())
            if person in left and teammate in right
        ],
    }
