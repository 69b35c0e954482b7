"""Facts stored with the state that caused them, published afterwards, cleared when acknowledged.

A document's `pending` list holds facts that are true but may not be on the bus yet. The write that
changes the state adds the fact, so neither can exist without the other; a sweeper publishes what a
process left behind when it died in between (DESIGN §4).
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
"""Documents that one sweep takes; the next sweep takes the next ones."""


def pending_facts(*events: Event, at: datetime) -> list[dict[str, Any]]:
    """Return facts as they are kept under `pending`.

    On insert they are the field's value; on update they go into
    `{"$push": {"pending": {"$each": pending_facts(event, at=now)}}}`.
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
    """Publishes what documents of one collection have pending."""

    def __init__(self, collection: Collection, publisher: EventPublisher, clock: Clock) -> None:
        self._collection = collection
        self._publisher = publisher
        self._clock = clock

    async def publish(self, document: Mapping[str, Any]) -> None:
        """Publish a document's facts in order, then clear exactly those.

        The document needs `_id`, `organization_id` and `pending`. Raises TransientError; then the facts
        stay, and the sweeper comes for them.
        """
        facts = document.get(PENDING) or []
        if not facts:
            return
        await self._publisher.publish(*facts_of(document))
        await self._collection.of(document[ORGANIZATION]).update_one(
            {"_id": document["_id"]},
            {"$pull": {PENDING: {"id": {"$in": [fact["id"] for fact in facts]}}}},
        )

    async def sweep(self, older_than_seconds: float = 5.0) -> int:
        """Publish facts that have waited longer than that; return how many documents had some.

        A fact from the future was written before a clock was put back: nobody knows how long it waits.
        """
        now, age = self._clock.now(), timedelta(seconds=older_than_seconds)
        old = {"$or": [{"pending.at": {"$lt": now - age}}, {"pending.at": {"$gt": now + abs(age)}}]}
        with database_errors():
            cursor = self._collection.across_organizations().find(
                old, {"_id": 1, ORGANIZATION: 1}, limit=_SWEPT_AT_ONCE
            )
            left = await cursor.to_list()
        swept = 0
        for found in left:
            # Read again, since sending the others takes a while: a fact that is published by now, and sent
            # once more behind a newer one of the same thing, would be what compaction keeps.
            document = await self._collection.of(found[ORGANIZATION]).find_one(
                {"_id": found["_id"], **old}, projection={ORGANIZATION: 1, PENDING: 1}
            )
            if document is None:
                continue
            swept += 1
            try:
                await self.publish(document)
            except (PermanentError, ValidationError, KeyError):
                # One fact that can never be published must not hold up those of other documents.
                _LOG.exception("a pending fact cannot be published", document=document["_id"])
        return swept


async def sweep_forever(
    pending: PendingFacts, *, every_seconds: float, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """Sweep until cancelled. An engine that is away is waited for; nothing is lost meanwhile."""
    while True:
        await sleep(every_seconds)
        try:
            swept = await pending.sweep()
        except TransientError as error:
            _LOG.warning("sweep postponed", reason=str(error))
            continue
        if swept:
            _LOG.info("published what was left behind", documents=swept)
