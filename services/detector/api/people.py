"""People for machines: the list and one person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query

from services.detector.api.conversation_models import PersonOut
from services.detector.api.narrowing import Narrowed, Words
from services.detector.api.route import DetectorRoute
from services.detector.domain.identity import resource_key
from services.detector.domain.spoken import last_contact_of
from services.detector.lists import PersonRow, PersonSort
from shared.auth.dependencies import Member
from shared.http.paging import CursorText, Page, PageSize, decode_cursor, encode_cursor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.detector.domain.customer import Customer
    from services.detector.lists import Lists
    from services.detector.use_cases.show import Show


def people_routes(*, lists: Lists, show: Show) -> APIRouter:
    """Return the routes under /api/v1/people."""
    router = APIRouter(prefix="/api/v1/people", tags=["people"], route_class=DetectorRoute)

    @router.get("")
    async def list_people(
        identity: Member,
        narrowed: Narrowed,
        q: Words = None,
        sort: Annotated[
            PersonSort,
            Query(
                description="What comes first: `last` the longest without contact, `conversations` the "
                "fewest; with a minus, the latest and the most. Who was never in contact is last either way."
            ),
        ] = "id",
        limit: PageSize = 50,
        cursor: CursorText = None,
    ) -> Page[PersonOut]:
        """List the people of all customers, each with the customers they belong to."""
        portion = await lists.people(
            identity.organization_id,
            words=q,
            sort=sort,
            position=decode_cursor(cursor),
            limit=limit,
            narrowed=narrowed,
        )
        people = [row.contact for row in portion.items]
        customers = await show.customers_of(identity.organization_id, people)
        return Page(
            items=[_person(row, customers) for row in portion.items],
            next_cursor=encode_cursor(portion.next) if portion.next else None,
            count=await lists.count_people(identity.organization_id, words=q, narrowed=narrowed),
        )

    @router.get("/{person_id}")
    async def get_person(person_id: str, identity: Member) -> PersonOut:
        """Return one person with the customers they belong to."""
        view = await show.person(identity.organization_id, person_id)
        row = await lists.person(identity.organization_id, person_id)
        person = _person(row or PersonRow(view.contact, 0), {person_id: view.customers})
        mood = view.mood
        felt = {"mood": round(mood.mean, 4) if mood else None, "mood_messages": mood.messages if mood else 0}
        return person.model_copy(update=felt)

    return router


def _person(row: PersonRow, customers: Mapping[str, list[Customer]]) -> PersonOut:
    contact = row.contact
    key = resource_key(contact.workspace_id, contact.id)
    return PersonOut(
        id=key,
        name=contact.name,
        email=contact.email,
        role=contact.role,
        external_id=contact.external_id,
        last_seen_at=contact.last_seen_at,
        last_contact_at=last_contact_of(contact),
        conversations=row.conversations,
        customer_ids=[customer.customer_id for customer in customers[key]],
    )
