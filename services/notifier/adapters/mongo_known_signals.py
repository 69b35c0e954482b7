"""What is remembered of signals and of removed connections, in MongoDB."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pymongo.errors import DuplicateKeyError

from services.notifier.ports import KnownSignal
from shared.documents.collection import Collection, Index

if TYPE_CHECKING:
    from datetime import datetime

    from pymongo.asynchronous.database import AsyncDatabase

    from shared.contracts.signals import SignalEvent


class MongoKnownSignals:
    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._signals = Collection(database, "signals")
        self._removals = Collection(database, "removals")

    async def ensure_indexes(self) -> None:
        await self._signals.ensure_indexes(
            Index((("organization_id", 1), ("connection_id", 1)), name="connection")
        )

    async def get(self, organization_id: str, signal_id: str) -> KnownSignal | None:
        found = await self._signals.of(organization_id).find_one({"_id": f"{organization_id}/{signal_id}"})
        return KnownSignal(found["revision"], found["over"]) if found else None

    async def remember(self, signal: SignalEvent, *, over: bool) -> None:
        # The upsert collides with the document itself when that has the same or a newer revision.
        with suppress(DuplicateKeyError):
            await self._signals.of(signal.organization_id).update_one(
                {
                    "_id": f"{signal.organization_id}/{signal.signal_id}",
                    "revision": {"$lt": signal.revision},
                },
                {
                    "$set": {
                        "revision": signal.revision,
                        "over": over,
                        "connection_id": signal.connection_id,
                    }
                },
                upsert=True,
            )

    async def forget(self, organization_id: str, connection_id: str, *, until: datetime) -> int:
        with suppress(DuplicateKeyError):
            await self._removals.of(organization_id).update_one(
                {"_id": f"{organization_id}/{connection_id}", "until": {"$lt": until}},
                {"$set": {"until": until}},
                upsert=True,
            )
        result = await self._signals.of(organization_id).delete_many({"connection_id": connection_id})
        return result.deleted_count

    async def drop(self, organization_id: str, signal_id: str) -> None:
        await self._signals.of(organization_id).delete_one({"_id": f"{organization_id}/{signal_id}"})

    async def removed_until(self, organization_id: str, connection_id: str) -> datetime | None:
        found = await self._removals.of(organization_id).find_one(
            {"_id": f"{organization_id}/{connection_id}"}
        )
        until: datetime | None = found["until"] if found else None
        return until
