"""Learns Kafka's start once, so that every later one takes a third of the time.

Java can keep the classes that a run loaded, read and linked, in one file (JEP 483 and 514). The file is
learned from a throwaway broker that does what Earshot's broker will do: topics, records, a consumer group.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from deploy.local.errors import EngineFailed
from deploy.local.filelock import exclusive
from deploy.local.kafka.broker import KafkaNode
from deploy.local.kafka.configuration import BrokerAddress
from deploy.local.kafka.probe import kafka_answers
from deploy.local.ports import free_ports
from deploy.local.throwaway import running

if TYPE_CHECKING:
    from deploy.local.kafka.jars import Installation
    from deploy.local.progress import Reporter

_WRITE_SECONDS = 120
"""Java writes the file while it exits: seven seconds on two free cores, more on busy ones."""

_LESSON_SECONDS = 30
_TOPIC = "lesson"


def ensure_start_cache(installation: Installation, reporter: Reporter) -> bool:
    """Return True when the start-up cache is there, after learning it if it was not.

    Its absence only costs time, so a failure is told and not raised.
    """
    cache = installation.start_cache
    if cache.exists():
        return True
    with exclusive(cache.with_suffix(".lock")):
        if cache.exists():
            return True
        reporter.say("Teaching Java to start Kafka quickly (once, about ten seconds).")
        try:
            _learn(installation)
        except (EngineFailed, KafkaError, OSError, TimeoutError) as error:
            reporter.say(f"Kafka will start more slowly: its start could not be learned ({error}).")
            return False
    return True


def _learn(installation: Installation) -> None:
    with tempfile.TemporaryDirectory(dir=installation.folder) as name:
        folder = Path(name)
        port, controller_port = free_ports(2)
        node = KafkaNode(
            installation=installation,
            folder=folder,
            log_file=folder / "kafka.log",
            address=BrokerAddress(port, controller_port),
        )
        node.prepare()
        learned = folder / "learned.aot"
        servers = node.address.bootstrap_servers
        with running(
            node.command(options=(f"-XX:AOTCacheOutput={learned}",)),
            lambda: kafka_answers(servers),
            output=folder / "output.txt",
            stop_seconds=_WRITE_SECONDS,
        ):
            asyncio.run(asyncio.wait_for(_lesson(servers), _LESSON_SECONDS))
        learned.replace(installation.start_cache)


async def _lesson(bootstrap_servers: str) -> None:
    """Use the broker the way services do."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(_TOPIC, 2, 1, topic_configs={"cleanup.policy": "compact"})])
    finally:
        await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, enable_idempotence=True)
    await producer.start()
    try:
        await producer.send_and_wait(_TOPIC, b"value", key=b"key")
    finally:
        await producer.stop()
    consumer = AIOKafkaConsumer(
        _TOPIC,
        bootstrap_servers=bootstrap_servers,
        group_id="lesson",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        await consumer.getone()
        await consumer.commit()
    finally:
        await consumer.stop()
