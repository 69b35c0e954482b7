"""Publishing while Kafka is dead, on a real one that is killed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from deploy.local.kafka.configuration import BrokerAddress
from deploy.local.kafka.node import planned_node, prepare_node
from deploy.local.kafka.probe import kafka_answers
from deploy.local.kafka.topics import ensure_topics
from deploy.local.ports import free_ports
from deploy.local.progress import SilentReporter
from deploy.local.settings import LocalSettings
from deploy.local.throwaway import running
from shared.clock import SystemClock
from shared.config import ServiceSettings
from shared.contracts.topics import ALL_TOPICS
from shared.errors import TransientError
from shared.messaging.broker import create_broker
from shared.messaging.dead_letters import DeadLetter, KafkaDeadLetters
from shared.messaging.publisher import KafkaEventPublisher
from tests.unit.shared.messaging.records import record, request

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_who_publishes_while_kafka_is_dead_hears_of_it(tmp_path: Path) -> None:
    """A request of a person is answered, and a delivery makes room for the next; the sweeper comes later."""
    local = LocalSettings()
    node = planned_node(
        folder=tmp_path / "kafka",
        log_file=tmp_path / "kafka.log",
        address=BrokerAddress(*free_ports(2)),
        cache_dir=local.cache_dir,
    )
    prepare_node(node, local.cache_dir, SilentReporter())
    servers = node.address.bootstrap_servers
    broker = create_broker(
        ServiceSettings.model_validate(
            {"http_port": 8702, "signing_key": "k" * 48, "kafka_bootstrap_servers": servers}
        ),
        service="connector",
    )
    publisher = KafkaEventPublisher(broker, service="connector", clock=SystemClock())
    letters = KafkaDeadLetters(broker, "connector")
    with running(node.command(), lambda: kafka_answers(servers), output=tmp_path / "output.txt"):
        await ensure_topics(servers, ALL_TOPICS)
        await broker.connect()
        await publisher.publish(request("a"))
        await letters.put(DeadLetter(record(b"1", []), "handler_rejected", 1, "no", None))
    async with asyncio.timeout(60):
        with pytest.raises(TransientError):
            await publisher.publish(request("b"))
        with pytest.raises(TransientError):
            await letters.put(DeadLetter(record(b"2", []), "handler_rejected", 1, "no", None))
    # It waits for what it still has to send; nobody will take it any more.
    stopping = asyncio.create_task(broker.stop())
    await asyncio.wait({stopping}, timeout=1)
    stopping.cancel()
    await asyncio.gather(stopping, return_exceptions=True)
