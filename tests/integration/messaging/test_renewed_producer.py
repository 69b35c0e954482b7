"""A producer whose records Kafka takes no more is renewed, on a real Kafka."""

from __future__ import annotations

import asyncio
import base64
import json
import random
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from deploy.local.kafka.topics import ensure_topics
from shared.clock import SystemClock
from shared.config import ServiceSettings
from shared.contracts.topics import ALL_TOPICS, SYNC_REQUESTS, dead_letter_topic
from shared.errors import PermanentError, TransientError
from shared.messaging.broker import create_broker, producer_of
from shared.messaging.dead_letters import DeadLetter, KafkaDeadLetters
from shared.messaging.publisher import KafkaEventPublisher
from tests.unit.shared.messaging.records import record, request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from faststream.kafka import KafkaBroker

    from shared.contracts.topics import Topic

_LOWERED_BYTES = 2_000
_NOISE = base64.b64encode(random.Random(3).randbytes(20_000)).decode()
"""Ten times that, and no compression makes it less."""

_PATIENCE_SECONDS = 30.0


@pytest.fixture
async def broker(kafka: str) -> AsyncIterator[KafkaBroker]:
    """A service's connection to a Kafka that has its topics."""
    await ensure_topics(kafka, ALL_TOPICS)
    settings = ServiceSettings.model_validate(
        {"http_port": 8702, "signing_key": "k" * 48, "kafka_bootstrap_servers": kafka}
    )
    broker = create_broker(settings, service="connector")
    await broker.connect()
    yield broker
    await broker.stop()


@asynccontextmanager
async def _lowered(kafka: str, topic: Topic) -> AsyncIterator[None]:
    """Have somebody set a topic's limit below that of the contracts, inside the block."""

    async def limit(size: int) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
        await admin.start()
        changes = {"max.message.bytes": str(size), "compression.type": "uncompressed"}
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic.name, configs=changes)])
        await admin.close()

    await limit(_LOWERED_BYTES)
    try:
        yield
    finally:
        await limit(topic.max_message_bytes)


async def _requests(kafka: str) -> list[str]:
    """Return the ids of all that were asked for, in the order of their one partition."""
    partitions = [TopicPartition(SYNC_REQUESTS.name, number) for number in range(SYNC_REQUESTS.partitions)]
    async with AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False) as consumer:
        consumer.assign(partitions)
        await consumer.seek_to_beginning()
        there = sum((await consumer.end_offsets(partitions)).values())
        found: list[str] = []
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while len(found) < there:
                batches = await consumer.getmany(timeout_ms=500)
                values = [one.value for batch in batches.values() for one in batch]
                found += [json.loads(value)["request_id"] for value in values]
    return found


async def test_what_comes_after_a_refused_event_is_published(kafka: str, broker: KafkaBroker) -> None:
    """The refused one never goes out; the next of its partition does at the second try, and all after it."""
    publisher = KafkaEventPublisher(broker, service="connector", clock=SystemClock())
    first = producer_of(broker)
    await publisher.publish(request("a"))
    async with _lowered(kafka, SYNC_REQUESTS):
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while True:
                try:
                    await publisher.publish(request("a").model_copy(update={"request_id": _NOISE}))
                except PermanentError:
                    break
        # Several at once, each of which would renew it.
        refused = await asyncio.gather(
            *(publisher.publish(request(name)) for name in "bcd"), return_exceptions=True
        )
        assert [type(error) for error in refused] == [TransientError] * 3
        second = producer_of(broker)
        assert second is not first
        for name in "bcd":
            await publisher.publish(request(name))
        assert producer_of(broker) is second
    assert (await _requests(kafka))[-3:] == ["b", "c", "d"]


async def test_dead_letters_are_kept_after_a_refused_one(kafka: str, broker: KafkaBroker) -> None:
    """What was refused has to come again; the others are kept, at the second try at the latest."""
    letters = KafkaDeadLetters(broker, "connector")

    def letter(value: bytes) -> DeadLetter:
        return DeadLetter(record(value, []), "handler_rejected", 1, "no", None)

    await letters.put(letter(b"0"))
    async with _lowered(kafka, dead_letter_topic("connector")):
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while True:
                try:
                    await letters.put(letter(_NOISE.encode()))
                except TransientError:
                    break
        with suppress(TransientError):
            await letters.put(letter(b"1"))
        await letters.put(letter(b"1"), letter(b"2"))
