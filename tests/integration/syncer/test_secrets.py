"""A token planted in the syncer, and searched for wherever something of it could be left."""

from __future__ import annotations

import io
import logging
import sys
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from asgi_lifespan import LifespanManager
from bson import json_util
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import SecretStr
from pymongo import AsyncMongoClient

from deploy.local.kafka.topics import ensure_topics
from deploy.simulator.tokens import DEMO_TOKEN
from services.syncer.app import create_app
from services.syncer.settings import Settings
from services.syncer.use_cases.full_runs import FullRuns
from shared.contracts.sync import SyncCompleted, SyncInterrupted
from shared.contracts.topics import ALL_TOPICS, SYNC_PROGRESS
from shared.observability import tracing
from shared.observability.logs import configure_logging
from tests.integration.syncer.stage import SIGNING_KEY, Bus, Connector, simulator
from tests.integration.syncer.test_process import RESOURCE_TOPICS, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

WORKSPACE = "gen12345"
TROUBLES: tuple[dict[str, Any], ...] = (
    {"html_502_every": 2},
    {"html_502_every": 0, "reset_every": 2},
    {"reset_every": 0, "empty_200_every": 2},
    {"empty_200_every": 0, "too_many_requests_every": 2},
    {"too_many_requests_every": 0, "missing_permission": "forbidden", "plan_restricted": ["read_tags"]},
)


@contextmanager
def everything_logged() -> Iterator[io.StringIO]:
    """Take down every log line, debug ones and tracebacks too, as the process would write them."""
    written = io.StringIO()
    root = logging.getLogger()
    handlers, level, stderr = root.handlers[:], root.level, sys.stderr
    levels: dict[str, int] = {}
    sys.stderr = written
    try:
        configure_logging(level="DEBUG", log_format="json", service="syncer")
        for name in list(logging.root.manager.loggerDict):
            if name.startswith(("httpx", "httpcore", "aiohttp", "services", "shared")):
                levels[name] = logging.getLogger(name).level
                logging.getLogger(name).setLevel(logging.DEBUG)
        yield written
    finally:
        sys.stderr = stderr
        root.handlers[:] = handlers
        root.setLevel(level)
        for name, before in levels.items():
            logging.getLogger(name).setLevel(before)


@contextmanager
def all_spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    processor = SimpleSpanProcessor(exporter)
    tracing._PROVIDER.add_span_processor(processor)
    try:
        yield exporter
    finally:
        exporter.shutdown()


async def _documents(mongodb_uri: str, database: str) -> str:
    async with AsyncMongoClient[dict[str, Any]](mongodb_uri) as engine:
        names = await engine[database].list_collection_names()
        return "\n".join(
            [json_util.dumps(each) for name in names async for each in engine[database][name].find({})]
        )


async def test_a_planted_token_is_found_nowhere(
    kafka: str, mongodb_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through faults, a bug, a refusal and a good run: it is in no log, event, span, page or document."""
    await ensure_topics(kafka, ALL_TOPICS)
    prefix = f"t{uuid.uuid4().hex[:10]}"
    seen: list[str] = []
    with (
        simulator(tmp_path, CONVERSATIONS=60, CONTACTS=20, COMPANIES=5, DAYS=60) as url,
        everything_logged() as written,
        all_spans() as spans,
    ):
        connector = Connector(url, WORKSPACE)
        settings = Settings(
            kafka_bootstrap_servers=kafka,
            mongodb_uri=SecretStr(mongodb_uri),
            database_prefix=prefix,
            signing_key=SecretStr(SIGNING_KEY),
            connector_url=connector.url,
            lease_seconds=2,
            slice_seconds=1,
        )
        bus = Bus(kafka)

        async def control(what: str, **body: Any) -> None:
            async with httpx.AsyncClient() as client:
                assert (await client.post(f"{url}/_control/{what}", json=body)).is_success

        async def ended(reason: str, kind: type[SyncCompleted | SyncInterrupted]) -> bool:
            told = [event for _, event in await bus.read(SYNC_PROGRESS) if isinstance(event, kind)]
            return any(getattr(event, "reason", None) == reason for event in told)

        app = create_app(settings)
        async with (
            LifespanManager(app, startup_timeout=60, shutdown_timeout=60),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://syncer.test") as http,
        ):
            work = FullRuns.work

            async def bug(self: FullRuns, run: Any, reading: Any, reader: Any) -> str:
                monkeypatch.setattr(FullRuns, "work", work)
                raise RuntimeError(f"Nobody foresaw this: {run!r} {reading!r} {reader!r} {vars(reader)!r}")

            monkeypatch.setattr(FullRuns, "work", bug)
            await control("switches", **TROUBLES[0])
            await bus.send(bus.connection(url, WORKSPACE), bus.request("initial"))

            async def crashed() -> bool:
                return "Nobody foresaw this" in written.getvalue()

            await until(crashed)
            for trouble in TROUBLES:
                await control("switches", **trouble)
                await bus.send(bus.request("manual"))
                calls = written.getvalue().count("\n")

                async def went_on(calls: int = calls) -> bool:
                    return written.getvalue().count("\n") > calls

                await until(went_on)
            await control("tokens", value=DEMO_TOKEN, state="revoked")
            await bus.send(bus.request("manual"))
            await until(lambda: ended("token_revoked", SyncInterrupted))
            for path in ("/metrics", "/health/ready", "/health/live"):
                answer = await http.get(path)
                seen.append(f"{answer.headers} {answer.text}")
            await control("switches", reset=True)
            await control("tokens", value=DEMO_TOKEN, state="active")
            back = bus.connection(url, WORKSPACE, revision=2)
            await bus.send(back.model_copy(update={"changed_at": datetime.now(UTC)}))

            async def read_whole() -> bool:
                # A run that its troubles end just now forgets what was asked of it meanwhile; so ask again.
                await bus.send(bus.request("initial"))
                return await ended("initial", SyncCompleted)

            await until(read_whole)
        records = await bus.read(SYNC_PROGRESS, *RESOURCE_TOPICS)
        places = {
            "logs": written.getvalue(),
            "pages": "\n".join(seen),
            "events": "\n".join(f"{key} {event!r}" for key, event in records),
            "spans": "\n".join(span.to_json() for span in spans.get_finished_spans()),
            "documents": await _documents(mongodb_uri, f"{prefix}_syncer"),
            "settings": repr(settings),
        }
        connector.close()
    assert "Traceback" in places["logs"]
    assert found_in(places) == []


def found_in(places: dict[str, str]) -> list[str]:
    """Return where a secret is, plain or in an encoding in which it might slip through."""
    empty = [where for where, text in places.items() if len(text) <= 300]
    assert empty == []
    return [
        f"{secret[:6]}… in {where}"
        for secret in (DEMO_TOKEN, SIGNING_KEY)
        for form in (secret, secret.rstrip("="), secret[::-1], secret.encode().hex())
        for where, text in places.items()
        if form in text
    ]
