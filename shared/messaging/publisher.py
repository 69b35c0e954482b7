"""Publishing: events leave in order per partition; `publish` returns once all replicas have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from faststream.exceptions import IncorrectState

from shared.contracts.resources import topic_of
from shared.errors import PermanentError, TransientError
from shared.messaging.broker import SILENCE_SECONDS, answers_of, producer_of, renew_if_stuck
from shared.messaging.cloudevent import encode
from shared.messaging.partitioning import partition_for
from shared.messaging.sizes import refuse_too_large
from shared.observability.tracing import current_traceparent

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Sequence

    from aiokafka import AIOKafkaProducer
    from aiokafka.structs import RecordMetadata
    from faststream.kafka import KafkaBroker

    from shared.clock import Clock
    from shared.contracts.event import Event
    from shared.contracts.topics import Service

_MOST_IN_FLIGHT = 500
"""Records passed to the producer before their acknowledgements are awaited; bounds memory."""


class EventPublisher(Protocol):
    """Puts events on the bus."""

    async def publish(self, *events: Event) -> None:
        """Publish events, in order within each partition; return when all are acknowledged.

        Publishing again after an error is safe: the same fact has the same id.

        Raises:
            TransientError: the bus did not acknowledge; some events may be published, none may be
                assumed.
            PermanentError: an event is larger than its topic takes.
        """
        ...

    async def publish_tombstones(self, *events: Event) -> None:
        """Publish an empty record under each event's key, so that compaction forgets the thing."""
        ...


class KafkaEventPublisher:
    """Publishes by the broker's own producer, which is idempotent and waits for all replicas."""

    def __init__(
        self,
        broker: KafkaBroker,
        *,
        service: Service,
        clock: Clock,
        silence_seconds: float = SILENCE_SECONDS,
    ) -> None:
        self._broker = broker
        self._silence_seconds = silence_seconds
        self._source = f"/earshot/{service}"
        self._clock = clock

    async def publish(self, *events: Event) -> None:
        time = self._clock.now().isoformat()
        traceparent = current_traceparent()
        for start in range(0, len(events), _MOST_IN_FLIGHT):
            portion = events[start : start + _MOST_IN_FLIGHT]
            producer = self._producer()
            futures = [await self._send(producer, event, time, traceparent) for event in portion]
            await self._confirmed(producer, portion, futures)

    async def _send(
        self, producer: AIOKafkaProducer, event: Event, time: str, traceparent: str | None
    ) -> Future[RecordMetadata]:
        record = encode(event, source=self._source, time=time, traceparent=traceparent)
        return await self._put(producer, event, record.key, record.value, record.headers)

    async def publish_tombstones(self, *events: Event) -> None:
        for start in range(0, len(events), _MOST_IN_FLIGHT):
            portion = events[start : start + _MOST_IN_FLIGHT]
            producer = self._producer()
            futures = [await self._put(producer, event, event.key().encode(), None, []) for event in portion]
            await self._confirmed(producer, portion, futures)

    def _producer(self) -> AIOKafkaProducer:
        try:
            return producer_of(self._broker)
        except IncorrectState as error:
            raise TransientError(f"The bus takes nothing yet: {error}") from error

    async def _put(
        self,
        producer: AIOKafkaProducer,
        event: Event,
        key: bytes,
        value: bytes | None,
        headers: list[tuple[str, bytes]],
    ) -> Future[RecordMetadata]:
        topic = topic_of(event)
        try:
            refuse_too_large(topic, key, value, headers)
            acknowledged: Future[RecordMetadata] = await producer.send(
                topic.name,
                value=value,
                key=key,
                partition=partition_for(event.partition_key(), topic.partitions),
                headers=headers,
            )
        except MessageSizeTooLargeError as error:
            raise _too_large(event) from error
        except KafkaError as error:
            raise TransientError(f"The bus did not take a record for {topic.name}: {error!r}") from error
        return acknowledged

    async def _confirmed(
        self, producer: AIOKafkaProducer, events: Sequence[Event], futures: list[Future[RecordMetadata]]
    ) -> None:
        results = await answers_of(futures, self._silence_seconds)
        await renew_if_stuck(self._broker, producer, results)
        for event, result in zip(events, results, strict=True):
            if isinstance(result, MessageSizeTooLargeError):
                # Kafka's own limit is lower than the contracts say: no attempt will be answered differently.
                raise _too_large(event) from result
            if isinstance(result, KafkaError):
                raise TransientError(f"The bus did not acknowledge a record: {result!r}") from result
            if isinstance(result, BaseException):
                raise result


def _too_large(event: Event) -> PermanentError:
    topic = topic_of(event)
    return PermanentError(
        f"{event.TYPE} for {event.key()} is larger than {topic.name} takes: {topic.max_message_bytes} bytes"
        " after compression, by the contracts."
    )
