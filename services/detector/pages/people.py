"""People: who they are, whose, and when they were last in touch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, StreamingResponse

from services.detector.api.route import DetectorRoute
from services.detector.domain.identity import resource_key
from services.detector.domain.spoken import last_contact_of
from services.detector.lists import Portion
from services.detector.pages.cards import card_of
from services.detector.pages.export import PERSON_HEADING, in_portions, person_row
from services.detector.pages.filters import (
    OFFERED,
    Word,
    choice,
    narrowed_by,
    owner_choice,
    tag_choice,
)
from services.detector.use_cases.offer_addresses import offered_addresses
from shared.auth.dependencies import Member
from shared.http.paging import CursorText, decode_cursor, encode_cursor
from shared.web.csv_files import csv_response

if TYPE_CHECKING:
    from services.detector.adapters.mongo_old_people import MongoOldPeople
    from services.detector.domain.customer import Customer
    from services.detector.lists import Lists, PersonRow, PersonSort, Topics
    from services.detector.ports import Connections, Mirror
    from services.detector.use_cases.show import Show
    from shared.clock import Clock
    from shared.web.pages import Pages

ROWS = 50


@dataclass(frozen=True)
class PeopleParts:
    """What the people pages stand on."""

    pages: Pages
    lists: Lists
    topics: Topics
    show: Show
    old_people: MongoOldPeople
    mirror: Mirror
    connections: Connections
    clock: Clock


def person_sort(wanted: str) -> PersonSort:
    """Return a known order; anything else means the latest contact first."""
    orders: tuple[PersonSort, ...] = ("last", "-conversations", "conversations", "id")
    return next((order for order in orders if order == wanted), "-last")


def people_pages(parts: PeopleParts) -> APIRouter:
    """Return the routes of /people and of one person."""
    router = APIRouter(include_in_schema=False, route_class=DetectorRoute)
    pages, lists = parts.pages, parts.lists

    @router.get("/people")
    async def people(
        request: Request,
        identity: Member,
        q: Word = "",
        customer: Word = "",
        tag: Word = "",
        owner: Word = "",
        sort: Word = "",
        cursor: CursorText = None,
    ) -> HTMLResponse:
        organization = identity.organization_id
        narrowed = narrowed_by(now=parts.clock.now(), tag=tag, customer=customer, owner=owner)
        order = person_sort(sort)
        portion = await lists.people(
            organization, words=q, sort=order, position=decode_cursor(cursor), limit=ROWS, narrowed=narrowed
        )
        customers = (await lists.signal_choices(organization)).customers
        whose = await parts.show.customers_of(organization, [row.contact for row in portion.items])
        return pages.render(
            request,
            "people.html",
            identity=identity,
            rows=[
                (resource_key(row.contact.workspace_id, row.contact.id), row, last_contact_of(row.contact))
                for row in portion.items
            ],
            whose=whose,
            connected=any(view.state != "removed" for view in await parts.connections.all_of(organization)),
            sort=order,
            count=await lists.count_people(organization, words=q, narrowed=narrowed),
            unplaced=await parts.old_people.left(organization),
            next_cursor=encode_cursor(portion.next) if portion.next else None,
            filters=[
                {"name": "q", "label": "Name or e-mail", "value": q, "type": "search"},
                choice("customer", "Customer", customer, customers),
                tag_choice(tag, await parts.topics.names(organization, OFFERED)),
                owner_choice(owner, await lists.customer_owners(organization), identity.email),
            ],
            filtered=bool(q or customer or tag or owner),
            csv_url=f"/people/export.csv?{request.url.query}",
        )

    @router.get("/people/teammates")
    async def teammates(request: Request, identity: Member) -> HTMLResponse:
        """Return what a form of any page offers where it asks for a colleague's address."""
        offered = await offered_addresses(
            identity.organization_id, mirror=parts.mirror, connections=parts.connections, lists=lists
        )
        return pages.render(request, "addresses.html", identity=identity, addresses=offered)

    @router.get("/people/export.csv")
    async def export(
        identity: Member,
        q: Word = "",
        customer: Word = "",
        tag: Word = "",
        owner: Word = "",
        sort: Word = "",
    ) -> StreamingResponse:
        organization, order = identity.organization_id, person_sort(sort)
        narrowed = narrowed_by(now=parts.clock.now(), tag=tag, customer=customer, owner=owner)

        async def ask(
            *, position: dict[str, Any] | None, limit: int
        ) -> Portion[tuple[PersonRow, list[Customer]]]:
            found = await lists.people(
                organization, words=q, sort=order, position=position, limit=limit, narrowed=narrowed
            )
            whose = await parts.show.customers_of(organization, [row.contact for row in found.items])
            return Portion(
                [(row, whose[resource_key(row.contact.workspace_id, row.contact.id)]) for row in found.items],
                found.next,
            )

        return csv_response("people.csv", PERSON_HEADING, in_portions(ask, person_row))

    @router.get("/people/{person_id}")
    async def person(request: Request, person_id: str, identity: Member) -> HTMLResponse:
        view = await parts.show.person(identity.organization_id, person_id)
        return pages.render(
            request,
            "person.html",
            identity=identity,
            view=view,
            person=view.contact,
            key=person_id,
            cards=[card_of(signal) for signal in view.signals],
        )

    return router
