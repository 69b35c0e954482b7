"""The connection to Kafka: every choice of client settings is here, with its reason."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from faststream.exceptions import IncorrectState
from faststream.kafka import KafkaBroker
from faststream.kafka.publisher.producer import AioKafkaFastProducerImpl

from shared.messaging.security import broker_security

if TYPE_CHECKING:
    from aiokafka import AIOKafkaProducer

    from shared.config import ServiceSettings
    from shared.contracts.topics import Service

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
    made = broker.config.producer
    if not isinstance(made, AioKafkaFastProducerImpl):
        raise IncorrectState("The broker is not connected yet.")
    return made._producer.producer  # noqa: SLF001 - FastStream shows it in no other way
