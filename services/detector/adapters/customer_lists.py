"""The lists of customers, in MongoDB's protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.detector.adapters.customer_documents import WITHOUT_PAST, customer_from, identities
from services.detector.adapters.list_queries import CUSTOMER_SORTS, all_of, customer_query
from services.detector.adapters.listed_collections import ListedCollections
from services.detector.adapters.shapes import CustomerNumbers
from services.detector.lists import ANY, CustomerRow, Portion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.detector.lists import CustomerSort, Narrowing
    from shared.documents.database import Document


class CustomerLists(ListedCollections):
    """Implements what `lists.Lists` says of customers."""

    async def customers(
        self,
        organization_id: str,
        *,
        words: str | None,
        owner: str | None,
        known: bool | None,
        sort: CustomerSort,
        position: dict[str, Any] | None,
        limit: int,
        narrowed: Narrowing = ANY,
    ) -> Portion[CustomerRow]:
        meant = await self._narrower.customers(organization_id, narrowed)
        portion = await self._walked(
            self._customers.of(organization_id),
            customer_query(words, owner, known=known),
            meant,
            field=CUSTOMER_SORTS[sort.removeprefix("-")],
            descending=sort.startswith("-"),
            position=position,
            limit=limit,
            projection=WITHOUT_PAST,
        )
        return Portion(self._reading["customers"].each(portion.items, _customer_row), portion.next)

    async def customers_called(self, organization_id: str, words: Sequence[str]) -> set[str]:
        asked = {word.casefold() for word in words}
        scoped = self._customers.of(organization_id)
        named = await scoped.distinct("name_folded", {"merged_into": None, "name_folded": {"$in": [*asked]}})
        rest = identities(organization_id, asked.difference(named))
        called = await scoped.find({"_id": {"$in": rest}, "merged_into": None}, projection={"customer_id": 1})
        return {*named, *(customer["customer_id"] for customer in called)}

    async def count_customers(
        self,
        organization_id: str,
        *,
        words: str | None,
        owner: str | None,
        known: bool | None,
        narrowed: Narrowing = ANY,
    ) -> int | None:
        meant = await self._narrower.customers(organization_id, narrowed)
        if meant.sieves:
            return None
        query = all_of(customer_query(words, owner, known=known), meant.clauses)
        return await self._customers.of(organization_id).count(query)

    async def customer_owners(self, organization_id: str) -> list[str]:
        owners = await self._customers.of(organization_id).distinct("owner", {"merged_into": None})
        return sorted(one for one in owners if one)


def _customer_row(document: Document) -> CustomerRow:
    CustomerNumbers.model_validate(document)
    return CustomerRow(
        customer_from(document),
        document.get("open_signals", 0),
        document.get("last_signal_at"),
        document.get("health"),
    )
