"""The lists of companies and of their people, in MongoDB's protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.detector.adapters.list_queries import company_query
from services.detector.adapters.listed_collections import ListedCollections
from services.detector.adapters.mirror_documents import company_from
from services.detector.adapters.paging import portion_of
from services.detector.lists import Portion
from shared.contracts.resources import ContactChanged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.detector.domain.matching import MatchBasis
    from services.detector.domain.mirror import MirroredCompany
    from shared.documents.database import Document

_ATTRIBUTES = 200
"""Names of attributes that are offered; others are seldom wanted."""

_SAMPLED = 300
"""Companies whose attributes are read for their names; rare ones may be missed."""
_EXAMPLE = 60


class CompanyLists(ListedCollections):
    """Implements what `lists.Lists` says of companies."""

    async def companies(
        self,
        organization_id: str,
        *,
        words: str | None,
        matched_by: MatchBasis | None,
        position: dict[str, Any] | None,
        limit: int,
    ) -> Portion[MirroredCompany]:
        portion = await portion_of(
            self._companies.of(organization_id),
            company_query(words, matched_by),
            field="name_normalised",
            descending=False,
            position=position,
            limit=limit,
        )
        return Portion(self._reading["companies"].each(portion.items, company_from), portion.next)

    async def count_companies(
        self, organization_id: str, *, words: str | None, matched_by: MatchBasis | None
    ) -> int:
        return await self._companies.of(organization_id).count(company_query(words, matched_by))

    async def count_people_of(self, organization_id: str, company_key: str) -> int:
        return await self._contacts.of(organization_id).count({"company_keys": company_key})

    async def people_of(
        self, organization_id: str, company_keys: Sequence[str], limit: int
    ) -> list[ContactChanged]:
        if not company_keys:
            return []
        documents = await self._contacts.of(organization_id).find(
            {"company_keys": {"$in": list(company_keys)}}, sort=[("_id", 1)], limit=limit
        )
        return self._reading["contacts"].each(documents, contact_from)

    async def company_attributes(self, organization_id: str, connection_id: str) -> dict[str, str]:
        documents = await self._companies.of(organization_id).find(
            {"connection_id": connection_id}, projection={"data.custom_attributes": 1}, limit=_SAMPLED
        )
        examples: dict[str, str] = {}
        for named in self._reading["companies"].each(documents, _attributes):
            for name, value in named:
                if value is not None and len(examples) < _ATTRIBUTES:
                    examples.setdefault(name, str(value)[:_EXAMPLE])
        return dict(sorted(examples.items()))

    async def undecided(
        self, organization_id: str, *, position: dict[str, Any] | None, limit: int
    ) -> Portion[MirroredCompany]:
        portion = await portion_of(
            self._companies.of(organization_id),
            {"undecided": True},
            field="key",
            descending=False,
            position=position,
            limit=limit,
        )
        return Portion(self._reading["companies"].each(portion.items, company_from), portion.next)


def contact_from(document: Document) -> ContactChanged:
    return ContactChanged.model_validate(document["data"])


def _attributes(document: Document) -> list[tuple[str, object]]:
    return list(document["data"]["custom_attributes"].items())
