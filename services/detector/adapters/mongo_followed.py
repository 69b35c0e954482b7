"""Companies that are to be followed, in MongoDB's protocol: a mark on the company's own document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.detector.adapters.mirror_documents import FOLLOW_FROM, READ_TO
from shared.contracts.resources import record_key
from shared.documents.collection import Collection, Index, database_errors

if TYPE_CHECKING:
    from collections.abc import Collection as Keys
    from collections.abc import Mapping
    from datetime import datetime

    from pymongo.asynchronous.database import AsyncDatabase

    from services.detector.domain.mirror import MirroredCompany
    from shared.documents.database import Document

_OLDEST_FIRST = ((FOLLOW_FROM, 1),)
_LIVING: Mapping[str, Any] = {"key": {"$gt": ""}}
"""A grave has no key."""


class MongoFollowed:
    """See `ports.Followed`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._companies = Collection(database, "companies")

    async def prepare(self) -> None:
        """Make the indexes that are missing."""
        await self._companies.ensure_indexes(Index(keys=_OLDEST_FIRST, sparse=True))

    async def mark(self, organization_id: str, company_keys: Keys[str], at: datetime) -> None:
        await self._companies.of(organization_id).update_many(
            {"_id": {"$in": [_identity(organization_id, key) for key in sorted(company_keys)]}, **_LIVING},
            {"$set": {FOLLOW_FROM: at}},
        )

    async def leave(self, organization_id: str, company: MirroredCompany, read_to: str, at: datetime) -> None:
        await self._companies.of(organization_id).update_one(
            {
                "_id": _identity(organization_id, company.key),
                "customer_id": company.customer_id,
                "observed_at": company.record.observed_at,
            },
            {"$set": {FOLLOW_FROM: at, READ_TO: read_to}},
        )

    async def organizations(self, now: datetime) -> list[str]:
        with database_errors():
            found = await self._companies.across_organizations().distinct(
                "organization_id", {FOLLOW_FROM: {"$lte": now}}
            )
        return sorted(found)

    async def waiting(self, organization_id: str, now: datetime, limit: int) -> list[str]:
        found = await self._companies.of(organization_id).find(
            {FOLLOW_FROM: {"$lte": now}},
            projection={"_id": 0, "key": 1},
            sort=list(_OLDEST_FIRST),
            limit=limit,
        )
        return [document["key"] for document in found]

    async def count(self, organization_id: str, now: datetime) -> int:
        return await self._companies.of(organization_id).count({FOLLOW_FROM: {"$lte": now}})


def _identity(organization_id: str, key: str) -> str:
    workspace_id, _, company_id = key.partition(":")
    return record_key(organization_id, workspace_id, "company", company_id)
