"""The detector as it runs: from resources on the bus to signals on the bus, through trouble."""

from __future__ import annotations

import asyncio
import secrets
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from asgi_lifespan import LifespanManager
from pydantic import SecretStr
from pymongo import AsyncMongoClient

from deploy.local.kafka.topics import ensure_topics
from deploy.local.ports import free_ports
from services.detector.app import create_app
from services.detector.settings import Settings
from shared.clock import SystemClock
from shared.contracts.connections import (
    ConnectionChanged,
    ConnectionSettings,
    DataRemovalRequested,
    DataRemoved,
)
from shared.contracts.registry import EVENT_BY_TYPE
from shared.contracts.resources import Author, ConversationChanged, ConversationPartChanged
from shared.contracts.signals import SignalDetected
from shared.contracts.topics import ALL_TOPICS, REMOVALS, RESOURCES_CONVERSATIONS, SIGNALS
from shared.messaging.broker import create_broker
from shared.messaging.publisher import KafkaEventPublisher
from tests.unit.services.detector.rig import LEAVING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from shared.contracts.event import Event


@pytest.fixture
async def bus_settings(kafka: str, mongodb_uri: str) -> Settings:
    """Settings for real engines, with a database of its own."""
    await ensure_topics(kafka, ALL_TOPICS)
    return Settings(
        kafka_bootstrap_servers=kafka,
        mongodb_uri=SecretStr(mongodb_uri),
        database_prefix=f"t{secrets.token_hex(6)}",
        signing_key=SecretStr("k" * 40),
        # What other tests left on the broker may belong to connections that nobody tells of any more.
        connection_patience_seconds=0.5,
    )


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await holds():
            await asyncio.sleep(0.02)


def _some(found: Callable[[], Awaitable[list[Any]]]) -> Callable[[], Awaitable[bool]]:
    """Return a question that holds once anything is found."""

    async def holds() -> bool:
        return bool(await found())

    return holds


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings, on_stop=pytest.fail)
    async with LifespanManager(app, startup_timeout=30, shutdown_timeout=60):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:

            async def ready() -> bool:
                return (await client.get("/health/ready")).status_code == 200

            await until(ready)
            yield client


@asynccontextmanager
async def publishing(settings: Settings) -> AsyncIterator[KafkaEventPublisher]:
    broker = create_broker(settings, service="syncer")
    await broker.start()
    try:
        yield KafkaEventPublisher(broker, service="syncer", clock=SystemClock())
    finally:
        await broker.stop()


class Workspace:
    """A workspace of its own on the shared bus, so that tests do not meet."""

    def __init__(self) -> None:
        self.id = f"w{secrets.token_hex(4)}"
        self.base: dict[str, Any] = {"organization_id": "local", "connection_id": f"c-{self.id}"}

    def connected(self) -> ConnectionChanged:
        return ConnectionChanged(
            **self.base,
            revision=1,
            state="connected",
            workspace_id=self.id,
            settings=ConnectionSettings(lifecycle_events=True),
            changed_at=SystemClock().now(),
        )

    def said(self, conversation: str, words: str) -> list[Event]:
        now = SystemClock().now()
        base = {**self.base, "workspace_id": self.id, "version": secrets.token_hex(4), "observed_at": now}
        part = ConversationPartChanged(
            **base,
            id=f"{conversation}-1",
            conversation_id=conversation,
            part_type="comment",
            author=Author(type="user", id=f"u-{conversation}", name="Dana"),
            text=words,
            created_at=now,
        )
        whole = ConversationChanged(
            **base,
            id=conversation,
            contact_ids=(f"u-{conversation}",),
            created_at=now,
            updated_at=now,
            part_count=1,
        )
        return [part, whole]

    async def conversations(self, client: httpx.AsyncClient) -> list[str]:
        """Return the ids of this workspace's conversations; other tests of the run share the topics."""
        items = (await client.get("/api/v1/conversations?limit=200")).json()["items"]
        return [one["id"] for one in items if one["id"].startswith(f"{self.id}:")]

    async def signals(self, client: httpx.AsyncClient) -> list[str]:
        items = (await client.get("/api/v1/signals?limit=200&state=any")).json()["items"]
        return [one["id"] for one in items if any(each["id"].startswith(self.id) for each in one["people"])]

    def dry(self) -> DataRemoved:
        """Return the syncer's word that it publishes nothing more."""
        return DataRemoved(
            **self.base,
            removal_id=f"r-{self.id}",
            service="syncer",
            documents=1,
            removed_at=SystemClock().now(),
        )

    def removal(self) -> DataRemovalRequested:
        return DataRemovalRequested(
            **self.base,
            removal_id=f"r-{self.id}",
            workspace_id=self.id,
            requested_by="ann@acme.example",
            requested_at=SystemClock().now(),
        )


