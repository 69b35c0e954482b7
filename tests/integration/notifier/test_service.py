"""The notifier as it runs: from a record on the bus to receivers, inbox and log."""

from __future__ import annotations

import asyncio
import html
import secrets
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from asgi_lifespan import LifespanManager
from confluent_kafka import ConsumerGroupState
from confluent_kafka.admin import AdminClient
from cryptography.fernet import Fernet
from pydantic import SecretStr
from pymongo import AsyncMongoClient

from deploy.local.kafka.topics import ensure_topics
from services.notifier.app import create_app
from services.notifier.settings import Settings
from shared.clock import SystemClock
from shared.contracts.connections import DataRemoved
from shared.contracts.signals import SignalCleared, SignalUpdated
from shared.contracts.topics import ALL_TOPICS
from shared.messaging.broker import create_broker
from shared.messaging.publisher import KafkaEventPublisher
from tests.integration.notifier.receivers import Receivers, receiving
from tests.unit.services.notifier.fakes import a_fact, a_signal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from shared.contracts.signals import SignalDetected


@pytest.fixture
async def receivers() -> AsyncIterator[Receivers]:
    """Receivers on loopback."""
    async with receiving() as running:
        yield running


@pytest.fixture
async def settings(kafka: str, mongodb_uri: str) -> Settings:
    """Settings for real engines, with a database of its own and a receiver's patience of a second."""
    await ensure_topics(kafka, ALL_TOPICS)
    return Settings(
        kafka_bootstrap_servers=kafka,
        mongodb_uri=SecretStr(mongodb_uri),
        database_prefix=f"t{secrets.token_hex(6)}",
        signing_key=SecretStr("k" * 40),
        credential_keys=SecretStr(Fernet.generate_key().decode()),
        allow_private_webhooks=True,
        notify_timeout_seconds=1,
        notify_attempts=2,
        notify_sweep_seconds=0.1,
    )


@asynccontextmanager
async def _running(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings, on_stop=pytest.fail)
    async with LifespanManager(app, startup_timeout=30, shutdown_timeout=60):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            await _until(lambda: _ready(client))
            page = await client.get("/inbox", headers={"Accept": "text/html"})
            client.headers["x-csrf-token"] = page.text.partition('csrf-token" content="')[2].partition('"')[0]
            yield client


async def _ready(client: httpx.AsyncClient) -> bool:
    return (await client.get("/health/ready")).status_code == 200


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await holds():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def _publisher(settings: Settings) -> AsyncIterator[KafkaEventPublisher]:
    broker = create_broker(settings, service="detector")
    await broker.start()
    try:
        yield KafkaEventPublisher(broker, service="detector", clock=SystemClock())
    finally:
        await broker.stop()


async def _nobody_consumes(settings: Settings) -> bool:
    admin = AdminClient({"bootstrap.servers": settings.kafka_bootstrap_servers})
    group = "earshot.notifier.main"
    described = await asyncio.to_thread(admin.describe_consumer_groups([group])[group].result)
    return bool(described.state == ConsumerGroupState.EMPTY)


def _fresh(connection: str, number: int = 1) -> SignalDetected:
    now = SystemClock().now()
    return a_signal(
        organization_id="local",
        connection_id=connection,
        signal_id=f"{connection}-{number}",
        occurred_at=now - timedelta(seconds=1),
        changed_at=now,
    )


