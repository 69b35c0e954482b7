"""The lists of people, in MongoDB's protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.detector.adapters.list_queries import PERSON_SORTS, all_of, people_query
from services.detector.adapters.listed_collections import ListedCollections
from services.detector.adapters.shapes import ContactShape
from services.detector.lists import ANY, PersonRow, Portion
from shared.contracts.resources import ContactChanged

if TYPE_CHECKING:
    from services.detector.lists import Narrowing, PersonSort
    from shared.documents.database import Document


class PeopleLists(ListedCollections):
    """Implements what `lists.Lists` says of people."""

    async def people(
        self,
        organization_id: str,
        *,
        words: str | None,
        sort: PersonSort,
        position: dict[str, Any] | None,
        limit: int,
        narrowed: Narrowing = ANY,
    ) -> Portion[PersonRow]:
        field, descending = PERSON_SORTS[sort.removeprefix("-")], sort.startswith("-")
        portion = await self._walked(
            self._contacts.of(organization_id),
            people_query(words, field),
            await self._narrower.people(organization_id, narrowed),
            field=field,
            descending=descending,
            position=position,
            limit=limit,
        )
        return Portion(self._reading["contacts"].each(portion.items, _person_row), portion.next)

    async def person(self, organization_id: str, key: str) -> PersonRow | None:
        document = await self._contacts.of(organization_id).find_one({"key": key})
        return _person_row(document) if document else None

    async def count_people(
        self, organization_id: str, *, words: str | None, narrowed: Narrowing = ANY
    ) -> int | None:
        meant = await self._narrower.people(organization_id, narrowed)
        if meant.sieves:
            return None
        return await self._contacts.of(organization_id).count(all_of(people_query(words), meant.clauses))


def _person_row(document: Document) -> PersonRow:
    # Who came back from a grave is counted within seconds.
    conversations = ContactShape.model_validate(document).conversations
    return PersonRow(ContactChanged.model_validate(document["data"]), conversations)
