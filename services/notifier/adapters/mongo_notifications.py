"""Notifications in MongoDB: one document is queue entry, delivery log and outbox in one.

"Pending, due and without `lease`" finds retries and ended quiet hours by one index. A claim sets `lease` to
its token and removes it when it ends. Another index, of leased documents only, finds the claims that a crash
left behind; `use_cases/watch_claims.py` says from when on they may be taken over. `next_attempt_at` moves to
the end of the lease too, for people who read in the log when the next attempt may come.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from pymongo.errors import DuplicateKeyError

from services.notifier.adapters.notification_documents import (
    OF_DUE,
    attempt_fields,
    claim_from,
    document_of,
    due_from,
    key_of,
    notification_from,
)
from services.notifier.adapters.snapshots import ended_because, portion, snapshot
from shared.documents.collection import Collection, Index, database_errors
from shared.documents.pending import PENDING_INDEX, PendingFacts, pending_facts
from shared.documents.reading import Reading, uncounted
from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from pymongo.asynchronous.database import AsyncDatabase

    from services.notifier.domain.notification import Notification, Settlement
    from services.notifier.ports import Destination, Due, HeldClaim, LogFilter, Place
    from shared.clock import Clock
    from shared.contracts.event import Event
    from shared.contracts.signals import SignalEvent
    from shared.messaging.publisher import EventPublisher

_LOG = structlog.get_logger(__name__)

_BUS_SECONDS = 2.0
"""How long a stored outcome waits for the bus to accept it: the next delivery needs the place."""

_UNREADABLE = timedelta(hours=1)
"""After how long an unreadable notification is tried again: another version may be running by then."""

_CLAIM = {"lease": "", "lease_seconds": ""}


class MongoNotifications:
    def __init__(
        self,
        database: AsyncDatabase[dict[str, Any]],
        publisher: EventPublisher,
        clock: Clock,
        left_out: Callable[[str], None] = uncounted,
    ) -> None:
        self._collection = Collection(database, "notifications")
        self._reading = Reading("notifications", left_out)
        self._clock = clock
        self.pending = PendingFacts(self._collection, publisher, clock)

    async def ensure_indexes(self) -> None:
        await self._collection.ensure_indexes(
            Index(
                (("organization_id", 1), ("signal_id", 1), ("channel", 1), ("recipient.key", 1)),
                unique=True,
                name="one a signal, channel and recipient",
            ),
            Index((("state", 1), ("next_attempt_at", 1)), name="due"),
            Index((("organization_id", 1), ("created_at", -1), ("_id", -1)), name="log"),
            Index(
                (("organization_id", 1), ("state", 1), ("created_at", -1), ("_id", -1)), name="log by state"
            ),
            Index((("organization_id", 1), ("connection_id", 1)), name="connection"),
            Index((("organization_id", 1), ("rule_id", 1), ("state", 1)), name="rule"),
            Index((("lease", 1),), sparse=True, name="claims"),
            PENDING_INDEX,
        )

    async def add(self, notification: Notification) -> bool:
        try:
            await self._collection.of(notification.organization_id).insert_one(document_of(notification))
        except DuplicateKeyError:
            return False
        return True

    async def claim(
        self,
        organization_id: str,
        notification_id: str,
        *,
        now: datetime,
        lease_seconds: float,
        token: str,
        in_place_of: str | None = None,
    ) -> Notification | None:
        guard: dict[str, Any] = {"lease": in_place_of}
        if in_place_of is None:
            guard["next_attempt_at"] = {"$lte": now}
        lease = {
            "lease": token,
            "lease_seconds": lease_seconds,
            "next_attempt_at": now + timedelta(seconds=lease_seconds),
        }
        document = await self._collection.of(organization_id).find_one_and_update(
            {"_id": key_of(organization_id, notification_id), "state": "pending", **guard},
            {"$set": lease, "$inc": {"tries": 1}},
        )
        if document is None:
            return None
        read = self._reading.each([document], notification_from)
        if not read:
            await self._put_off([document], now, token=token)
        return read[0] if read else None

    async def _put_off(
        self, unreadable: Sequence[Mapping[str, Any]], now: datetime, *, token: str | None
    ) -> None:
        """Put unreadable notifications off: due at once again, they would take the places of others.

        Only under the claim that `token` names, or none: somebody who can read them may be sending them.
        """
        with database_errors():
            await self._collection.across_organizations().update_many(
                {"_id": {"$in": [one["_id"] for one in unreadable]}, "state": "pending", "lease": token},
                {"$set": {"next_attempt_at": now + _UNREADABLE}, "$unset": _CLAIM},
            )

    async def claims(self, limit: int) -> list[HeldClaim]:
        with database_errors():
            # No clause on the state, which would lead the planner to the index of everything that waits.
            cursor = self._collection.across_organizations().find(
                {"lease": {"$gt": ""}},
                {**OF_DUE, "state": 1, "lease": 1, "lease_seconds": 1},
                sort=[("lease", 1)],
                limit=limit,
            )
            documents = await cursor.to_list()
        # One that cannot be read is not put off: its holder may be a version that can, and be sending it.
        return self._reading.each(
            [document for document in documents if document.get("state") == "pending"], claim_from
        )

    async def settle(
        self, notification: Notification, settlement: Settlement, *, token: str, facts: Sequence[Event]
    ) -> bool:
        collection = self._collection.of(notification.organization_id)
        mine = {"_id": key_of(notification.organization_id, notification.id), "lease": token}
        attempt = {"attempts": attempt_fields(settlement.attempt)}
        # The rule too: another may have sent it in the place of the one that made it.
        fields: dict[str, Any] = {"state": settlement.state, "rule_id": notification.rule_id}
        if settlement.state == "delivered":
            fields["sent_revision"] = notification.signal.revision
        if settlement.next_attempt_at is not None:
            fields["next_attempt_at"] = settlement.next_attempt_at
        else:
            fields["settled_at"] = self._clock.now()
        push: dict[str, Any] = dict(attempt)
        if facts:
            push["pending"] = {"$each": pending_facts(*facts, at=self._clock.now())}
        # A notification that reached somebody was delivered, even if it was cancelled meanwhile.
        guard = mine if settlement.state == "delivered" else {**mine, "state": "pending"}
        stored = await collection.find_one_and_update(
            guard, {"$set": fields, "$push": push, "$unset": _CLAIM}
        )
        if stored is not None:
            await self._tell(stored)
            return True
        result = await collection.update_one(mine, {"$push": attempt, "$unset": _CLAIM})
        return result.matched_count == 1

    async def _tell(self, stored: Mapping[str, Any]) -> None:
        """Publish what was stored.

        While the bus is away nobody waits for it: the sweeper publishes it later.
        """
        try:
            async with asyncio.timeout(_BUS_SECONDS):
                await self.pending.publish(stored)
        except (TransientError, TimeoutError) as error:
            _LOG.warning("an outcome will be published later", notification=stored["_id"], reason=repr(error))

    async def put_back(self, notification: Notification, until: datetime, *, token: str) -> bool:
        result = await self._collection.of(notification.organization_id).update_one(
            {
                "_id": key_of(notification.organization_id, notification.id),
                "lease": token,
                "state": "pending",
            },
            {"$set": {"next_attempt_at": until}, "$inc": {"tries": -1}, "$unset": _CLAIM},
        )
        return result.matched_count == 1

    async def due(
        self, now: datetime, limit: int, *, leave_out: AbstractSet[Destination] = frozenset()
    ) -> list[Due]:
        query: dict[str, Any] = {"state": "pending", "lease": None, "next_attempt_at": {"$lte": now}}
        if leave_out:
            query["$nor"] = _any_of(leave_out)
        with database_errors():
            cursor = self._collection.across_organizations().find(
                query,
                OF_DUE,
                sort=[("next_attempt_at", 1)],
                limit=limit,
            )
            documents = await cursor.to_list()
        unreadable: list[Mapping[str, Any]] = []
        due = self._reading.each(documents, due_from, unreadable.append)
        if unreadable:
            await self._put_off(unreadable, now, token=None)
        return due

    async def cancel(
        self,
        organization_id: str,
        because: str,
        *,
        signal_id: str | None = None,
        rule_id: str | None = None,
        notification_id: str | None = None,
        spared: AbstractSet[str] = frozenset(),
    ) -> int:
        named = (("signal_id", signal_id), ("rule_id", rule_id), ("id", notification_id))
        which: dict[str, Any] = {name: value for name, value in named if value is not None}
        if not which:
            raise ValueError("Say which notifications to cancel: a signal's, a rule's, or one.")
        if notification_id is not None:
            which["_id"] = key_of(organization_id, notification_id)
        if spared:
            which["recipient.key"] = {"$nin": sorted(spared)}
        result = await self._collection.of(organization_id).update_many(
            {**which, "state": "pending"},
            {"$set": {"state": "cancelled", "cancelled_because": because, "settled_at": self._clock.now()}},
        )
        return result.modified_count

    async def forget_untried(self, organization_id: str, signal_id: str) -> int:
        untried = {"signal_id": signal_id, "state": "pending", "lease": None, "tries": 0}
        return (await self._collection.of(organization_id).delete_many(untried)).deleted_count

    async def refresh(self, signal: SignalEvent) -> None:
        await self._collection.of(signal.organization_id).update_many(
            {"signal_id": signal.signal_id, "revision": {"$lt": signal.revision}},
            {"$set": {**snapshot(signal), "over": ended_because(signal)}},
        )

    async def page(
        self,
        organization_id: str,
        wanted: LogFilter,
        *,
        after: Place | None,
        limit: int,
        oldest_first: bool = False,
    ) -> list[Notification]:
        return await portion(
            self._collection.of(organization_id),
            organization_id,
            _query(wanted),
            self._reading,
            notification_from,
            field="created_at",
            after=after,
            limit=limit,
            oldest_first=oldest_first,
        )

    async def count(self, organization_id: str, wanted: LogFilter, *, at_most: int) -> int:
        return await self._collection.of(organization_id).count(_query(wanted), limit=at_most)

    async def get(self, organization_id: str, notification_id: str) -> Notification | None:
        document = await self._collection.of(organization_id).find_one(
            {"_id": key_of(organization_id, notification_id)}
        )
        return notification_from(document) if document else None

    async def remove(self, organization_id: str, connection_id: str) -> int:
        result = await self._collection.of(organization_id).delete_many({"connection_id": connection_id})
        return result.deleted_count

    async def drop(self, organization_id: str, signal_id: str) -> None:
        await self._collection.of(organization_id).delete_many({"signal_id": signal_id})

    async def expire(self, organization_id: str, signal_ids: Sequence[str], *, before: datetime) -> None:
        await self._collection.of(organization_id).delete_many(
            {"signal_id": {"$in": list(signal_ids)}, "created_at": {"$lt": before}}
        )


def _any_of(destinations: AbstractSet[Destination]) -> list[dict[str, Any]]:
    # Organizations share ids of rules: everybody's first one is called the same.
    rules: dict[str, list[str]] = defaultdict(list)
    for destination in destinations:
        rules[destination.organization_id].append(destination.rule_id)
    return [
        {"organization_id": organization_id, "rule_id": {"$in": sorted(ids)}}
        for organization_id, ids in rules.items()
    ]


def _query(wanted: LogFilter) -> dict[str, Any]:
    return {
        name: value
        for name in ("state", "channel", "signal_id", "rule_id")
        if (value := getattr(wanted, name)) is not None
    }