async def everything_on(settings: Settings, topic: str, connection_id: str) -> list[Event]:
    """Return all events of a connection on a topic, up to its present end."""
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=settings.kafka_bootstrap_servers, auto_offset_reset="earliest", group_id=None
    )
    await consumer.start()
    found = []
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    kind = dict(record.headers).get("ce_type", b"").decode()
                    if record.value is not None and kind in EVENT_BY_TYPE:
                        found.append(EVENT_BY_TYPE[kind].model_validate_json(record.value))
    finally:
        await consumer.stop()
    return [one for one in found if one.connection_id == connection_id]


async def drained(settings: Settings, group: str) -> None:
    """Return when a consumer group has committed everything that is on its topics now."""
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka_bootstrap_servers, group_id=group)
    await consumer.start()
    try:
        partitions = [
            TopicPartition(RESOURCES_CONVERSATIONS.name, number)
            for number in range(RESOURCES_CONVERSATIONS.partitions)
        ]
        ends = await consumer.end_offsets(partitions)

        async def committed() -> bool:
            return all([(await consumer.committed(one) or 0) >= end for one, end in ends.items() if end > 0])

        await until(committed)
    finally:
        await consumer.stop()


@pytest.mark.slow
async def test_words_on_the_bus_become_a_signal_on_the_bus(bus_settings: Settings) -> None:
    """A conversation published twice gives one signal, on the list and on the topic; removal ends it."""
    place = Workspace()
    connection = place.base["connection_id"]
    async with running(bus_settings) as client, publishing(bus_settings) as publisher:
        await publisher.publish(place.connected())

        async def follows() -> bool:
            page = await client.get("/settings/organization/detection", headers={"Accept": "text/html"})
            return ">on</span>" in page.text

        await until(follows)
        records = place.said("k1", LEAVING)
        await publisher.publish(*records)
        await publisher.publish(*records)

        async def listed() -> bool:
            return len(await place.signals(client)) == 1

        await until(listed)
        await publisher.publish(*place.said("k2", "Where is my invoice?"))

        async def read() -> bool:
            return len(await place.conversations(client)) == 2

        await until(read)
        told = await everything_on(bus_settings, SIGNALS.name, connection)
        assert [type(one) for one in told] == [SignalDetected]
        # Records still come while the order is carried out, as from a slice that was under way.
        await publisher.publish(place.removal(), *place.said("k3", LEAVING))
        await publisher.publish(place.dry(), *place.said("k4", LEAVING))

        async def answered() -> bool:
            events = await everything_on(bus_settings, REMOVALS.name, connection)
            return any(isinstance(one, DataRemoved) and one.service == "detector" for one in events)

        await until(answered)
        await publisher.publish(*place.said("k5", LEAVING))
        await drained(bus_settings, "earshot.detector.conversations")
        assert await place.conversations(client) == []
        assert await place.signals(client) == []


@pytest.mark.slow
async def test_a_restart_goes_on_where_it_was(bus_settings: Settings) -> None:
    """What is published while the detector is away is read when it is back, and nothing is told twice."""
    place = Workspace()
    async with running(bus_settings) as client, publishing(bus_settings) as publisher:
        await publisher.publish(place.connected(), *place.said("k1", LEAVING))

        async def listed() -> bool:
            return len(await place.conversations(client)) == 1

        await until(listed)
    async with publishing(bus_settings) as publisher:
        await publisher.publish(*place.said("k2", LEAVING))
    async with running(bus_settings) as client:

        async def both() -> bool:
            return len(await place.signals(client)) == 2

        await until(both)
    told = await everything_on(bus_settings, SIGNALS.name, place.base["connection_id"])
    assert len({one.key() for one in told}) == 2
    assert len(told) == len({one.event_id() for one in told})


