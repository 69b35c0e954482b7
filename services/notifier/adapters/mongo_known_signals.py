"""What is remembered of signals and of removed connections, in MongoDB."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pymongo.errors import DuplicateKeyError

from services.notifier.ports import KnownSignal
from shared.documents.collection import Collection, Index

if TYPE_CHECKING:
    from pymongo.asynchronous.database import AsyncDatabase

    from shared.contracts.signals import SignalEvent


_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


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
        if found is None:
            return None
        # Documents of an earlier version do not say what is news: nobody hears of those anew.
        return KnownSignal(
            found["revision"], found["over"], found.get("words_until", _BEGINNING), found.get("news_since")
        )

    async def remember(self, signal: SignalEvent, *, over: bool, is_news: bool = False) -> None:
        signals = self._signals.of(signal.organization_id)
        key = {"_id": f"{signal.organization_id}/{signal.signal_id}"}
        news = {"news_since": signal.changed_at} if is_news else {}
        state = {
            "revision": signal.revision,
            "over": over,
            "words_until": signal.occurred_at,
            "connection_id": signal.connection_id,
        }
        try:
            await signals.update_one(
                {**key, "revision": {"$lt": signal.revision}}, {"$set": {**state, **news}}, upsert=True
            )
        except DuplicateKeyError:
            # The upsert collides with the document itself when that has the same or a newer revision.
            if news:
                await signals.update_one(key, {"$set": news})

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
