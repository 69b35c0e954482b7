"""A real broker: it keeps what it acknowledged, and comes back after a kill."""

from __future__ import annotations

import os
import signal
import uuid
from typing import TYPE_CHECKING

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
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


async def make_topic(servers: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
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


async def test_a_record_comes_back_as_it_was_sent(kafka: str) -> None:
    """The shared broker takes a record from an idempotent producer and gives it to a consumer."""
    topic = f"node-{uuid.uuid4().hex}"
    await make_topic(kafka, topic)
    await send(kafka, topic, [b"value"])
    assert await read(kafka, topic, 1) == [(b"key", b"value", (("ce_type", b"example"),))]


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