@asynccontextmanager
async def process(settings: Settings, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the detector as its own process, to be killed."""
    environment = {
        "EARSHOT_CONNECTION_PATIENCE_SECONDS": str(settings.connection_patience_seconds),
        "PATH": "",
        "EARSHOT_HTTP_PORT": str(port),
        "EARSHOT_KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
        "EARSHOT_MONGODB_URI": settings.mongodb_uri.get_secret_value(),
        "EARSHOT_DATABASE_PREFIX": settings.database_prefix,
        "EARSHOT_SIGNING_KEY": settings.signing_key.get_secret_value(),
        "EARSHOT_LOG_LEVEL": "ERROR",
    }
    running_one = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.detector", env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield running_one
    finally:
        if running_one.returncode is None:
            running_one.kill()
        await running_one.wait()


@pytest.mark.slow
async def test_a_killed_detector_loses_and_doubles_nothing(bus_settings: Settings) -> None:
    """Killed in the middle of a first reading, the next one ends with every signal, each opened once."""
    place = Workspace()
    count = 150
    (port,) = free_ports(1)
    async with publishing(bus_settings) as publisher:
        await publisher.publish(place.connected())
        async with (
            process(bus_settings, port) as first,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
        ):

            async def some() -> bool:
                try:
                    return len(await place.signals(client)) >= 5
                except httpx.HTTPError:
                    return False

            for number in range(count):
                await publisher.publish(*place.said(f"k{number}", LEAVING))
            await until(some)
            first.kill()
            await first.wait()
    told: list[Event] = []
    async with running(bus_settings) as client:

        async def all_told() -> bool:
            # What the killed one had stored and not yet told is swept some seconds later.
            nonlocal told
            told = await everything_on(bus_settings, SIGNALS.name, place.base["connection_id"])
            return len({one.key() for one in told}) == count

        await until(all_told)
        assert len(await place.signals(client)) == count
    opened = {one.event_id() for one in told if isinstance(one, SignalDetected)}
    assert len(opened) == count


async def _is_read(settings: Settings, workspace: Workspace) -> bool:
    """Return whether the connection's first reading came to its end."""
    async with AsyncMongoClient[dict[str, Any]](settings.mongodb_uri.get_secret_value()) as mongo:
        rereads = mongo[f"{settings.database_prefix}_detector"]["rereads"]
        found = await rereads.find_one({"connection_id": workspace.base["connection_id"]})
    return found is not None and found["finished_at"] is not None


@pytest.mark.slow
async def test_an_upgraded_service_asks_before_the_past_changes(bus_settings: Settings) -> None:
    """What a newer version would add is compared by itself, counts when switched on, and alerts nobody."""
    workspace = Workspace()
    deaf = bus_settings.model_copy(
        update={"text_model": False, "detector_parameters": {"churn_risk": {"threshold": 1.0}}}
    )
    async with publishing(deaf) as publisher, running(deaf) as client:
        await publisher.publish(workspace.connected())
        for event in workspace.said("k1", LEAVING):
            await publisher.publish(event)
        await until(_some(lambda: workspace.conversations(client)))
        assert await workspace.signals(client) == []
        # A version that comes while a reading is unfinished takes it over, and asks nobody.
        await until(lambda: _is_read(deaf, workspace))
        # What comes again is read by the newer version as any record is. Nothing is committed past records of
        # connections that nobody tells of, such as other tests leave, until they are put aside.
        await drained(deaf, "earshot.detector.conversations")

    hearing = deaf.model_copy(update={"detector_parameters": {}})
    async with running(hearing) as client:

        async def compared() -> list[dict[str, Any]]:
            items = (await client.get("/api/v1/redetections")).json()["items"]
            return [
                one
                for one in items
                if one["connection_id"] == workspace.base["connection_id"] and one["state"] == "ready"
            ]

        await until(_some(compared))
        (found,) = await compared()
        assert [(one["kind"], one["added"]) for one in found["kinds"]] == [("churn_risk/explicit", 1)]
        assert await workspace.signals(client) == []
        switched = await client.post(f"/api/v1/redetections/{found['id']}/switch-on", json={})
        assert switched.json()["state"] == "switched_on"
        # A signal is stored before it is told; a service that stops between leaves it to the next one.
        await until(_some(lambda: everything_on(hearing, SIGNALS.name, workspace.base["connection_id"])))
        assert len(await workspace.signals(client)) == 1
    events = await everything_on(hearing, SIGNALS.name, workspace.base["connection_id"])
    assert [one.historical for one in events if isinstance(one, SignalDetected)] == [True]
