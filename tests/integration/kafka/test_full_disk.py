"""A disk that is full under Kafka: it ends itself rather than lose a write, and comes back whole."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from deploy.local.kafka.configuration import BrokerAddress
from deploy.local.kafka.node import planned_node, prepare_node
from deploy.local.kafka.probe import kafka_answers
from deploy.local.ports import free_ports
from deploy.local.progress import SilentReporter
from deploy.local.settings import LocalSettings
from deploy.local.throwaway import running
from tests.engines.small_disk import small_disk

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

_MEGABYTES = 40
_ROOM_MEGABYTES = 160
_RECORD_BYTES = 200_000
_TOPIC = "filling"
_MOST_RECORDS = 1_000
"""Five times what the disk holds."""


async def _fill(servers: str) -> int:
    """Send records until one is not acknowledged; return how many were."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    await admin.create_topics([NewTopic(_TOPIC, 1, 1)])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=servers, enable_idempotence=True, request_timeout_ms=5_000)
    await producer.start()
    acknowledged = 0
    try:
        for number in range(_MOST_RECORDS):
            # Random, so that nothing is made small on its way.
            content = random.Random(number).randbytes(_RECORD_BYTES)
            await asyncio.wait_for(producer.send_and_wait(_TOPIC, content, key=b"%d" % number), 10)
            acknowledged += 1
    except (KafkaError, TimeoutError):
        return acknowledged
    finally:
        # It would wait for the broker that is gone.
        stopping = asyncio.create_task(producer.stop())
        await asyncio.wait({stopping}, timeout=5)
        stopping.cancel()
        await asyncio.gather(stopping, return_exceptions=True)
    raise AssertionError("the disk was never full")


async def _read(servers: str, count: int) -> list[int]:
    consumer = AIOKafkaConsumer(_TOPIC, bootstrap_servers=servers, auto_offset_reset="earliest")
    await consumer.start()
    found = []
    try:
        async with asyncio.timeout(60):
            for _ in range(count):
                record = await consumer.getone()
                number = int(record.key or b"")
                assert record.value == random.Random(number).randbytes(_RECORD_BYTES)
                found.append(number)
    finally:
        await consumer.stop()
    return found


async def test_a_full_disk_loses_nothing_acknowledged(tmp_path: Path) -> None:
    """What was acknowledged is there when there is room again, and its log says why it ended."""
    settings = LocalSettings()
    with small_disk(tmp_path / "disk", _MEGABYTES) as disk:
        node = planned_node(
            folder=disk.folder / "kafka",
            # Not on the full disk: somebody has to be able to read why.
            log_file=tmp_path / "kafka.log",
            address=BrokerAddress(*free_ports(2)),
            cache_dir=settings.cache_dir,
        )
        prepare_node(node, settings.cache_dir, SilentReporter())
        servers = node.address.bootstrap_servers
        with running(node.command(), lambda: kafka_answers(servers), output=tmp_path / "1.txt"):
            acknowledged = await _fill(servers)
        assert acknowledged > 10
        assert "No space left on device" in node.log_file.read_text("utf-8")
        disk.resize(_ROOM_MEGABYTES)
        with running(node.command(), lambda: kafka_answers(servers), output=tmp_path / "2.txt"):
            assert await _read(servers, acknowledged) == list(range(acknowledged))
