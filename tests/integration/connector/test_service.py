"""The connector as it runs, with bus and documents: schedule, hints, revocation, removal, replicas."""

from __future__ import annotations

import io
import logging
import sys
from collections import Counter
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest
from asgi_lifespan import LifespanManager
from bson import json_util
from cryptography.fernet import Fernet
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import SecretStr
from pymongo import AsyncMongoClient

from deploy.local.kafka.topics import ensure_topics
from deploy.simulator.tokens import DEMO_TOKEN
from services.connector.pages.routes import INTERCOM
from shared.auth.tokens import mint_service_token
from shared.clock import SystemClock
from shared.contracts.connections import ConnectionChanged, DataRemovalRequested, DataRemoved
from shared.contracts.sync import SyncInterrupted, SyncRequested
from shared.contracts.topics import ALL_TOPICS, CONNECTIONS, REMOVALS, SYNC_PROGRESS, SYNC_REQUESTS, Service
from shared.messaging.broker import create_broker
from shared.messaging.publisher import KafkaEventPublisher
from shared.observability import tracing
from shared.observability.logs import configure_logging
from tests.integration.connector.stage import Browser, Workspace, running, settings, told, until, workspace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from services.connector.settings import Settings
    from shared.contracts.event import Event

pytestmark = pytest.mark.slow
FIRST = "gen12345"
NOBODY = "127.0.0.1:9"  # the discard port: nothing listens there


@pytest.fixture
async def place(kafka: str) -> AsyncIterator[Workspace]:
    """A simulated Intercom, and the topics."""
    await ensure_topics(kafka, ALL_TOPICS)
    async with workspace() as made:
        yield made


@pytest.fixture
def chosen(place: Workspace, kafka: str, mongodb_uri: str) -> Settings:
    """Settings with both engines; runs are due each hour, so that only what a test does makes requests."""
    return settings(place, mongodb_uri, kafka_bootstrap_servers=kafka, new_connection_interval_seconds=3_600)


async def published(kafka: str, browser: Browser) -> list[Event]:
    found = await told(kafka, browser.organization_id, CONNECTIONS, SYNC_REQUESTS, REMOVALS)
    return [event for _, event in found]


async def say(chosen: Settings, service: Service, *events: Event) -> None:
    """Publish as another service does."""
    broker = create_broker(chosen, service=service)
    await broker.start()
    try:
        await KafkaEventPublisher(broker, service=service, clock=SystemClock()).publish(*events)
    finally:
        await broker.stop()


async def test_from_connecting_to_hints(place: Workspace, chosen: Settings, kafka: str) -> None:
    """A connection is told, a first run is asked for, and what changes in the workspace becomes hints.

    Duplicates, null ids, disorder and wrong signatures of the sender make neither a second hint nor a fault.
    """
    browser = Browser(place, chosen)
    async with running(browser):
        back = await browser.authorize(FIRST)
        assert (await browser.http.get(back)).status_code == 303

        async def asked() -> bool:
            return any(isinstance(event, SyncRequested) for event in await published(kafka, browser))

        await until(asked)
        await place.control("switches", webhook_duplicate_every=2, webhook_null_id_every=3)
        ids = list(place.simulator.simulation.tenants[FIRST].workspace.conversations.ids())[:8]
        for each in ids:
            await place.control("mutate", name="read", arguments={"conversation_id": each}, workspace=FIRST)
        await place.control("switches", webhook_bad_signature_every=1, webhook_retry_seconds=0)
        await place.control("mutate", name="read", arguments={"conversation_id": ids[0]}, workspace=FIRST)

        async def hinted() -> bool:
            found = await published(kafka, browser)
            return len(_hints(found)) >= len(ids)

        await until(hinted)
        found = await published(kafka, browser)
    assert sorted(_hints(found)) == sorted(ids)
    scheduled = [event for event in found if isinstance(event, SyncRequested) and event.reason == "scheduled"]
    assert len(scheduled) == 1
    states = [event.state for event in found if isinstance(event, ConnectionChanged)]
    assert states == ["connected"]


