"""The connection to Kafka: every choice of client settings, with its reason."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError, OutOfOrderSequenceNumber
from faststream.exceptions import IncorrectState
from faststream.kafka import KafkaBroker
from faststream.kafka.publisher.producer import AioKafkaFastProducerImpl
from faststream.kafka.publisher.state import RealProducer

from shared.messaging.security import broker_security

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aiokafka.structs import RecordMetadata

    from shared.config import ServiceSettings
    from shared.contracts.topics import Service

_LOG = structlog.get_logger(__name__)

_LINGER_MS = 2
"""Milliseconds that a record waits for others to share a batch. An alert does not notice two of them, and
they fill batches under load."""

_REQUEST_TIMEOUT_MS = 15_000
"""Milliseconds until a broker that does not respond counts as gone; less than a handler's time."""

_METADATA_AGE_MS = 30_000
"""Milliseconds until new partitions or a moved leader are noticed without an error pointing to them."""

_MAX_REQUEST_BYTES = 1_048_576 + 65_536 + 16_384
"""The largest record, uncompressed: a dead letter holds an original of full size and our headers."""

WRITING: dict[str, Any] = {
    "acks": "all",
    "linger_ms": _LINGER_MS,
    "compression_type": "lz4",
    "max_request_size": _MAX_REQUEST_BYTES,
}
"""Producer settings for everything that writes to our topics, services and command line alike, so that
each can send what the others can."""

SILENCE_SECONDS = 15.0
"""Seconds without any response until publishing is given up, for the caller to retry. A leader that dies
is replaced within them, and a batch that is retried to the end stays below Kafka's max.poll.interval."""

_GRACE_SECONDS = 10.0
"""Seconds that a batch under way may take to finish when the service stops."""


def create_broker(settings: ServiceSettings, *, service: Service) -> KafkaBroker:
    """Return an unconnected broker: idempotent, acks=all, and never creating topics by accident."""
    return KafkaBroker(
        settings.kafka_bootstrap_servers.split(","),
        client_id=f"earshot-{service}",
        **WRITING,
        enable_idempotence=True,
        request_timeout_ms=_REQUEST_TIMEOUT_MS,
        metadata_max_age_ms=_METADATA_AGE_MS,
        allow_auto_create_topics=False,
        graceful_timeout=_GRACE_SECONDS,
        security=broker_security(settings),
        # FastStream's own lines repeat what our middleware and handlers say.
        logger=logging.getLogger(__name__),
        log_level=logging.DEBUG,
        apply_types=False,
    )


def producer_of(broker: KafkaBroker) -> AIOKafkaProducer:
    """Return the producer of a connected broker. Raises FastStream's `IncorrectState` before it connects.

    FastStream's own publishing makes a command of each record, guesses a content type, and converts every
    header to text and back: a tenth of what a record costs from bus to bus, and nothing that ours needs.
    """
    return _made(broker)._producer.producer  # noqa: SLF001 - FastStream shows it in no other way


async def answers_of(
    sent: Sequence[asyncio.Future[RecordMetadata]], silence_seconds: float
) -> list[RecordMetadata | BaseException]:
    """Return Kafka's response to each record; `KafkaTimeoutError` for those without one.

    aiokafka's idempotent producer retries for ever, so that callers would wait for as long as the bus is
    away. A record that is given up here may still be published, as after any error.
    """
    waiting = set(sent)
    while waiting:
        answered, waiting = await asyncio.wait(waiting, timeout=silence_seconds)
        if not answered:
            break
    for one in waiting:
        one.cancel()
    silent = KafkaTimeoutError(f"No answer for {silence_seconds:g} s.")
    outcomes = await asyncio.gather(*sent, return_exceptions=True)
    return [silent if one in waiting else answer for one, answer in zip(sent, outcomes, strict=True)]


def _made(broker: KafkaBroker) -> AioKafkaFastProducerImpl:
    producer = broker.config.producer
    if not isinstance(producer, AioKafkaFastProducerImpl):
        raise IncorrectState("The broker is not connected yet.")
    return producer


async def renew_if_stuck(broker: KafkaBroker, producer: AIOKafkaProducer, answers: Iterable[object]) -> None:
    """Replace a producer whose records Kafka no longer takes, as these responses show.

    aiokafka's idempotent producer (0.14) counts a record that Kafka refused for good, as too large or not
    allowed, as sent. Kafka then misses it, and refuses everything behind it in that partition as out of
    order, for as long as the producer lives. Whoever first meets that renews it; what was refused must be
    published again.
    """
    if not any(isinstance(answer, OutOfOrderSequenceNumber) for answer in answers):
        return
    if not _is_current(broker, producer):
        return
    fresh = AIOKafkaProducer(**broker._connection_kwargs)  # noqa: SLF001 - what FastStream makes its own by
    try:
        await fresh.start()
        # Others may have met it at the same moment: one of them is the first to be here.
        if _is_current(broker, producer):
            _LOG.warning("Kafka takes nothing more of a partition from this producer; it is renewed")
            await _replace(broker, producer, fresh)
            return
    except KafkaError as error:
        _LOG.warning("the producer could not be renewed yet", reason=repr(error))
    except BaseException:
        await fresh.stop()
        raise
    await fresh.stop()


async def _replace(broker: KafkaBroker, stuck: AIOKafkaProducer, fresh: AIOKafkaProducer) -> None:
    """Stop one producer before starting the next: with both, a partition's records would lose their order."""
    wrapper = _made(broker)
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE_SECONDS):
                await stuck.stop()
    finally:
        wrapper._producer = RealProducer(fresh)  # noqa: SLF001 - FastStream has no other way to change it


def _is_current(broker: KafkaBroker, producer: AIOKafkaProducer) -> bool:
    # One that is closed is being replaced already, or the service ends.
    return producer_of(broker) is producer and not _made(broker).closed
