"""Inboxes in MongoDB: one document a signal, with those who may see it and those who have read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo.errors import DuplicateKeyError

from services.notifier.adapters.snapshots import place_filter, snapshot, stored_signal, time_order
from services.notifier.domain.rule import EVERYONE
from services.notifier.ports import InboxEntry
from shared.documents.collection import Collection, Index

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pymongo.asynchronous.database import AsyncDatabase

    from services.notifier.ports import InboxReader, Place
    from shared.contracts.signals import SignalDetected, SignalEvent


class MongoInbox:
    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._collection = Collection(database, "inbox")

    async def ensure_indexes(self) -> None:
        await self._collection.ensure_indexes(
            Index((("organization_id", 1), ("added_at", -1), ("_id", -1)), name="newest"),
            Index((("organization_id", 1), ("connection_id", 1)), name="connection"),
        )

    async def put(self, signal: SignalDetected, audience: str, at: datetime) -> None:
        collection = self._collection.of(signal.organization_id)
        key = {"_id": _key(signal.organization_id, signal.signal_id)}
        audience_too = {"$addToSet": {"audience": audience}}
        fresh = {
            **_fields(signal),
            "id": signal.signal_id,
            "connection_id": signal.connection_id,
            "added_at": at,
            "over": None,
            "read_by": [],
        }
        try:
            await collection.update_one(key, {"$setOnInsert": fresh, **audience_too}, upsert=True)
        except DuplicateKeyError:
            # Two audiences made the entry at the same moment; now that it is there, joining it is enough.
            await collection.update_one(key, audience_too)

    async def refresh(self, signal: SignalEvent, *, over: str | None) -> None:
        await self._collection.of(signal.organization_id).update_one(
            {"_id": _key(signal.organization_id, signal.signal_id), "revision": {"$lt": signal.revision}},
            {"$set": {**_fields(signal), "over": over}},
        )

    async def page(
        self,
        reader: InboxReader,
        *,
        unread_only: bool,
        after: Place | None,
        limit: int,
        oldest_first: bool = False,
    ) -> list[InboxEntry]:
        query = _seen_by(reader)
        if unread_only:
            query["read_by"] = {"$ne": reader.user_id}
        found = await self._collection.of(reader.organization_id).find(
            {**query, **place_filter("added_at", after, reader.organization_id, oldest_first=oldest_first)},
            sort=time_order("added_at", oldest_first=oldest_first),
            limit=limit,
        )
        return [_entry(document, reader) for document in found]

    async def count(self, reader: InboxReader) -> int:
        return await self._collection.of(reader.organization_id).count(_seen_by(reader))

    async def unread(self, reader: InboxReader, *, at_most: int | None = None) -> int:
        return await self._collection.of(reader.organization_id).count(
            {**_seen_by(reader), "read_by": {"$ne": reader.user_id}}, limit=at_most
        )

    async def get(self, reader: InboxReader, entry_id: str) -> InboxEntry | None:
        found = await self._collection.of(reader.organization_id).find_one(
            {**_seen_by(reader), "_id": _key(reader.organization_id, entry_id)}
        )
        return _entry(found, reader) if found else None

    async def mark_read(self, reader: InboxReader, entry_id: str | None) -> int:
        query: dict[str, Any] = {**_seen_by(reader), "read_by": {"$ne": reader.user_id}}
        if entry_id is not None:
            query["_id"] = _key(reader.organization_id, entry_id)
        result = await self._collection.of(reader.organization_id).update_many(
            query, {"$addToSet": {"read_by": reader.user_id}}
        )
        return result.modified_count

    async def remove(self, organization_id: str, connection_id: str) -> int:
        result = await self._collection.of(organization_id).delete_many({"connection_id": connection_id})
        return result.deleted_count

    async def drop(self, organization_id: str, signal_id: str) -> None:
        await self._collection.of(organization_id).delete_one({"_id": _key(organization_id, signal_id)})


def _key(organization_id: str, signal_id: str) -> str:
    return f"{organization_id}/{signal_id}"


def _fields(signal: SignalEvent) -> dict[str, Any]:
    return {**snapshot(signal), "kind": signal.kind, "confidence": signal.confidence}


def _seen_by(reader: InboxReader) -> dict[str, Any]:
    query: dict[str, Any] = {
        "audience": {"$in": sorted({EVERYONE, reader.email, reader.user_id} - {""})},
        "confidence": {"$gte": reader.minimum_confidence},
    }
    if reader.kinds:
        query["kind"] = {"$in": list(reader.kinds)}
    return query


def _entry(document: Mapping[str, Any], reader: InboxReader) -> InboxEntry:
    return InboxEntry(
        id=document["id"],
        signal=stored_signal(document),
        added_at=document["added_at"],
        over=document["over"],
        read=reader.user_id in document["read_by"],
    )
