"""Every topic, with each event that goes there, read by clients of other lineages: not one record differs.

What our own client reads is held against librdkafka and against Kafka's own tools. No service runs: the
examples of the contracts are published as services publish, so that topics which a running installation
seldom writes, as those of dead letters and removals, have records too.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from confluent_kafka import Consumer
from confluent_kafka import TopicPartition as Place

from deploy.local.kafka.topics import ensure_topics
from shared.clock import SystemClock
from shared.config import ServiceSettings
from shared.contracts.examples import EXAMPLES
from shared.contracts.resources import topic_of
from shared.contracts.topics import ALL_TOPICS, DEAD_LETTERS, SERVICES
from shared.messaging.broker import create_broker
from shared.messaging.dead_letters import DeadLetter, KafkaDeadLetters
from shared.messaging.publisher import KafkaEventPublisher
from tests.engines.kafka_tools import CONSOLE_CONSUMER, CONSUMER_GROUPS, VERIFIABLE_CONSUMER, tool
from tests.unit.shared.messaging.records import record_of

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

_SECONDS = 60
_PARTITIONS = {topic.name: topic.partitions for topic in ALL_TOPICS}

Taken = tuple[int, int, str | None, str | None]
"""Partition, offset, key and value of a record that a tool took."""


class Record(NamedTuple):
    """What a client makes of one record."""

    topic: str
    partition: int
    offset: int
    key: str | None
    value: str | None
    headers: tuple[tuple[str, str], ...]


class Bus(NamedTuple):
    """A broker, and what our own client reads there."""

    servers: str
    records: Sequence[Record]

    def count(self, topic: str) -> int:
        return sum(record.topic == topic for record in self.records)


def _text(content: bytes | None) -> str | None:
    return None if content is None else content.decode()


async def _publish(servers: str) -> None:
    """Publish each example, a tombstone wherever topics are compacted, and a dead letter of each service."""
    settings = ServiceSettings.model_validate(
        {"http_port": 8702, "signing_key": "k" * 48, "kafka_bootstrap_servers": servers}
    )
    broker = create_broker(settings, service="syncer")
    await broker.connect()
    try:
        publisher = KafkaEventPublisher(broker, service="syncer", clock=SystemClock())
        await publisher.publish(*EXAMPLES)
        await publisher.publish_tombstones(
            *(event for event in EXAMPLES if topic_of(event).cleanup == "compact")
        )
        for service in SERVICES:
            letter = DeadLetter(
                record_of(EXAMPLES[0]), "handler_rejected", 1, "An error, of two parts.", None
            )
            await KafkaDeadLetters(broker, service).put(letter)
    finally:
        await broker.stop()


async def _as_we_read(servers: str) -> list[Record]:
    places = [
        TopicPartition(topic.name, number) for topic in ALL_TOPICS for number in range(topic.partitions)
    ]
    found: list[Record] = []
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, auto_offset_reset="earliest")
    async with consumer:
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        while any([await consumer.position(place) < ends[place] for place in places]):
            for place, batch in (await consumer.getmany(timeout_ms=500)).items():
                found += [
                    Record(
                        place.topic,
                        place.partition,
                        record.offset,
                        _text(record.key),
                        _text(record.value),
                        tuple((name, content.decode()) for name, content in record.headers),
                    )
                    for record in batch
                ]
    return found


async def _filled(servers: str) -> list[Record]:
    await ensure_topics(servers, ALL_TOPICS)
    await _publish(servers)
    return await _as_we_read(servers)


@pytest.fixture(scope="module")
def bus(kafka: str) -> Bus:
    """Every topic of the contracts has a record."""
    records = asyncio.run(_filled(kafka))
    assert {record.topic for record in records} == {topic.name for topic in ALL_TOPICS}
    assert len(records) > len(EXAMPLES) + len(DEAD_LETTERS)
    return Bus(kafka, records)


def test_librdkafka_reads_each_record(bus: Bus) -> None:
    """Topic, partition, offset, key, value and headers, of events, tombstones and dead letters."""
    consumer = Consumer(
        {"bootstrap.servers": bus.servers, "group.id": "foreign.librdkafka", "enable.auto.commit": False}
    )
    found: list[Record] = []
    try:
        consumer.assign(
            [Place(topic.name, number, 0) for topic in ALL_TOPICS for number in range(topic.partitions)]
        )
        message: Any
        for message in consumer.consume(len(bus.records), timeout=_SECONDS):
            assert message.error() is None
            found.append(
                Record(
                    message.topic(),
                    message.partition(),
                    message.offset(),
                    _text(message.key()),
                    _text(message.value()),
                    tuple((name, content.decode()) for name, content in message.headers() or ()),
                )
            )
        assert consumer.poll(1) is None
    finally:
        consumer.close()
    assert sorted(found) == sorted(bus.records)


def test_the_console_consumer_prints_each_record(bus: Bus) -> None:
    """Kafka's own consumer prints partition, offset, headers, key and value of all topics' records."""
    printed = tool(
        CONSOLE_CONSUMER,
        *("--bootstrap-server", bus.servers),
        *("--include", "|".join(topic.name.replace(".", r"\.") for topic in ALL_TOPICS)),
        "--from-beginning",
        *("--max-messages", str(len(bus.records))),
        *("--timeout-ms", str(_SECONDS * 1_000)),
        *("--property", "print.partition=true"),
        *("--property", "print.offset=true"),
        *("--property", "print.headers=true"),
        *("--property", "print.key=true"),
    )
    assert Counter(printed.splitlines()) == Counter(map(_as_printed, bus.records))


def _as_printed(record: Record) -> str:
    headers = ",".join(f"{name}:{content}" for name, content in record.headers) or "NO_HEADERS"
    place = f"Partition:{record.partition}\tOffset:{record.offset}"
    return f"{place}\t{headers}\t{record.key}\t{'null' if record.value is None else record.value}"


@pytest.fixture(scope="module")
def taken(bus: Bus) -> dict[str, list[Taken]]:
    """Return by topic what Kafka's own tool for system tests took, each topic by a group of its own."""
    found = {}
    for topic in (topic.name for topic in ALL_TOPICS):
        printed = tool(
            VERIFIABLE_CONSUMER,
            *("--bootstrap-server", bus.servers),
            *("--topic", topic),
            *("--group-id", f"foreign.{topic}"),
            *("--reset-policy", "earliest"),
            *("--max-messages", str(bus.count(topic))),
            "--verbose",
        )
        told = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
        found[topic] = [
            (one["partition"], one["offset"], one.get("key"), one.get("value"))
            for one in told
            if one["name"] == "record_data"
        ]
    return found


