"""One suite for every publisher: all that is published is there, in order, with its key."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.local.kafka.topics import ensure_topics
from shared.clock import SystemClock
from shared.config import ServiceSettings
from shared.contracts.resources import ResourceDeleted, TagChanged
from shared.contracts.topics import ALL_TOPICS, RESOURCES_TAGS
from shared.errors import TransientError
from shared.messaging.broker import create_broker
from shared.messaging.publisher import EventPublisher, KafkaEventPublisher
from shared.messaging.recording import RecordingPublisher

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_PATIENCE_SECONDS = 30.0
NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Bench(Protocol):
    """A publisher, and what it has put on the bus as (key, is a tombstone)."""

    publisher: EventPublisher

    async def seen(self, workspace_id: str, count: int) -> list[tuple[str, bool]]: ...


class Recording:
    def __init__(self) -> None:
        self.recorder = RecordingPublisher()
        self.publisher: EventPublisher = self.recorder

    async def seen(self, workspace_id: str, count: int) -> list[tuple[str, bool]]:
        found = [(event.key(), False) for event in self.recorder.published]
        found += [(key, True) for key in self.recorder.tombstones]
        return [entry for entry in found if workspace_id in entry[0]][:count]


class OnKafka:
    def __init__(self, bootstrap: str, publisher: EventPublisher) -> None:
        self._bootstrap = bootstrap
        self.publisher = publisher

    async def seen(self, workspace_id: str, count: int) -> list[tuple[str, bool]]:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap, auto_offset_reset="earliest", enable_auto_commit=False
        )
        await consumer.start()
        consumer.assign([TopicPartition(RESOURCES_TAGS.name, 0)])
        found: list[tuple[str, bool]] = []
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while len(found) < count:
                    record = await consumer.getone()
                    if workspace_id in record.key.decode():
                        found.append((record.key.decode(), record.value is None))
        finally:
            await consumer.stop()
        return found


@pytest.fixture(params=["recording", "kafka"])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    if request.param == "recording":
        yield Recording()
        return
    bootstrap: str = request.getfixturevalue("kafka")
    await ensure_topics(bootstrap, ALL_TOPICS)
    settings = ServiceSettings.model_validate(
        {"http_port": 8702, "signing_key": "k" * 48, "kafka_bootstrap_servers": bootstrap}
    )
    broker = create_broker(settings, service="syncer")
    await broker.start()
    yield OnKafka(bootstrap, KafkaEventPublisher(broker, service="syncer", clock=SystemClock()))
    await broker.stop()


def tag(workspace_id: str, number: int) -> TagChanged:
    return TagChanged(
        organization_id="acme",
        connection_id="c1",
        workspace_id=workspace_id,
        id=str(number),
        version="v",
        observed_at=NOW,
        name=f"tag {number}",
    )


async def test_events_arrive_in_order_with_their_keys(bench: Bench) -> None:
    """Hundreds in one call keep the order that their partition promises."""
    workspace = uuid.uuid4().hex
    await bench.publisher.publish(*(tag(workspace, number) for number in range(700)))
    assert await bench.seen(workspace, 700) == [(f"acme/{workspace}/tag/{n}", False) for n in range(700)]


async def test_a_tombstone_has_the_key_of_what_went(bench: Bench) -> None:
    """Compaction forgets exactly the thing that was deleted."""
    workspace = uuid.uuid4().hex
    gone = ResourceDeleted(
        organization_id="acme",
        connection_id="c1",
        workspace_id=workspace,
        resource="tag",
        id="7",
        reason="deleted",
        observed_at=NOW,
    )
    await bench.publisher.publish(tag(workspace, 7), gone)
    await bench.publisher.publish_tombstones(gone)
    key = f"acme/{workspace}/tag/7"
    assert await bench.seen(workspace, 3) == [(key, False), (key, False), (key, True)]


async def test_publishing_nothing_is_nothing(bench: Bench) -> None:
    """An empty call is no error."""
    await bench.publisher.publish()
    await bench.publisher.publish_tombstones()


async def test_a_bus_that_is_not_connected_is_transient() -> None:
    """A publisher that cannot reach the bus says try again, and keeps nothing."""
    settings = ServiceSettings.model_validate({"http_port": 8702, "signing_key": "k" * 48})
    broker = create_broker(settings, service="syncer")
    publisher = KafkaEventPublisher(broker, service="syncer", clock=SystemClock())
    with pytest.raises(TransientError):
        await publisher.publish(tag("w", 1))


async def test_the_recorder_keeps_nothing_of_a_failed_call() -> None:
    """What stands in for the bus fails as the bus does."""
    recorder = RecordingPublisher()
    recorder.fail_next(TransientError("away"))
    with pytest.raises(TransientError):
        await recorder.publish(tag("w", 1))
    assert recorder.published == []
