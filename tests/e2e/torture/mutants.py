"""Safeguards taken out, to prove that torture notices: each function mutilates this process of a test.

Production code has no switch for any of this. A mutant is chosen where a test's service is composed, before
anything is built.
"""

from __future__ import annotations

import asyncio
import dataclasses
import secrets
from typing import TYPE_CHECKING, Any

from services.detector.adapters.mongo_signals import MongoSignals
from services.notifier.channels.webhook import WebhookChannel
from services.notifier.domain import notification
from shared.documents import pending
from shared.documents.collection import ORGANIZATION, Collection
from shared.messaging.processor import BatchProcessor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from services.notifier.ports import Message
    from shared.documents.collection import Index

_LATER_SECONDS = 0.3
"""Long enough that an offset is committed before the work that it stands for has begun."""


def without_pending_list() -> None:
    """Facts are forgotten when they begin to be published, in place of when the bus has them."""

    async def publish(self: pending.PendingFacts, document: Mapping[str, Any]) -> None:
        facts = document.get(pending.PENDING) or []
        if facts:
            await self._collection.of(document[ORGANIZATION]).update_one(
                {"_id": document["_id"]},
                {"$pull": {pending.PENDING: {"id": {"$in": [fact["id"] for fact in facts]}}}},
            )
            await self._publisher.publish(*pending.facts_of(document))

    async def publish_all(self: MongoSignals, documents: Sequence[Mapping[str, Any]]) -> None:
        for document in documents:
            await self.pending.publish(document)

    pending.PendingFacts.publish = publish  # type: ignore[method-assign] # a mutant replaces
    MongoSignals._publish = publish_all  # type: ignore[method-assign] # as above


def without_sweeper() -> None:
    """Nobody comes for facts that a crash left behind."""

    async def sleep_for_ever(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    pending.sweep_forever = sleep_for_ever


def without_commit_after_store() -> None:
    """Offsets are committed at once; the work is done afterwards."""
    process = BatchProcessor.process
    under_way: set[asyncio.Task[None]] = set()

    async def later(self: BatchProcessor, records: Any) -> None:
        await asyncio.sleep(_LATER_SECONDS)
        await process(self, records)

    async def at_once(self: BatchProcessor, records: Any) -> list[Any]:
        task = asyncio.create_task(later(self, records))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        return []

    BatchProcessor.process = at_once  # type: ignore[method-assign] # a mutant replaces


def without_idempotency_key() -> None:
    """Each attempt of a delivery has an id of its own."""
    deliver = WebhookChannel.deliver

    async def under_another_id(self: WebhookChannel, message: Message) -> str:
        other = dataclasses.replace(message.notification, id=secrets.token_hex(8))
        return await deliver(self, dataclasses.replace(message, notification=other))

    WebhookChannel.deliver = under_another_id  # type: ignore[method-assign] # a mutant replaces


def without_unique_index() -> None:
    """The database no longer refuses a second notification of the same thing, and ids are drawn by chance."""
    ensure = Collection.ensure_indexes

    async def ensure_indexes(self: Collection, *indexes: Index) -> None:
        await ensure(self, *(dataclasses.replace(index, unique=False) for index in indexes))

    def drawn(*_: object) -> str:
        return secrets.token_hex(8)

    Collection.ensure_indexes = ensure_indexes  # type: ignore[method-assign] # a mutant replaces
    notification.notification_id = drawn  # type: ignore[assignment] # a mutant replaces


MUTANTS: Mapping[str, Callable[[], None]] = {
    "pending-list": without_pending_list,
    "sweeper": without_sweeper,
    "commit-after-store": without_commit_after_store,
    "idempotency-key": without_idempotency_key,
    "unique-index": without_unique_index,
}
