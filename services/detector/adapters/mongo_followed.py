"""Companies and contacts to be followed, in MongoDB's protocol: a mark on their own documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from services.detector.adapters.mirror_documents import BURIED_KEY, FOLLOW_FROM, READ_TO
from services.detector.adapters.mongo_mirror_collections import identity_by_key
from shared.documents.collection import Collection, Index, database_errors

if TYPE_CHECKING:
    from collections.abc import Collection as Keys
    from collections.abc import Mapping
    from datetime import datetime

    from pymongo.asynchronous.database import AsyncDatabase

    from services.detector.domain.mirror import ToFollow
    from shared.documents.database import Document

_COLLECTIONS = {"company": "companies", "contact": "contacts"}
_OLDEST_FIRST = ((FOLLOW_FROM, 1),)
_LIVING: Mapping[str, Any] = {"key": {"$gt": ""}}
"""A grave has no key."""


class MongoFollowed:
    """See `ports.Followed`."""

    def __init__(self, database: AsyncDatabase[Document], resource: Literal["company", "contact"]) -> None:
        self._resource = resource
        self._collection = Collection(database, _COLLECTIONS[resource])

    async def prepare(self) -> None:
        """Make the indexes that are missing."""
        await self._collection.ensure_indexes(Index(keys=_OLDEST_FIRST, sparse=True))

    async def mark(self, organization_id: str, keys: Keys[str], at: datetime) -> None:
        ids = [identity_by_key(organization_id, self._resource, key) for key in sorted(keys)]
        await self._collection.of(organization_id).update_many(
            {"_id": {"$in": ids}, "$or": [dict(_LIVING), {FOLLOW_FROM: {"$exists": True}}]},
            {"$set": {FOLLOW_FROM: at}},
        )

    async def leave(self, organization_id: str, left: ToFollow, read_to: str, at: datetime) -> None:
        await self._collection.of(organization_id).update_one(
            {
                "_id": identity_by_key(organization_id, self._resource, left.key),
                "customer_id": left.customer_id,
                "observed_at": left.observed_at,
                FOLLOW_FROM: left.follow_from,
            },
            {"$set": {FOLLOW_FROM: at, READ_TO: read_to}},
        )

    async def organizations(self, now: datetime) -> list[str]:
        with database_errors():
            ids = await self._collection.across_organizations().distinct(
                "organization_id", {FOLLOW_FROM: {"$lte": now}}
            )
        return sorted(ids)

    async def waiting(self, organization_id: str, now: datetime, limit: int) -> list[str]:
        documents = await self._collection.of(organization_id).find(
            {FOLLOW_FROM: {"$lte": now}},
            projection={"_id": 0, "key": 1, BURIED_KEY: 1},
            sort=list(_OLDEST_FIRST),
            limit=limit,
        )
        return [document.get("key") or document[BURIED_KEY] for document in documents]

    async def count(self, organization_id: str, now: datetime) -> int:
        return await self._collection.of(organization_id).count({FOLLOW_FROM: {"$lte": now}})
