"""Runs, one document per connection and lane, in MongoDB's protocol.

One field, `wake_at`, says when a run may be claimed. Claiming moves it to the end of the lease, so a run
whose owner died is simply due again. `fence` grows with each claim and is part of each of its owner's writes:
whoever lost a run cannot write to it any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from services.syncer.adapters.run_documents import (
    ACTIVE,
    IDLE,
    INTERRUPTED,
    STOPPED,
    claimed_run,
    fresh_counters,
    hint_documents,
    intent_documents,
    intents_of,
    new_document,
    progress_of,
)
from services.syncer.domain.run import LONGEST_WAIT, strongest
from shared.documents.collection import Collection, Index, database_errors
from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pymongo.asynchronous.database import AsyncDatabase

    from services.syncer.domain.connection import ConnectionKey
    from services.syncer.domain.run import Hint, Intent, Lane, Run
    from shared.contracts.sync import SyncReason
    from shared.documents.collection import ScopedCollection

_TRIES = 3
"""Attempts to store a request while the run changes state."""

_REQUESTS_KEPT = 50
"""Requests remembered, so that one that the bus delivers twice starts nothing twice."""

MOST_HINTS = 5_000
"""Hints waiting at once; beyond that, a run that searches finds them all with fewer calls."""

_OF_NOBODY: dict[str, Any] = {"$inc": {"fence": 1}}
"""Fields that let a run begin although somebody may still be working on it, since it was stopped a moment
ago."""

_LANES: tuple[Lane, ...] = ("main", "hints")


class MongoRuns:
    """Implements `ports.Runs`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._collection = Collection(database, "runs")

    async def ensure_indexes(self) -> None:
        await self._collection.ensure_indexes(
            Index((("lane", 1), ("state", 1), ("wake_at", 1))),
            Index((("organization_id", 1), ("connection_id", 1))),
        )

    async def request(
        self,
        key: ConnectionKey,
        *,
        request_id: str,
        reason: SyncReason,
        now: datetime,
        traceparent: str | None = None,
    ) -> None:
        scoped = self._collection.of(key.organization_id)
        this = {"_id": key.document_id("main")}
        remember = {"requests": {"$each": [request_id], "$slice": -_REQUESTS_KEPT}}
        start = {"state": ACTIVE, "wake_at": now, **fresh_counters(request_id, reason, now, traceparent)}
        for _ in range(_TRIES):
            if await self._known(scoped, {**this, "requests": request_id}):
                return
            anew = {"planned": False, "steps": [], "counts": {}}
            over = [IDLE, STOPPED, *([INTERRUPTED] if reason == "reconcile" else [])]
            if await _matched(
                scoped,
                {**this, "state": {"$in": over}},
                {"$set": {**start, **anew}, "$push": remember, **_OF_NOBODY},
            ):
                return
            # An interrupted run goes on where it stopped, under a new name, because its end was told already.
            # A reconcile stays one, since what it was to read again is asked for by no other.
            for stays in ({"reason": "reconcile"}, {}):
                if await _matched(
                    scoped,
                    {**this, "state": INTERRUPTED, **stays},
                    {"$set": {**start, **stays}, "$push": remember, **_OF_NOBODY},
                ):
                    return
            joined = {"$addToSet": {"again": reason}, "$inc": {"asked": 1}, "$push": remember}
            if await _matched(scoped, {**this, "state": ACTIVE}, joined):
                return
            try:
                await scoped.insert_one(
                    {
                        **new_document(key, "main", now),
                        **start,
                        "requests": [request_id],
                    }
                )
            except DuplicateKeyError:
                continue
            return
        raise TransientError("The run kept changing while a request was to be noted.")

    async def hint(
        self,
        key: ConnectionKey,
        hints: Sequence[Hint],
        *,
        request_id: str,
        now: datetime,
        traceparent: str | None = None,
    ) -> bool:
        scoped = self._collection.of(key.organization_id)
        this = {"_id": key.document_id("hints")}
        push = {
            "hints": {"$each": hint_documents(hints)},
            "requests": {"$each": [request_id], "$slice": -_REQUESTS_KEPT},
        }
        start = {"state": ACTIVE, "wake_at": now, **fresh_counters(request_id, "hint", now, traceparent)}
        for _ in range(_TRIES):
            if await self._known(scoped, {**this, "requests": request_id}):
                return True
            room = {f"hints.{MOST_HINTS - 1}": {"$exists": False}}
            asleep = {"state": {"$in": [IDLE, STOPPED, INTERRUPTED]}}
            if await _matched(
                scoped, {**this, **asleep, **room}, {"$set": start, "$push": push, **_OF_NOBODY}
            ):
                return True
            if await _matched(
                scoped, {**this, "state": ACTIVE, **room}, {"$push": push, "$inc": {"asked": 1}}
            ):
                return True
            try:
                await scoped.insert_one(
                    {
                        **new_document(key, "hints", now),
                        **start,
                        "requests": [request_id],
                        "hints": hint_documents(hints),
                    }
                )
            except DuplicateKeyError:
                if await self._known(scoped, {**this, f"hints.{MOST_HINTS - 1}": {"$exists": True}}):
                    return False
                continue
            return True
        raise TransientError("The hint run kept changing while a hint was to be noted.")

    async def claim(self, lane: Lane, *, now: datetime, until: datetime) -> Run | None:
        claimed = {"$set": {"wake_at": until, "owned": True, "saved": False}, "$inc": {"fence": 1}}
        # No run is put off or claimed for so long; a clock that was ahead, and is corrected, did it.
        lost = {"wake_at": {"$gt": now + LONGEST_WAIT}}
        with database_errors():
            for due in ({"wake_at": {"$lte": now}}, lost):
                document = await self._collection.across_organizations().find_one_and_update(
                    {"lane": lane, "state": ACTIVE, **due},
                    claimed,
                    sort=[("wake_at", 1)],
                    return_document=ReturnDocument.BEFORE,
                )
                if document is not None:
                    run = claimed_run(document)
                    run.bring_forward(now)
                    return run
        return None

    async def renew(self, run: Run, *, until: datetime) -> bool:
        return await self._own(run, {"$set": {"wake_at": until}})

    async def intend(self, run: Run, intents: Sequence[Intent], *, slot: int) -> bool:
        return await self._own(run, {"$set": {f"intents.{slot}": intent_documents(intents)}})

    async def intended(self, key: ConnectionKey) -> list[Intent]:
        documents = await self._collection.of(key.organization_id).find({"_id": {"$in": _both(key)}})
        return [intent for document in documents for intent in intents_of(document)]

    async def checkpoint(self, run: Run, *, wake_at: datetime, done_hints: Sequence[str] = ()) -> bool:
        update: dict[str, Any] = {"$set": {**progress_of(run), "wake_at": wake_at, "owned": False}}
        if done_hints:
            update["$pull"] = {"hints": {"key": {"$in": list(done_hints)}}}
        return await self._own(run, update)

    async def finish(
        self, run: Run, *, interrupted: bool, now: datetime, done_hints: Sequence[str] = ()
    ) -> bool:
        if done_hints and not await self._own(run, {"$pull": {"hints": {"key": {"$in": list(done_hints)}}}}):
            return False
        ended = {**progress_of(run), "owned": False}
        if interrupted:
            # Documents of an earlier version do not count who asked.
            unasked = {"asked": {"$in": [run.asked, None]}}
            if await self._own(run, {"$set": {**ended, "state": INTERRUPTED}}, **unasked):
                return True
            return await self._go_on(run, ended, now)
        nothing_asked: dict[str, list[str]] = {"again": []} if run.lane == "main" else {"hints": []}
        if await self._own(run, {"$set": {**ended, "state": IDLE}}, **nothing_asked):
            return True
        return await self._start_again(run, now)

    async def _go_on(self, run: Run, ended: dict[str, Any], now: datetime) -> bool:
        """Continue an interrupted run from where it stopped.

        Somebody asked during the slice that was interrupted, perhaps after fixing the cause.
        """
        scoped = self._collection.of(run.key.organization_id)
        document = await scoped.find_one({"_id": run.key.document_id(run.lane), "fence": run.fence})
        if document is None:
            return False
        started = fresh_counters(str(document["requests"][-1]), run.reason, now, None)
        return await self._own(run, {"$set": {**ended, **started, "wake_at": now}})

    async def _start_again(self, run: Run, now: datetime) -> bool:
        """Start over at once with what somebody asked for while the run was under way."""
        scoped = self._collection.of(run.key.organization_id)
        this = {"_id": run.key.document_id(run.lane), "fence": run.fence, "state": ACTIVE}
        for _ in range(_TRIES):
            document = await scoped.find_one(this)
            if document is None:
                return False
            name = f"{run.run_id}+"[-200:] if not document["requests"] else str(document["requests"][-1])
            reason = run.reason if run.lane == "hints" else strongest(document["again"] or ["scheduled"])
            anew = {
                **progress_of(run),
                **fresh_counters(name, reason, now, document.get("traceparent")),
                "planned": False,
                "steps": [],
                "counts": {},
                "again": [],
                "owned": False,
                "wake_at": now,
            }
            # What somebody asks for between these two is heard too.
            if await self._own(run, {"$set": anew}, again=document["again"]):
                return True
        raise TransientError("More was asked for each time that the run was about to start over.")

    async def resume_hints(self, key: ConnectionKey, *, now: datetime) -> None:
        await self._collection.of(key.organization_id).update_one(
            {"_id": key.document_id("hints"), "state": INTERRUPTED, "hints.0": {"$exists": True}},
            {"$set": {"state": ACTIVE, "wake_at": now, "attempts": 0, "tried": []}},
        )

    async def stop(self, key: ConnectionKey) -> None:
        await self._collection.of(key.organization_id).update_many(
            {"_id": {"$in": _both(key)}, "state": {"$in": [ACTIVE, IDLE]}},
            {"$set": {"state": STOPPED, "again": [], "hints": []}},
        )

    async def leased(self, key: ConnectionKey, *, now: datetime) -> bool:
        document = await self._collection.of(key.organization_id).find_one(
            {"_id": {"$in": _both(key)}, "owned": True, "wake_at": {"$gt": now, "$lte": now + LONGEST_WAIT}}
        )
        return document is not None

    async def released(self, run: Run) -> None:
        await self._collection.of(run.key.organization_id).update_one(
            {"_id": run.key.document_id(run.lane), "fence": run.fence}, {"$set": {"owned": False}}
        )

    async def forget(self, key: ConnectionKey) -> int:
        deleted = await self._collection.of(key.organization_id).delete_many({"_id": {"$in": _both(key)}})
        return deleted.deleted_count

    async def _own(self, run: Run, update: dict[str, Any], **condition: Any) -> bool:
        """Write to a run while it is ours: active, and not claimed by anybody since."""
        return await _matched(
            self._collection.of(run.key.organization_id),
            {"_id": run.key.document_id(run.lane), "fence": run.fence, "state": ACTIVE, **condition},
            update,
        )

    @staticmethod
    async def _known(scoped: ScopedCollection, query: dict[str, Any]) -> bool:
        return await scoped.find_one(query, projection={"_id": 1}) is not None


def _both(key: ConnectionKey) -> list[str]:
    return [key.document_id(lane) for lane in _LANES]


async def _matched(scoped: ScopedCollection, query: dict[str, Any], update: dict[str, Any]) -> bool:
    return (await scoped.update_one(query, update)).matched_count > 0
