"""Facts that are stored with the state that caused them, published afterwards, and cleared once acknowledged.

A document's `pending` list holds facts that are true but may not be on the bus yet. The write that changes
the state adds the fact, so that neither can exist without the other. A sweeper publishes what a process left
behind when it died in between (DESIGN §4).
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import ValidationError

from shared.contracts.registry import EVENT_BY_TYPE
from shared.documents.collection import ORGANIZATION, Index, database_errors
from shared.errors import PermanentError, TransientError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from shared.clock import Clock
    from shared.contracts.event import Event
    from shared.documents.collection import Collection
    from shared.messaging.publisher import EventPublisher

PENDING = "pending"
PENDING_INDEX = Index(keys=(("pending.at", 1),), sparse=True, name="pending")
"""Every collection with pending facts has this index; it holds only documents that have some."""

_LOG = structlog.get_logger(__name__)

_SWEPT_AT_ONCE = 200
"""Documents that one sweep takes. If it found this many, the next sweep follows at once."""

_MOST_NAMED = 10
"""Facts named in one line of the log."""

_NEVER = (PermanentError, ValidationError, KeyError)
"""What is raised for a fact that can never be published: too large, invalid, or of an unknown type."""


def pending_facts(*events: Event, at: datetime) -> list[dict[str, Any]]:
    """Return facts in the form in which `pending` stores them.

    On insert they are the field's value; on update they go into `{"$push": {"pending": {"$each":
    pending_facts(event, at=now)}}}`.
    """
    return [
        {"id": event.event_id(), "type": event.TYPE, "data": event.model_dump_json(), "at": at}
        for event in events
    ]


def facts_of(document: Mapping[str, Any]) -> list[Event]:
    """Return the events that a document still has to publish, oldest first."""
    return [
        EVENT_BY_TYPE[fact["type"]].model_validate_json(fact["data"]) for fact in document.get(PENDING) or []
    ]


class PendingFacts:
    """Publishes the pending facts of one collection's documents.

    `stamp` names a field that is set to the time of publication, in the write that clears the facts.
    """

    def __init__(
        self, collection: Collection, publisher: EventPublisher, clock: Clock, *, stamp: str | None = None
    ) -> None:
        self._collection = collection
        self._publisher = publisher
        self._clock = clock
        self._stamp = stamp

    async def publish(self, document: Mapping[str, Any]) -> None:
        """Publish a document's facts in order, then clear exactly those.

        The document needs `_id`, `organization_id` and `pending`. Raises TransientError; the facts then stay
        for the sweeper.
        """
        facts = document.get(PENDING) or []
        if not facts:
            return
        await self._publisher.publish(*facts_of(document))
        stamped = {"$set": {self._stamp: self._clock.now()}} if self._stamp else {}
        await self._collection.of(document[ORGANIZATION]).update_one(
            {"_id": document["_id"]},
            {"$pull": {PENDING: {"id": {"$in": [fact["id"] for fact in facts]}}}, **stamped},
        )

    async def sweep(self, older_than_seconds: float = 5.0) -> int:
        """Publish facts that have waited longer than that; return how many documents had some.

        A fact dated in the future was written before a clock was corrected, so how long it has waited is
        unknown.
        """
        age = timedelta(seconds=older_than_seconds)
        _, swept = await self._portion(self._clock.now() - age, abs(age))
        return swept

    async def sweep_all(self, older_than_seconds: float = 5.0) -> int:
        """Publish all facts that have waited longer than that by now; return how many documents had some.

        A fact that can never be published is tried once.
        """
        age = timedelta(seconds=older_than_seconds)
        before, swept, taken = self._clock.now() - age, 0, _SWEPT_AT_ONCE
        while taken >= _SWEPT_AT_ONCE:
            # A clock that is put back dates what can never be published before that: it would be found again.
            before = min(before, self._clock.now() - age)
            # What was found counts: of what another replica sweeps as well, each publishes a part.
            taken, published = await self._portion(before, abs(age))
            swept += published
        return swept

    async def _portion(self, before: datetime, ahead: timedelta) -> tuple[int, int]:
        """Publish the oldest; return how many documents were found, and how many still had facts then."""
        future = self._clock.now() + ahead
        old = {"$or": [{"pending.at": {"$lt": before}}, {"pending.at": {"$gt": future}}]}
        with database_errors():
            cursor = self._collection.across_organizations().find(
                old, {"_id": 1, ORGANIZATION: 1}, sort=[("pending.at", 1)], limit=_SWEPT_AT_ONCE
            )
            left = await cursor.to_list()
        swept, stuck = 0, list[tuple[str, Exception]]()
        for entry in left:
            # Read again, since sending the others takes a while: a fact that is published by now, and sent
            # once more behind a newer one of the same thing, would be what compaction keeps.
            document = await self._collection.of(entry[ORGANIZATION]).find_one(
                {"_id": entry["_id"], **old}, projection={ORGANIZATION: 1, PENDING: 1}
            )
            if document is None:
                continue
            swept += 1
            try:
                await self.publish(document)
            except _NEVER:
                stuck += await self._publish_singly(document)
        if stuck:
            _LOG.error(
                "facts cannot be published",
                collection=self._collection.name,
                count=len(stuck),
                facts=[fact for fact, _ in stuck[:_MOST_NAMED]],
                exc_info=stuck[0][1],
            )
        return len(left), swept

    async def _publish_singly(self, document: Mapping[str, Any]) -> list[tuple[str, Exception]]:
        """Publish the facts one by one, in order; return those that cannot be published, with the reason.

        They stay, and later sweeps take them after older ones; enough of them would fill every sweep.
        """
        stuck: list[tuple[str, Exception]] = []
        for fact in document[PENDING]:
            try:
                await self.publish({**document, PENDING: [fact]})
            except _NEVER as error:
                stuck.append((fact["id"], error))
        if not stuck:
            return []
        await self._collection.of(document[ORGANIZATION]).update_one(
            {"_id": document["_id"]},
            {"$set": {f"{PENDING}.$[stuck].at": self._clock.now()}},
            array_filters=[{"stuck.id": {"$in": [fact for fact, _ in stuck]}}],
        )
        return stuck


async def sweep_forever(
    pending: PendingFacts, *, every_seconds: float, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """Sweep until cancelled. While Kafka or MongoDB is unavailable it waits; nothing is lost meanwhile."""
    while True:
        await sleep(every_seconds)
        try:
            swept = await pending.sweep_all()
        except TransientError as error:
            _LOG.warning("sweep postponed", reason=str(error))
            continue
        if swept:
            _LOG.info("published what was left behind", documents=swept)
