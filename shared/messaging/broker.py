"""The connection to Kafka: every choice of client settings is here, with its reason."""

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
"""Milliseconds a record waits for company. Two are lost in an alert's second and fill batches under load."""

_REQUEST_TIMEOUT_MS = 15_000
"""Milliseconds until a broker that does not answer counts as gone; bounded below a handler's time."""

_METADATA_AGE_MS = 30_000
"""Milliseconds until new partitions or a moved leader are noticed without an error pointing at them."""

_MAX_REQUEST_BYTES = 1_048_576 + 65_536 + 16_384
"""The largest record, not compressed: a dead letter holds an original of full size and our headers."""

WRITING: dict[str, Any] = {
    "acks": "all",
    "linger_ms": _LINGER_MS,
    "compression_type": "lz4",
    "max_request_size": _MAX_REQUEST_BYTES,
}
"""How whoever writes to our topics writes, services and command line: what one can send the other can."""

SILENCE_SECONDS = 15.0
"""Seconds without any answer until publishing is given up, for the caller to try again: a leader that dies is
replaced within them. A batch that is retried to the end stays below Kafka's max.poll.interval with them."""

_GRACE_SECONDS = 10.0
"""Seconds that a batch under way may take to finish when the service stops."""


def create_broker(settings: ServiceSettings, *, service: Service) -> KafkaBroker:
    """Return a broker that is not connected yet: idempotent, acks=all, makes no topics by accident."""
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
    """Return the producer of a broker that is connected. Raises FastStream's `IncorrectState` before.

    FastStream's own publishing makes a command of each record, guesses a content type, and turns every header
    into text and back: a tenth of what a record costs from bus to bus, and nothing that ours needs.
    """
    return _made(broker)._producer.producer  # noqa: SLF001 - FastStream shows it in no other way


async def answers_of(
    sent: Sequence[asyncio.Future[RecordMetadata]], silence_seconds: float
) -> list[RecordMetadata | BaseException]:
    """Return what Kafka answered to each record; `KafkaTimeoutError` for those it is silent about.

    aiokafka's idempotent producer tries for ever, so and who waits for a bus that is away would wait as long.
    What is given up here may still be published, as after any error.
    """
    waiting = set(sent)
    while waiting:
        answered, waiting = await asyncio.wait(waiting, timeout=silence_seconds)
        if not answered:
            break
    for one in waiting:
        one.cancel()
    silent = KafkaTimeoutError(f"No answer for {silence_seconds:g} s.")
    found = await asyncio.gather(*sent, return_exceptions=True)
    return [silent if one in waiting else answer for one, answer in zip(sent, found, strict=True)]


def _made(broker: KafkaBroker) -> AioKafkaFastProducerImpl:
    made = broker.config.producer
    if not isinstance(made, AioKafkaFastProducerImpl):
        raise IncorrectState("The broker is not connected yet.")
    return made


async def renew_if_stuck(broker: KafkaBroker, producer: AIOKafkaProducer, answers: Iterable[object]) -> None:
    """Put a new producer in the place of one whose records Kafka takes no more, as these answers show.

    aiokafka's idempotent producer (0.14) counts a record that Kafka refused for good, as too large or not
    allowed, as sent. Kafka misses it then, and refuses all behind it in that partition as out of order, for
    as long as the producer lives. The first who meets that renews it; what was refused has to be published
    again.
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
    """End one and go on with the other: never both, since a partition's records would lose their order."""
    made = _made(broker)
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE_SECONDS):
                await stuck.stop()
    finally:
        made._producer = RealProducer(fresh)  # noqa: SLF001 - FastStream has no other way to change it


def _is_current(broker: KafkaBroker, producer: AIOKafkaProducer) -> bool:
    # One that is closed is being replaced already, or the service ends.
    return producer_of(broker) is producer and not _made(broker).closed
