"""A real broker: it keeps what it acknowledged, and comes back after a kill."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
import uuid
from typing import TYPE_CHECKING

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local.kafka.configuration import BrokerAddress
from deploy.local.kafka.node import planned_node, prepare_node
from deploy.local.kafka.probe import kafka_answers
from deploy.local.ports import free_ports
from deploy.local.progress import SilentReporter
from deploy.local.settings import LocalSettings
from deploy.local.throwaway import running

if TYPE_CHECKING:
    from pathlib import Path


_KEYS = [b"key %d" % number for number in range(50)]
_VALUE_BYTES = 10_000
_COMPACTS_SECONDS = 90
"""The cleaner looks for work every 15 s."""
_HELD_SECONDS = 0.05
"""Until all threads of a held process stand still."""
_COMPACTED = {
    "cleanup.policy": "compact",
    "segment.bytes": "1048576",
    "min.cleanable.dirty.ratio": "0.01",
}


async def make_topic(servers: str, topic: str, **settings: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1, topic_configs=settings)])
    await admin.close()


async def send(servers: str, topic: str, values: list[bytes]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=servers, enable_idempotence=True)
    await producer.start()
    for value in values:
        await producer.send_and_wait(topic, value, key=b"key", headers=[("ce_type", b"example")])
    await producer.stop()


async def read(servers: str, topic: str, count: int) -> list[tuple[bytes | None, bytes | None, object]]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=servers, auto_offset_reset="earliest")
    await consumer.start()
    records = [await consumer.getone() for _ in range(count)]
    await consumer.stop()
    return [(record.key, record.value, record.headers) for record in records]


async def read_last(servers: str, topic: str) -> dict[bytes | None, bytes | None]:
    place = TopicPartition(topic, 0)
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([place])
        (end,) = (await consumer.end_offsets([place])).values()
        found: dict[bytes | None, bytes | None] = {}
        while await consumer.position(place) < end:
            for record in (await consumer.getmany(timeout_ms=500)).get(place, []):
                found[record.key] = record.value
    finally:
        await consumer.stop()
    return found


async def test_a_record_comes_back_as_it_was_sent(kafka: str) -> None:
    """The shared broker takes a record from an idempotent producer and gives it to a consumer."""
    topic = f"node-{uuid.uuid4().hex}"
    await make_topic(kafka, topic)
    await send(kafka, topic, [b"value"])
    assert await read(kafka, topic, 1) == [(b"key", b"value", (("ce_type", b"example"),))]


async def overwrite(servers: str, topic: str, until: threading.Event) -> dict[bytes, bytes]:
    """Write a few keys over and over until then; return the last value of each that was acknowledged."""
    last: dict[bytes, bytes] = {}
    producer = AIOKafkaProducer(bootstrap_servers=servers, enable_idempotence=True)
    await producer.start()
    number = 0
    try:
        while not until.is_set():
            sent = []
            for key in _KEYS:
                number += 1
                value = b"%09d" % number + b"x" * _VALUE_BYTES
                sent.append((key, value, await producer.send(topic, value, key=key)))
            for key, value, acknowledged in sent:
                await acknowledged
                last[key] = value
    finally:
        await producer.stop()
    return last


def half_compacted(folder: Path) -> bool:
    """Tell whether a segment that compaction has begun to write lies in a broker's folder."""
    return next(folder.rglob("compacted-0/*.cleaned"), None) is not None


def kill_when_compacting(pid: int, folder: Path, killed: threading.Event) -> None:
    """Kill the broker while it compacts: it is held first, since a segment is soon finished."""
    deadline = time.monotonic() + _COMPACTS_SECONDS
    while True:
        assert time.monotonic() < deadline, "it was never seen compacting"
        if half_compacted(folder):
            os.kill(pid, signal.SIGSTOP)
            time.sleep(_HELD_SECONDS)
            if half_compacted(folder):
                break
            os.kill(pid, signal.SIGCONT)
        time.sleep(0.001)
    os.kill(pid, signal.SIGKILL)
    killed.set()


@pytest.mark.slow
async def test_a_broker_killed_while_it_compacts_keeps_the_last_of_each_key(tmp_path: Path) -> None:
    """With half a new segment on the disk it starts again, and each key has its last value."""
    settings = LocalSettings()
    node = planned_node(
        folder=tmp_path,
        log_file=tmp_path / "kafka.log",
        address=BrokerAddress(*free_ports(2)),
        cache_dir=settings.cache_dir,
    )
    prepare_node(node, settings.cache_dir, SilentReporter())
    servers, killed = node.address.bootstrap_servers, threading.Event()

    with running(node.command(), lambda: kafka_answers(servers), output=tmp_path / "1.txt") as pid:
        await make_topic(servers, "compacted", **_COMPACTED)
        writing = asyncio.create_task(overwrite(servers, "compacted", killed))
        await asyncio.to_thread(kill_when_compacting, pid, tmp_path, killed)
    assert await asyncio.to_thread(half_compacted, tmp_path)

    prepare_node(node, settings.cache_dir, SilentReporter())
    with running(node.command(), lambda: kafka_answers(servers), output=tmp_path / "2.txt"):
        # What was on its way when the broker died is sent again, and acknowledged by the next one.
        last = await writing
        found = await read_last(servers, "compacted")
    assert found == last


@pytest.mark.slow
async def test_a_killed_broker_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    """After kill -9 the same folder starts again, with every record that was acknowledged."""
    settings = LocalSettings()
    node = planned_node(
        folder=tmp_path,
        log_file=tmp_path / "kafka.log",
        address=BrokerAddress(*free_ports(2)),
        cache_dir=settings.cache_dir,
    )
    prepare_node(node, settings.cache_dir, SilentReporter())
    servers = node.address.bootstrap_servers
    values = [f"value {number}".encode() for number in range(50)]

    with running(node.command(), lambda: kafka_answers(servers), output=tmp_path / "1.txt") as pid:
        await make_topic(servers, "kept")
        await send(servers, "kept", values)
        os.kill(pid, signal.SIGKILL)

    prepare_node(node, settings.cache_dir, SilentReporter())
    with running(node.command(), lambda: kafka_answers(servers), output=tmp_path / "2.txt"):
        kept = [value for _, value, _ in await read(servers, "kept", len(values))]
    assert kept == values
    assert (tmp_path / "kafka.log").stat().st_size > 0
