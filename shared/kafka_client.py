"""Kafka's client (aiokafka 0.14) where its broker dies: it lets out cancellations that nobody asked for.

Stopped while the broker is away, it may raise the cancellation of a fetch of its own, and leave its
connections and its task for metadata behind.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import structlog
from aiokafka.errors import KafkaError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from aiokafka import AIOKafkaConsumer

_LOG = structlog.get_logger(__name__)


class CancelledWithin(Exception):
    """A driver let the cancellation of one of its own tasks out; a failure like any other."""


async def unless_told_to_end(work: Awaitable[object]) -> None:
    """Do the work. A cancellation that nobody asked this task for is raised as `CancelledWithin`.

    Taken for ours it would end all background work, leave unclosed whatever comes after it, or end a
    request without an answer.
    """
    try:
        await work
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise CancelledWithin("a driver cancelled work of its own and did not keep it to itself") from error


@asynccontextmanager
async def left_at_the_end(consumer: AIOKafkaConsumer) -> AsyncIterator[AIOKafkaConsumer]:
    """Stop the consumer at the end of the block, started or not, so that nothing of it stays behind.

    How that goes hides nothing of what the block raised. Whoever cancels the task is obeyed.
    """
    try:
        yield consumer
    finally:
        try:
            await unless_told_to_end(consumer.stop())
        except (CancelledWithin, KafkaError) as error:
            _LOG.info("Kafka's client stopped, its broker was away", reason=repr(error.__cause__ or error))
            await consumer._client.close()  # noqa: SLF001 - skipped by its own stop, and by a second one
