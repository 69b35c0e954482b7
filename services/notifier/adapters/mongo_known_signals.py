"""What is remembered of signals and of removed connections, in MongoDB."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from pymongo.errors import DuplicateKeyError

from services.notifier.domain.notification import as_detected
from services.notifier.ports import KnownSignal
from shared.contracts.signals import SignalDetected
from shared.documents.collection import ORGANIZATION, Collection, Index, database_errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pymongo.asynchronous.database import AsyncDatabase

    from shared.contracts.signals import SignalEvent


_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_AT_ONCE = 500


class MongoKnownSignals:
    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._signals = Collection(database, "signals")
        self._removals = Collection(database, "removals")

    async def ensure_indexes(self) -> None:
        await self._signals.ensure_indexes(
            Index((("organization_id", 1), ("connection_id", 1)), name="connection"),
            Index((("seen_at", 1),), name="seen"),
        )
        await self._date()

    async def _date(self) -> None:
        """Date memories of an earlier version, which do not say since when they are stored, from now."""
        signals = self._signals.across_organizations()
        with database_errors():
            while undated := await signals.find({"seen_at": None}, {"_id": 1}, limit=_AT_ONCE).to_list():
                ids = [one["_id"] for one in undated]
                await signals.update_many(
                    {"_id": {"$in": ids}, "seen_at": None}, {"$currentDate": {"seen_at": True}}
                )

    async def get(self, organization_id: str, signal_id: str) -> KnownSignal | None:
        document = await self._signals.of(organization_id).find_one({"_id": f"{organization_id}/{signal_id}"})
        if document is None:
            return None
        # Documents of an earlier version do not say what is news, so they are not announced again.
        return KnownSignal(
            document["revision"],
            document["over"],
            document.get("words_until", _BEGINNING),
            document.get("news_since"),
            _ahead(document.get("ahead")),
        )

    async def remember(
        self,
        signal: SignalEvent,
        *,
        over: bool,
        at: datetime,
        is_news: bool = False,
        is_ahead: bool = False,
    ) -> None:
        signals = self._signals.of(signal.organization_id)
        key = {"_id": f"{signal.organization_id}/{signal.signal_id}"}
        news = {"news_since": signal.changed_at} if is_news else {}
        state = {
            "revision": signal.revision,
            "over": over,
            "words_until": signal.occurred_at,
            "connection_id": signal.connection_id,
            "ahead": as_detected(signal).model_dump(mode="json") if is_ahead else None,
        }
        try:
            await signals.update_one(
                {**key, "revision": {"$lt": signal.revision}},
                {"$set": {**state, **news}, "$max": {"seen_at": at}},
                upsert=True,
            )
        except DuplicateKeyError:
            # The upsert collides with the document itself when that has the same or a newer revision.
            if news:
                await signals.update_one(key, {"$set": {**news, "ahead": None}, "$max": {"seen_at": at}})
            elif not is_ahead:
                await signals.update_one({**key, "ahead": {"$ne": None}}, {"$set": {"ahead": None}})

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

    async def unseen_since(self, before: datetime, limit: int) -> list[tuple[str, str]]:
        with database_errors():
            documents = (
                await self._signals.across_organizations()
                .find(
                    {"seen_at": {"$lt": before}},
                    {"_id": 1, ORGANIZATION: 1},
                    sort=[("seen_at", 1)],
                    limit=limit,
                )
                .to_list()
            )
        return [(one[ORGANIZATION], one["_id"].removeprefix(f"{one[ORGANIZATION]}/")) for one in documents]

    async def fade(self, organization_id: str, signal_ids: Sequence[str], *, before: datetime) -> list[str]:
        signals = self._signals.of(organization_id)
        old = _old(organization_id, signal_ids, before)
        await signals.update_many(old, {"$set": {"news_since": None}})
        left = await signals.find(old, projection={"_id": 1})
        return [one["_id"].removeprefix(f"{organization_id}/") for one in left]

    async def expire(self, organization_id: str, signal_ids: Sequence[str], *, before: datetime) -> int:
        result = await self._signals.of(organization_id).delete_many(
            _old(organization_id, signal_ids, before)
        )
        return result.deleted_count

    async def removed_until(self, organization_id: str, connection_id: str) -> datetime | None:
        document = await self._removals.of(organization_id).find_one(
            {"_id": f"{organization_id}/{connection_id}"}
        )
        until: datetime | None = document["until"] if document else None
        return until


def _ahead(stored: object) -> SignalDetected | None:
    """Return a state as another version may have stored it; None where it cannot be read."""
    try:
        return None if stored is None else SignalDetected.model_validate(stored)
    except ValidationError:
        return None


def _old(organization_id: str, signal_ids: Sequence[str], before: datetime) -> dict[str, Any]:
    ids = [f"{organization_id}/{signal_id}" for signal_id in signal_ids]
    return {"_id": {"$in": ids}, "seen_at": {"$lt": before}}