@pytest.mark.parametrize("topic", [topic.name for topic in ALL_TOPICS])
def test_the_verifiable_consumer_takes_each_record(
    bus: Bus, taken: dict[str, list[Taken]], topic: str
) -> None:
    """Key and value of each record, in order for each partition."""
    wanted = [(one.partition, one.offset, one.key, one.value) for one in bus.records if one.topic == topic]
    assert sorted(taken[topic]) == sorted(wanted)
    for partition in range(_PARTITIONS[topic]):
        offsets = [offset for place, offset, *_ in taken[topic] if place == partition]
        assert offsets == sorted(offsets)


def test_the_group_tool_sees_that_all_is_taken(bus: Bus, taken: dict[str, list[Taken]]) -> None:
    """Every partition with records is committed to its end, and nothing is behind."""
    described = tool(CONSUMER_GROUPS, *("--bootstrap-server", bus.servers), "--describe", "--all-groups")
    rows = [line.split() for line in described.splitlines() if line.startswith("foreign.")]
    committed = {(row[1], int(row[2])): (int(row[3]), row[5]) for row in rows if row[3] != "-"}
    ends: dict[tuple[str, int], int] = {}
    for one in bus.records:
        ends[one.topic, one.partition] = max(ends.get((one.topic, one.partition), 0), one.offset + 1)
    assert {topic for topic, _ in ends} == taken.keys()
    assert committed == {place: (end, "0") for place, end in ends.items()}
