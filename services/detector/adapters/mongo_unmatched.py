"""Customers to be matched, in MongoDB's protocol: a mark on the customer's own document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo import UpdateOne

from services.detector.adapters.customer_documents import (
    DOMAINS_NAMED,
    MATCH_FROM,
    MATCHES_ASKED,
    WITHOUT_PAST,
    customer_from,
    identities,
)
from services.detector.ports import ToMatch
from shared.documents.collection import Collection, Index, database_errors

if TYPE_CHECKING:
    from collections.abc import Collection as Keys
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pymongo.asynchronous.database import AsyncDatabase

    from shared.documents.database import Document

_OLDEST_FIRST = ((MATCH_FROM, 1),)
_MARKED: Mapping[str, Any] = {MATCH_FROM: {"$exists": True}}


class MongoUnmatched:
    """See `ports.Unmatched`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._customers = Collection(database, "customers")

    async def prepare(self) -> None:
        """Make the indexes that are missing."""
        await self._customers.ensure_indexes(Index(keys=_OLDEST_FIRST, sparse=True))

    async def by_ids(self, organization_id: str, customer_ids: Keys[str]) -> list[ToMatch]:
        return await self._find(organization_id, {"_id": {"$in": identities(organization_id, customer_ids)}})

    async def organizations(self, now: datetime) -> list[str]:
        with database_errors():
            ids = await self._customers.across_organizations().distinct(
                "organization_id", {MATCH_FROM: {"$lte": now}}
            )
        return sorted(ids)

    async def waiting(self, organization_id: str, now: datetime, limit: int) -> list[ToMatch]:
        return await self._find(organization_id, {MATCH_FROM: {"$lte": now}}, limit)

    async def _find(self, organization_id: str, query: Mapping[str, Any], limit: int = 0) -> list[ToMatch]:
        documents = await self._customers.of(organization_id).find(
            {**_MARKED, **query}, projection=WITHOUT_PAST, sort=list(_OLDEST_FIRST), limit=limit
        )
        return [
            ToMatch(customer_from(one), frozenset(one.get(DOMAINS_NAMED, ())), one[MATCHES_ASKED])
            for one in documents
        ]

    async def count(self, organization_id: str) -> int:
        return await self._customers.of(organization_id).count(_MARKED)

    async def done(self, organization_id: str, matched: Sequence[ToMatch]) -> None:
        await self._customers.of(organization_id).bulk_write(
            [
                UpdateOne(
                    {
                        "_id": f"{organization_id}/{to_match.customer.customer_id}",
                        MATCHES_ASKED: to_match.times,
                    },
                    {"$unset": {MATCH_FROM: "", DOMAINS_NAMED: ""}},
                )
                for to_match in matched
            ]
        )

    async def put_off(self, organization_id: str, customer_ids: Keys[str], until: datetime) -> None:
        await self._customers.of(organization_id).update_many(
            {"_id": {"$in": identities(organization_id, customer_ids)}, **_MARKED},
            {"$set": {MATCH_FROM: until}},
        )
