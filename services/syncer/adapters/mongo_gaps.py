"""The ledger's gaps, one document each, in MongoDB's protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.syncer.domain.gap import gap_name
from shared.contracts.sync import Gap
from shared.documents.collection import Collection, Index

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pymongo.asynchronous.database import AsyncDatabase

    from services.syncer.domain.connection import ConnectionKey
    from shared.contracts.sync import GapAspect, ResourceType


class MongoGaps:
    """Implements `ports.Gaps`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._collection = Collection(database, "gaps")

    async def ensure_indexes(self) -> None:
        await self._collection.ensure_indexes(
            Index((("organization_id", 1), ("connection_id", 1), ("resource", 1), ("reason", 1)))
        )

    async def open(self, key: ConnectionKey, gap: Gap) -> None:
        await self._collection.of(key.organization_id).update_one(
            {"_id": key.document_id(gap_name(gap.resource, gap.id, gap.reason, gap.aspect))},
            {
                "$set": {"missing": gap.missing},
                "$setOnInsert": {
                    "connection_id": key.connection_id,
                    "resource": gap.resource,
                    "id": gap.id,
                    "reason": gap.reason,
                    "aspect": gap.aspect,
                    "since": gap.since,
                },
            },
            upsert=True,
        )

    async def close(
        self,
        key: ConnectionKey,
        resource: ResourceType,
        id_: str | None,
        reasons: Sequence[str],
        *,
        aspect: GapAspect | None = None,
    ) -> None:
        names = [key.document_id(gap_name(resource, id_, reason, aspect)) for reason in reasons]
        await self._collection.of(key.organization_id).delete_many({"_id": {"$in": names}})

    async def close_all(
        self, key: ConnectionKey, resource: ResourceType, reason: str, *, known_before: datetime
    ) -> None:
        await self._collection.of(key.organization_id).delete_many(
            {
                "connection_id": key.connection_id,
                "resource": resource,
                "reason": reason,
                "since": {"$lt": known_before},
            }
        )

    async def listed(
        self,
        key: ConnectionKey,
        *,
        limit: int,
        resource: ResourceType | None = None,
        reason: str | None = None,
        after: str = "",
    ) -> list[Gap]:
        wanted: dict[str, Any] = {"connection_id": key.connection_id}
        if resource is not None:
            wanted["resource"] = resource
        if reason is not None:
            wanted["reason"] = reason
        if after:
            wanted["id"] = {"$gt": after}
        documents = await self._collection.of(key.organization_id).find(
            wanted, sort=[("_id", 1)], limit=limit
        )
        return [_gap(document) for document in documents]

    async def whole(self, key: ConnectionKey) -> list[Gap]:
        documents = await self._collection.of(key.organization_id).find(
            {"connection_id": key.connection_id, "id": None}, sort=[("_id", 1)]
        )
        return [_gap(document) for document in documents]

    async def count(self, key: ConnectionKey) -> int:
        return await self._collection.of(key.organization_id).count({"connection_id": key.connection_id})

    async def forget(self, key: ConnectionKey) -> int:
        deleted = await self._collection.of(key.organization_id).delete_many(
            {"connection_id": key.connection_id}
        )
        return deleted.deleted_count


def _gap(document: dict[str, Any]) -> Gap:
    return Gap(
        resource=document["resource"],
        id=document["id"],
        reason=document["reason"],
        # Documents of an earlier version know no aspect.
        aspect=document.get("aspect"),
        missing=document["missing"],
        since=document["since"],
    )