async def _rule(client: httpx.AsyncClient, **body: Any) -> str:
    answer = await client.post("/api/v1/rules", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def _states(client: httpx.AsyncClient, signal_id: str) -> dict[str, str]:
    page = (await client.get("/api/v1/deliveries", params={"signal_id": signal_id})).json()
    return {item["rule_id"]: item["state"] for item in page["items"]}


async def _entries(client: httpx.AsyncClient, connection: str) -> list[dict[str, Any]]:
    # Other tests of the run publish to the same topics.
    page = (await client.get("/api/v1/inbox", params={"limit": 200})).json()
    return [entry for entry in page["items"] if entry["signal"]["connection_id"] == connection]


@pytest.mark.slow
async def test_a_signal_reaches_every_receiver_once(settings: Settings, receivers: Receivers) -> None:
    """Good receivers get it once though the record comes twice; a dead one is tried, given up, logged."""
    connection = f"c-{secrets.token_hex(4)}"
    signal = _fresh(connection)
    async with _running(settings) as client, _publisher(settings) as publisher:
        good = await _rule(client, name="Good", channel="webhook", url=f"{receivers.base}/good")
        dead = await _rule(client, name="Dead", channel="webhook", url=f"{receivers.base}/broken")
        await publisher.publish(signal, signal)

        async def settled() -> bool:
            states = await _states(client, signal.signal_id)
            return states.get(good) == "delivered" and states.get(dead) == "failed"

        await _until(settled)
        assert await _states(client, signal.signal_id) == {
            "default": "delivered",
            good: "delivered",
            dead: "failed",
        }
        assert len([got for got in receivers.at("good") if signal.signal_id.encode() in got.body]) == 1
        tries = [got for got in receivers.at("broken") if signal.signal_id.encode() in got.body]
        assert len(tries) == 2
        assert len({got.headers["webhook-id"] for got in tries}) == 1
        assert [entry["id"] for entry in await _entries(client, connection)] == [signal.signal_id]
        page = await client.get("/settings/organization/notifications")
        assert "Needs attention" in page.text


@pytest.mark.slow
async def test_clearing_and_removing_are_followed(settings: Settings) -> None:
    """A cleared signal is shown as over; removed data leaves no trace in inbox and log."""
    connection = f"c-{secrets.token_hex(4)}"
    signal = _fresh(connection)
    over = SignalCleared.model_validate(
        {**signal.model_dump(), "revision": 2, "evidence": (), "cleared_because": "evidence_gone"}
    )
    async with _running(settings) as client, _publisher(settings) as publisher:
        await publisher.publish(signal, over)

        async def remembered() -> bool:
            return bool(await _states(client, signal.signal_id))

        await _until(remembered)
        await publisher.publish(second := _fresh(connection, 2))

        async def told_of_the_second_only() -> bool:
            # The first may have had an entry for a moment, if its clearing came in a batch of its own.
            entries = {entry["id"]: entry["signal"] for entry in await _entries(client, connection)}
            words = entries[signal.signal_id]["evidence"] if signal.signal_id in entries else []
            return second.signal_id in entries and words == []

        await _until(told_of_the_second_only)
        await publisher.publish(
            DataRemoved(
                organization_id="local",
                connection_id=connection,
                removal_id=secrets.token_hex(8),
                service="detector",
                documents=2,
                removed_at=SystemClock().now(),
            )
        )

        async def gone() -> bool:
            return not await _states(client, second.signal_id) and not await _entries(client, connection)

        await _until(gone)


@pytest.mark.slow
async def test_the_reason_of_a_signal_without_words_arrives(settings: Settings, receivers: Receivers) -> None:
    """An account fact is sent, shown and exported in words; when its number moves, nobody is told again."""
    connection = f"c-{secrets.token_hex(4)}"
    signal = _fresh(connection).model_copy(update={"evidence": (), "facts": (a_fact(value="9"),)})
    moved = SignalUpdated.model_validate({**signal.model_dump(), "revision": 2, "facts": (a_fact(),)})
    async with _running(settings) as client, _publisher(settings) as publisher:
        hook = await _rule(client, name="Why", channel="webhook", url=f"{receivers.base}/good")
        await publisher.publish(signal)

        async def told() -> bool:
            states = await _states(client, signal.signal_id)
            return states == {"default": "delivered", hook: "delivered"}

        await _until(told)
        (got,) = [one for one in receivers.at("good") if signal.signal_id.encode() in one.body]
        assert b'"value":"9","reason":"fell from 40 within 90 days"' in got.body
        assert "Fell from 40 within 90 days (seats: 9)" in await _text(client, "/inbox")
        await publisher.publish(moved)

        async def followed() -> bool:
            return "Fell from 40 within 90 days (seats: 4)" in await _text(client, "/inbox")

        await _until(followed)
        assert "Fell from 40 within 90 days (seats: 4)" in await _text(client, "/inbox/export.csv")
        assert await told()
        assert [one for one in receivers.at("good") if signal.signal_id.encode() in one.body] == [got]


async def _text(client: httpx.AsyncClient, path: str) -> str:
    answer = await client.get(path, headers={"Accept": "text/html"})
    assert answer.is_success, path
    return html.unescape(answer.text)


@pytest.mark.slow
async def test_redacted_words_are_nowhere(settings: Settings, receivers: Receivers) -> None:
    """Once a signal has lost its words they are in no request, page, file or document any more."""
    connection = f"c-{secrets.token_hex(4)}"
    signal = _fresh(connection)
    words = signal.evidence[0].quote
    without = SignalUpdated.model_validate({**signal.model_dump(), "revision": 2, "evidence": ()})
    patient = settings.model_copy(update={"notify_attempts": 8})
    async with _running(patient) as client, _publisher(patient) as publisher:
        await _rule(client, name="Echo", channel="webhook", url=f"{receivers.base}/echo")
        await publisher.publish(signal)

        async def tried() -> bool:
            states = await _states(client, signal.signal_id)
            return bool(receivers.at("echo")) and states.get("default") == "delivered"

        await _until(tried)
        assert words.encode() in receivers.at("echo")[0].body
        await publisher.publish(without)

        async def sent_without() -> bool:
            bodies = [got.body for got in receivers.at("echo") if signal.signal_id.encode() in got.body]
            return words.encode() not in bodies[-1]

        await _until(sent_without)
        for path in (
            "/inbox",
            "/inbox/export.csv",
            "/api/v1/inbox",
            "/api/v1/deliveries",
            "/operations/deliveries",
            "/operations/deliveries/export.csv",
            "/settings/organization/notifications",
        ):
            answer = await client.get(path, headers={"Accept": "text/html"})
            assert answer.is_success, path
            assert words not in html.unescape(answer.text), path
    kept = await _documents(settings)
    assert signal.signal_id in kept
    assert words not in kept


async def _documents(settings: Settings) -> str:
    """Return everything the notifier holds, as text."""
    async with AsyncMongoClient[dict[str, Any]](settings.mongodb_uri.get_secret_value()) as engine:
        database = engine[f"{settings.database_prefix}_notifier"]
        names = ("notifications", "inbox", "signals", "rules")
        return "".join([str([one async for one in database[name].find({})]) for name in names])


@pytest.mark.slow
async def test_what_one_process_left_another_sends(settings: Settings, receivers: Receivers) -> None:
    """A notification that waits for its next try survives the process; nobody is told twice after it."""
    connection = f"c-{secrets.token_hex(4)}"
    signal = _fresh(connection)
    patient = settings.model_copy(update={"notify_attempts": 8})
    async with _running(patient) as client, _publisher(patient) as publisher:
        await _rule(client, name="Good", channel="webhook", url=f"{receivers.base}/good")
        hook = await _rule(client, name="Busy", channel="webhook", url=f"{receivers.base}/broken")
        await publisher.publish(signal)

        async def tried() -> bool:
            return (
                bool(receivers.at("broken"))
                and "delivered" in (await _states(client, signal.signal_id)).values()
            )

        await _until(tried)
    before = len(receivers.at("broken"))
    async with _running(patient) as client:

        async def tried_again() -> bool:
            return len(receivers.at("broken")) > before

        await _until(tried_again)
        assert (await _states(client, signal.signal_id))[hook] == "pending"
        assert len([got for got in receivers.at("good") if signal.signal_id.encode() in got.body]) == 1


@pytest.mark.slow
async def test_stopping_takes_nothing_more_and_ends_what_was_begun(
    settings: Settings, receivers: Receivers
) -> None:
    """The bus is left first, tries under way end; the rest is sent after the restart, all of it once."""
    patient = settings.model_copy(update={"notify_timeout_seconds": 10})
    connection = f"c-{secrets.token_hex(4)}"
    signals = [_fresh(connection, number) for number in range(11)]
    ruled, leave = asyncio.Event(), asyncio.Event()

    async def serve() -> None:
        async with _running(patient) as client:
            await _rule(client, name="Slow", channel="webhook", url=f"{receivers.base}/slow")
            ruled.set()
            await leave.wait()

    async def at_the_receiver(count: int) -> bool:
        return len(receivers.at("slow")) >= count

    async with _publisher(patient) as publisher:
        serving = asyncio.create_task(serve())
        await ruled.wait()
        await publisher.publish(*signals[:10])
        await _until(lambda: at_the_receiver(4))
        leave.set()
        await _until(lambda: _nobody_consumes(patient))
        await publisher.publish(signals[10])
        receivers.gate.set()
        await serving
    assert len(receivers.at("slow")) == 4
    async with _running(patient) as client:
        await _until(lambda: at_the_receiver(11))
        for signal in signals:
            assert set((await _states(client, signal.signal_id)).values()) == {"delivered"}
    assert len({got.headers["webhook-id"] for got in receivers.at("slow")}) == 11
    assert len(receivers.at("slow")) == 11