def _hints(found: list[Event]) -> list[str]:
    return [
        hint.id
        for event in found
        if isinstance(event, SyncRequested) and event.reason == "hint"
        for hint in event.hints
    ]


async def test_access_taken_away_at_intercom_is_noticed(
    place: Workspace, chosen: Settings, kafka: str
) -> None:
    """By the uninstall notice, by a look between runs, by the syncer's word; each is told once."""
    browser = Browser(place, chosen)
    async with running(browser):
        await browser.http.get(await browser.authorize(FIRST))
        (connection,) = await browser.connections()
        lent = await _lease(browser, chosen, connection["id"])
        gone = await place.http.post("/auth/uninstall", headers={"Authorization": f"Bearer {lent}"})
        assert gone.status_code == 200

        async def stopped() -> bool:
            return [each["state"] for each in await browser.connections()] == ["needs_attention"]

        await until(stopped)
        assert "Needs attention" in await browser.page()

        fresh = (await place.control("tokens", workspace=FIRST))["value"]
        assert (await browser.connect(fresh))["id"] == connection["id"]
        await place.control("tokens", value=fresh, state="revoked")
        await until(stopped)

        last = (await place.control("tokens", workspace=FIRST))["value"]
        await browser.connect(last)
        interrupted = SyncInterrupted(
            organization_id=browser.organization_id,
            connection_id=connection["id"],
            run_id="run-1",
            reason="plan_restricted",
            detail="403 api_plan_restricted",
            interrupted_at=SystemClock().now(),
        )
        await say(chosen, "syncer", interrupted, interrupted)
        await until(stopped)
        resumed = await browser.http.post(f"/api/v1/connections/{connection['id']}/resume", json={})
        assert resumed.json()["state"] == "connected"
        found = await published(kafka, browser)
    reasons = [event.attention for event in found if isinstance(event, ConnectionChanged)]
    assert reasons == [None, "token_revoked", None, "token_revoked", None, "plan_restricted", None]


