"""Commands that speak to Kafka: connecting, reading to the end, and what to say when nobody answers."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy.local.errors import EngineFailed
from deploy.local.kafka.probe import kafka_answers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from aiokafka import ConsumerRecord

_ANSWER_MILLISECONDS = 10_000
_POLL_MILLISECONDS = 1_000


@asynccontextmanager
async def open_consumer(servers: str) -> AsyncIterator[AIOKafkaConsumer]:
    """Open a consumer that belongs to no group, so that it takes nothing from anybody.

    Raises `EngineFailed`, with what to do, when Kafka does not answer; also for what goes wrong inside.
    """
    await _refuse_silence(servers)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=servers,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        request_timeout_ms=_ANSWER_MILLISECONDS,
        client_id="earshot-cli",
    )
    try:
        await consumer.start()
        yield consumer
    except KafkaError as error:
        raise EngineFailed(f"Kafka at {servers} failed: {error}") from error
    finally:
        await consumer.stop()


@asynccontextmanager
async def open_producer(servers: str) -> AsyncIterator[AIOKafkaProducer]:
    """Open an idempotent producer that waits for Kafka's word; errors as `open_consumer`."""
    await _refuse_silence(servers)
    producer = AIOKafkaProducer(
        bootstrap_servers=servers,
        enable_idempotence=True,
        request_timeout_ms=_ANSWER_MILLISECONDS,
        client_id="earshot-cli",
    )
    try:
        await producer.start()
        yield producer
    except KafkaError as error:
        raise EngineFailed(f"Kafka at {servers} failed: {error}") from error
    finally:
        await producer.stop()


async def partitions_of(servers: str) -> dict[str, list[TopicPartition]]:
    """Return each topic with its partitions, without Kafka's own; errors as `open_consumer`."""
    await _refuse_silence(servers)
    admin = AIOKafkaAdminClient(bootstrap_servers=servers, client_id="earshot-cli")
    try:
        await admin.start()
        found = await admin.describe_topics()
    except KafkaError as error:
        raise EngineFailed(f"Kafka at {servers} failed: {error}") from error
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
    consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]
) -> AsyncIterator[ConsumerRecord[bytes, bytes]]:
    """Yield every record that the partitions hold now, and end."""
    if not partitions:
        return
    ends = await consumer.end_offsets(partitions)
    consumer.assign(list(partitions))
    await consumer.seek_to_beginning(*partitions)
    left = {partition for partition in partitions if await consumer.position(partition) < ends[partition]}
    while left:
        batch = await consumer.getmany(*left, timeout_ms=_POLL_MILLISECONDS)
        for records in batch.values():
            for record in records:
                yield record
        # By position, not by the last record's offset: compaction and markers leave gaps at the end.
        left = {partition for partition in left if await consumer.position(partition) < ends[partition]}


async def _refuse_silence(servers: str) -> None:
    if not await kafka_answers(servers):
        raise EngineFailed(
            f"Kafka does not answer at {servers}. Start it with: earshot up. If yours runs elsewhere, name "
            "it in EARSHOT_KAFKA_BOOTSTRAP_SERVERS."
        )
