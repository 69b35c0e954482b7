"""Inboxes in MongoDB: one document a signal, with those who may see it and those who have read it."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from pymongo.errors import DuplicateKeyError

from services.notifier.adapters.mongo_unread import MongoUnread, seen_by, unread_by
from services.notifier.adapters.shapes import InboxShape
from services.notifier.adapters.snapshots import portion, snapshot, stored_signal
from services.notifier.ports import InboxEntry
from shared.documents.collection import Collection, Index
from shared.documents.reading import Reading, uncounted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pymongo.asynchronous.database import AsyncDatabase

    from services.notifier.ports import InboxReader, Place
    from shared.clock import Clock
    from shared.contracts.signals import SignalDetected, SignalEvent

_LOOKED_UP = 1_000
"""Where fewer entries are unread, they are looked up one by one; where more are, an index soon meets some."""


class MongoInbox:
    def __init__(
        self,
        database: AsyncDatabase[dict[str, Any]],
        clock: Clock,
        left_out: Callable[[str], None] = uncounted,
    ) -> None:
        self._collection = Collection(database, "inbox")
        self._reading = Reading("inbox", left_out)
        self._unread = MongoUnread(database, clock)
        self._clock = clock

    async def ensure_indexes(self) -> None:
        await self._collection.ensure_indexes(
            Index((("organization_id", 1), ("added_at", -1), ("_id", -1)), name="newest"),
            Index((("organization_id", 1), ("connection_id", 1)), name="connection"),
        )
        await self._unread.ensure_indexes()

    async def put(self, signal: SignalDetected, audience: str, at: datetime) -> None:
        collection = self._collection.of(signal.organization_id)
        key = {"_id": _key(signal.organization_id, signal.signal_id)}
        audience_too = {"$addToSet": {"audience": audience}, "$set": {"moved_at": self._clock.now()}}
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
            # It moves: its kind or confidence may bring it to readers who did not see it before.
            {"$set": {**_fields(signal), "over": over, "moved_at": self._clock.now()}},
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
        if unread_only and (unread := await self._unread.of(reader, _LOOKED_UP)).whole:
            return await self._looked_up(reader, unread.ids, after, limit, oldest_first=oldest_first)
        query = unread_by(reader) if unread_only else seen_by(reader)
        return await portion(
            self._collection.of(reader.organization_id),
            reader.organization_id,
            query,
            self._reading,
            partial(_entry, reader=reader),
            field="added_at",
            after=after,
            limit=limit,
            oldest_first=oldest_first,
        )

    async def _looked_up(
        self, reader: InboxReader, ids: Sequence[str], after: Place | None, limit: int, *, oldest_first: bool
    ) -> list[InboxEntry]:
        # Ordered here: asked for an order, a server reads an index that has it, and whatever else that holds.
        collection = self._collection.of(reader.organization_id)
        documents = await collection.find({"_id": {"$in": list(ids)}}, projection={"_id": 1, "added_at": 1})
        places = self._reading.each(documents, lambda one: (_moment(one["added_at"]), one["_id"]))
        placed = sorted(places, reverse=not oldest_first)
        if after is not None:
            place = (after.at, _key(reader.organization_id, after.id))
            placed = [one for one in placed if (one > place if oldest_first else one < place)]
        entries: list[InboxEntry] = []
        while placed and len(entries) < limit:
            page, placed = [identity for _, identity in placed[:limit]], placed[limit:]
            whole = {one["_id"]: one for one in await collection.find({"_id": {"$in": page}})}
            there = [whole[identity] for identity in page if identity in whole]
            entries += self._reading.each(there, partial(_entry, reader=reader))
        return entries[:limit]

    async def count(self, reader: InboxReader, *, at_most: int, since: datetime | None = None) -> int:
        query = seen_by(reader) if since is None else {**seen_by(reader), "added_at": {"$gte": since}}
        return await self._collection.of(reader.organization_id).count(query, limit=at_most)

    async def unread(self, reader: InboxReader, *, at_most: int) -> int:
        return min(at_most, len((await self._unread.of(reader, at_most)).ids))

    async def get(self, reader: InboxReader, entry_id: str) -> InboxEntry | None:
        document = await self._collection.of(reader.organization_id).find_one(
            {**seen_by(reader), "_id": _key(reader.organization_id, entry_id)}
        )
        return _entry(document, reader) if document else None

    async def mark_read(
        self, reader: InboxReader, entry_id: str | None, *, until: datetime | None = None
    ) -> int:
        query = unread_by(reader)
        if until is not None:
            query["added_at"] = {"$lte": until}
        if entry_id is not None:
            query["_id"] = _key(reader.organization_id, entry_id)
        elif (unread := await self._unread.of(reader, _LOOKED_UP)).whole:
            query["_id"] = {"$in": list(unread.ids)}
        result = await self._collection.of(reader.organization_id).update_many(
            query, {"$addToSet": {"read_by": reader.user_id}}
        )
        return result.modified_count

    async def remove(self, organization_id: str, connection_id: str) -> int:
        result = await self._collection.of(organization_id).delete_many({"connection_id": connection_id})
        await self._unread.forget(organization_id)
        return result.deleted_count

    async def drop(self, organization_id: str, signal_id: str) -> None:
        await self._collection.of(organization_id).delete_one({"_id": _key(organization_id, signal_id)})

    async def expire(self, organization_id: str, signal_ids: Sequence[str], *, before: datetime) -> None:
        ids = [_key(organization_id, signal_id) for signal_id in signal_ids]
        await self._collection.of(organization_id).delete_many(
            {"_id": {"$in": ids}, "added_at": {"$lt": before}}
        )


def _key(organization_id: str, signal_id: str) -> str:
    return f"{organization_id}/{signal_id}"


def _fields(signal: SignalEvent) -> dict[str, Any]:
    return {**snapshot(signal), "kind": signal.kind, "confidence": signal.confidence}


def _entry(document: Mapping[str, Any], reader: InboxReader) -> InboxEntry:
    InboxShape.model_validate(document)
    return InboxEntry(
        id=document["id"],
        signal=stored_signal(document),
        added_at=document["added_at"],
        over=document["over"],
        read=reader.user_id in document["read_by"],
    )


def _moment(stored: object) -> datetime:
    if not isinstance(stored, datetime):
        raise TypeError("not a moment")
    return stored
