"""Commands that speak to Kafka: connecting, reading to the end, and what to say when nobody answers."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy.local.errors import EngineFailed
from deploy.local.kafka.probe import kafka_answers
from shared.kafka_client import left_at_the_end
from shared.messaging.broker import WRITING
from shared.messaging.security import client_security

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from aiokafka import ConsumerRecord

    from deploy.local.settings import LocalSettings

_ANSWER_MILLISECONDS = 10_000
_POLL_MILLISECONDS = 1_000

PLAIN = "PLAINTEXT"


@dataclass(frozen=True, slots=True)
class Bus:
    """The Kafka to speak to, and how: with the settings that the services have.

    Attributes:
        protocol: for what is said to people.
        security: arguments of aiokafka's clients. It holds secrets, so it is never shown.
    """

    servers: str
    protocol: str = PLAIN
    security: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def arguments(self) -> dict[str, Any]:
        """Return what every client of this command line is made with."""
        return {
            "bootstrap_servers": self.servers,
            "request_timeout_ms": _ANSWER_MILLISECONDS,
            "client_id": "earshot-cli",
            **self.security,
        }


def bus_of(settings: LocalSettings) -> Bus:
    """Return the Kafka that the settings name. Raises `ConfigurationError` for a file that cannot be read."""
    return Bus(settings.bootstrap_servers, settings.kafka_security_protocol, client_security(settings))


@asynccontextmanager
async def open_consumer(bus: Bus) -> AsyncIterator[AIOKafkaConsumer]:
    """Open a consumer that belongs to no group, so that it takes nothing from anybody.

    Raises `EngineFailed`, with what to do, when Kafka does not answer; also for what goes wrong inside.
    """
    await _refuse_silence(bus)
    consumer = AIOKafkaConsumer(**bus.arguments(), enable_auto_commit=False, auto_offset_reset="earliest")
    try:
        async with left_at_the_end(consumer):
            await consumer.start()
            yield consumer
    except KafkaError as error:
        raise EngineFailed(f"Kafka at {bus.servers} failed: {error}") from error


@asynccontextmanager
async def open_producer(bus: Bus) -> AsyncIterator[AIOKafkaProducer]:
    """Open a producer that writes as the services do and waits for Kafka's word; errors as `open_consumer`.

    One record that Kafka refuses spoils none behind it; one whose answer is lost may be there twice.
    """
    await _refuse_silence(bus)
    # Not idempotent: aiokafka's would count what was refused as sent, and all behind it were out of order.
    producer = AIOKafkaProducer(**bus.arguments(), **WRITING)
    try:
        await producer.start()
        yield producer
    except KafkaError as error:
        raise EngineFailed(f"Kafka at {bus.servers} failed: {error}") from error
    finally:
        await producer.stop()


async def partitions_of(bus: Bus) -> dict[str, list[TopicPartition]]:
    """Return each topic with its partitions, without Kafka's own; errors as `open_consumer`."""
    await _refuse_silence(bus)
    admin = AIOKafkaAdminClient(**bus.arguments())
    try:
        await admin.start()
        found = await admin.describe_topics()
    except KafkaError as error:
        raise EngineFailed(f"Kafka at {bus.servers} failed: {error}") from error
    finally:
        await admin.close()
    return {
        topic["topic"]: [
            TopicPartition(topic["topic"], number)
            for number in sorted(partition["partition"] for partition in topic["partitions"])
        ]
        for topic in found
        if not topic["topic"].startswith("__")
    }


async def read_to_end(
    consumer: AIOKafkaConsumer,
    partitions: Sequence[TopicPartition],
    starts: Mapping[TopicPartition, int] | None = None,
) -> AsyncIterator[ConsumerRecord[bytes, bytes]]:
    """Yield every record that the partitions hold now, and end; of those in `starts` from that offset on."""
    if not partitions:
        return
    ends = await consumer.end_offsets(partitions)
    consumer.assign(list(partitions))
    await consumer.seek_to_beginning(*partitions)
    for partition, offset in (starts or {}).items():
        consumer.seek(partition, offset)
    left = {partition for partition in partitions if await consumer.position(partition) < ends[partition]}
    while left:
        batch = await consumer.getmany(*left, timeout_ms=_POLL_MILLISECONDS)
        for records in batch.values():
            for record in records:
                yield record
        # By position, not by the last record's offset: compaction and markers leave gaps at the end.
        left = {partition for partition in left if await consumer.position(partition) < ends[partition]}


async def _refuse_silence(bus: Bus) -> None:
    if await kafka_answers(bus.servers, bus.security):
        return
    if bus.protocol == PLAIN:
        raise EngineFailed(
            f"Kafka does not answer at {bus.servers}. Start it with: earshot up. If yours runs elsewhere, "
            "name it in EARSHOT_KAFKA_BOOTSTRAP_SERVERS; if it asks for TLS or a password, set "
            "EARSHOT_KAFKA_SECURITY_PROTOCOL."
        )
    # aiokafka says the same of a broker that is away, one that it does not trust and one that refuses it.
    raise EngineFailed(
        f"Kafka at {bus.servers} does not answer by {bus.protocol}. Check EARSHOT_KAFKA_BOOTSTRAP_SERVERS, "
        "EARSHOT_KAFKA_SECURITY_PROTOCOL, and the certificates, name and password that go with it."
    )