async def _lease(browser: Browser, chosen: Settings, connection_id: str) -> str:
    token = mint_service_token(chosen.signing_key, SystemClock(), service="syncer", audience="connector")
    answer = await browser.http.get(
        f"/internal/v1/connections/{connection_id}/credential",
        params={"organization_id": browser.organization_id},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


async def test_disconnect_remove_and_begin_anew(place: Workspace, chosen: Settings, kafka: str) -> None:
    """Disconnecting uninstalls; removing waits for every service; then the same workspace starts anew."""
    browser = Browser(place, chosen)
    async with running(browser):
        await browser.http.get(await browser.authorize(FIRST))
        (connection,) = await browser.connections()
        prefix = f"/api/v1/connections/{connection['id']}"
        assert (await browser.http.post(f"{prefix}/disconnect", json={})).json()["state"] == "disconnected"
        tokens = (await place.http.get("/_control/tokens")).json()["tokens"]
        assert [each["state"] for each in tokens if each["app"] == "oauth-demo-client"] == ["revoked"]
        name = connection["workspace_name"]
        assert (await browser.post(f"{connection['id']}/remove", typed_name=name)).status_code == 303
        early = await browser.post("token", access_token=DEMO_TOKEN, region="us")
        assert "still being removed" in early.text
        (order,) = [e for e in await published(kafka, browser) if isinstance(e, DataRemovalRequested)]
        others: tuple[Service, ...] = ("syncer", "detector", "notifier")
        for service in others:
            word = DataRemoved(
                organization_id=browser.organization_id,
                connection_id=connection["id"],
                removal_id=order.removal_id,
                service=service,
                documents=5,
                removed_at=SystemClock().now(),
            )
            await say(chosen, service, word, word)

        async def confirmed() -> bool:
            (found,) = await browser.connections()
            return len(found["removal_confirmed_by"]) == 4

        await until(confirmed)
        assert "5 documents removed" in await browser.page()
        anew = await browser.connect(DEMO_TOKEN)
        assert (anew["state"], anew["removal_confirmed_by"]) == ("connected", [])
        assert anew["id"] != connection["id"]
        found = await published(kafka, browser)
    told = [(event.connection_id, event.revision) for event in found if isinstance(event, ConnectionChanged)]
    first = [(connection["id"], revision) for revision in (1, 2, 3)]
    assert sorted(told) == sorted([*first, (anew["id"], 1)])


async def test_two_replicas_ask_once(place: Workspace, chosen: Settings, kafka: str) -> None:
    """Both look for due runs; each run is asked for by one of them."""
    quick = chosen.model_copy(update={"new_connection_interval_seconds": 10, "scheduler_seconds": 0.01})
    one = Browser(place, quick)
    other = Browser(place, quick, one.organization_id)
    async with running(one), running(other):
        await one.connect(DEMO_TOKEN)

        async def asked_twice() -> bool:
            return len(_scheduled(await published(kafka, one))) >= 2

        await until(asked_twice)
        found = await published(kafka, one)
    assert set(Counter(_scheduled(found)).values()) == {1}


def _scheduled(found: list[Event]) -> list[str]:
    return [
        event.request_id
        for event in found
        if isinstance(event, SyncRequested) and event.reason == "scheduled"
    ]


async def test_the_key_ring_turns(place: Workspace, chosen: Settings, mongodb_uri: str) -> None:
    """With a new key in front credentials are renewed by themselves; then the old one may go."""
    old, new = chosen.credential_keys.get_secret_value(), Fernet.generate_key().decode()
    browser = Browser(place, chosen)
    connection = await browser.connect(DEMO_TOKEN)
    both = chosen.model_copy(update={"credential_keys": SecretStr(f"{new},{old}")})
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(mongodb_uri)
    stored = client[chosen.database_name("connector")]["connections"]
    before = await stored.find_one({"_id": connection["id"]})
    async with running(Browser(place, both, browser.organization_id)):

        async def renewed() -> bool:
            after = await stored.find_one({"_id": connection["id"]})
            return before is not None and after is not None and after["credential"] != before["credential"]

        await until(renewed)
    await client.close()
    alone = chosen.model_copy(update={"credential_keys": SecretStr(new)})
    after = Browser(place, alone, browser.organization_id)
    assert await _lease(after, alone, connection["id"]) == DEMO_TOKEN


@contextmanager
def everything_logged() -> Iterator[io.StringIO]:
    """Take down every log line, debug ones and tracebacks too, as the process would write them."""
    written = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stderr, sys.stderr = sys.stderr, written
    try:
        configure_logging(level="DEBUG", log_format="json", service="connector")
        # Libraries are quiet in production; here they may say what they like.
        for name in list(logging.root.manager.loggerDict):
            if name.startswith(("httpx", "httpcore", "services", "shared")):
                logging.getLogger(name).setLevel(logging.DEBUG)
        yield written
    finally:
        sys.stderr = stderr
        root.handlers[:] = handlers
        root.setLevel(level)


async def test_a_planted_token_is_found_nowhere(
    place: Workspace,
    chosen: Settings,
    kafka: str,
    mongodb_uri: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Through a whole life with every kind of trouble, a bug among it, the credential stays in the vault.

    Spans, logs, pages, API answers, metrics, documents and events are searched for the tokens, the client
    secret and the credential keys, plain and in the encodings in which they might slip through.
    """
    oauth_token, private_token = "", (await place.control("tokens", workspace=FIRST))["value"]
    seen: list[str] = []

    async def note(answer: Any) -> None:
        await answer.aread()
        if "/internal/" not in str(answer.request.url):
            seen.append(f"{answer.request.url} {answer.headers} {answer.text}")

    spans = InMemorySpanExporter()
    tracing._PROVIDER.add_span_processor(SimpleSpanProcessor(spans))
    with everything_logged() as written:
        browser = Browser(place, chosen)
        browser.http.event_hooks["response"] = [note]
        async with running(browser):
            await browser.http.get(await browser.authorize(FIRST))
            (connection,) = await browser.connections()
            prefix = f"/api/v1/connections/{connection['id']}"
            oauth_token = await _lease(browser, chosen, connection["id"])
            await browser.connect(private_token)
            for switch in (
                {"html_502_every": 1},
                {"html_502_every": 0, "reset_every": 1},
                {"reset_every": 0, "empty_200_every": 1},
                {"empty_200_every": 0, "missing_permission": "forbidden"},
            ):
                await place.control("switches", **switch)
                await browser.post("token", access_token=private_token, region="eu")
                await browser.post(f"{connection['id']}/doctor")
                await browser.http.post(f"{prefix}/doctor", json={})
            await browser.post("token", access_token=private_token, base_url="https://evil.example")
            await browser.post("token", access_token=f"{private_token}\n{private_token}", region="us")
            await browser.http.post("/api/v1/connections", json={"access_token": private_token, "region": 7})
            await browser.http.post("/api/v1/connections", json={"access_token": [private_token]})
            with monkeypatch.context() as bug:
                bug.setattr("services.connector.adapters.http_intercom._object", _nobody_foresaw)
                with suppress(RuntimeError):
                    await browser.http.post(f"{prefix}/doctor", json={})
                with suppress(RuntimeError):
                    await browser.post("token", access_token=private_token, region="us")
            await place.control("tokens", value=private_token, state="revoked")
            await browser.http.post(f"{prefix}/doctor", json={})
            for path in (INTERCOM, "/settings/organization/integrations", "/operations/sync", "/metrics"):
                await browser.page(path)
            for path in (
                "",
                f"/{connection['id']}",
                f"/{connection['id']}/ledger",
                f"/{connection['id']}/doctor",
            ):
                await browser.http.get(f"/api/v1/connections{path}")
            documents = await _documents(mongodb_uri, chosen.database_name("connector"))
            assert '"credential": "' in documents
            await browser.http.request(
                "DELETE", f"{prefix}/data", params={"confirm": connection["workspace_name"]}, json={}
            )
            records = await told(
                kafka, browser.organization_id, CONNECTIONS, SYNC_REQUESTS, SYNC_PROGRESS, REMOVALS
            )
            documents += await _documents(mongodb_uri, chosen.database_name("connector"))
    places = {
        "logs": written.getvalue(),
        "pages and API": "\n".join(seen),
        "events": "\n".join(raw.decode() for raw, _ in records),
        "documents": documents,
        "settings": repr(chosen),
        "spans": "\n".join(span.to_json() for span in spans.get_finished_spans()),
    }
    secrets_planted = {
        "OAuth token": oauth_token,
        "private token": private_token,
        "client secret": chosen.intercom_client_secret.get_secret_value()
        if chosen.intercom_client_secret
        else "",
        "credential key": chosen.credential_keys.get_secret_value(),
        "signing key": chosen.signing_key.get_secret_value(),
    }
    spans.shutdown()
    assert "Nobody foresaw this" in places["logs"]
    assert all(len(text) > 500 for text in places.values()), {
        name: len(text) for name, text in places.items()
    }
    for secret_name, secret in secrets_planted.items():
        assert len(secret) > 15
        for where, text in places.items():
            for form in (secret, secret.rstrip("="), secret[::-1], secret.encode().hex()):
                assert form not in text, f"{secret_name} in {where}"


def _nobody_foresaw(content: bytes) -> dict[str, Any]:
    raise RuntimeError(f"Nobody foresaw this: {len(content)} bytes")


async def _documents(mongodb_uri: str, database: str) -> str:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(mongodb_uri)
    lines = []
    for name in await client[database].list_collection_names():
        lines += [json_util.dumps(document) async for document in client[database][name].find({})]
    await client.close()
    return "\n".join(lines)


async def test_a_connector_that_was_away_loses_no_fact(
    place: Workspace, chosen: Settings, kafka: str
) -> None:
    """What was stored while the bus was not there is published after the next start."""
    before = Browser(place, chosen.model_copy(update={"kafka_bootstrap_servers": NOBODY}))
    async with LifespanManager(before.app):
        await before.connect(DEMO_TOKEN)
        assert await published(kafka, before) == []
    after = Browser(place, chosen, before.organization_id)
    async with running(after):

        async def told_at_last() -> bool:
            return any(isinstance(event, ConnectionChanged) for event in await published(kafka, after))

        await until(told_at_last)
