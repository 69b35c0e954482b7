"""A stage for the connector: a simulated workspace behind a real socket, whose webhooks come back to it."""

from __future__ import annotations

import asyncio
import re
import secrets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import uvicorn
from aiokafka import AIOKafkaConsumer, TopicPartition
from asgi_lifespan import LifespanManager
from cryptography.fernet import Fernet
from pydantic import SecretStr

from deploy.simulator.app import Simulator, create_simulator
from deploy.simulator.settings import SimulatorSettings
from services.connector.app import create_app
from services.connector.pages.routes import INTERCOM
from services.connector.settings import Settings
from shared.auth.identity import Identity
from shared.clock import SystemClock
from shared.contracts.registry import EVENT_BY_TYPE
from tests.unit.services.connector.site import SignedIn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from fastapi import FastAPI
    from starlette.types import Receive, Scope, Send

    from shared.contracts.event import Event
    from shared.contracts.topics import Topic

ORIGIN = "http://127.0.0.1"
CLIENT_SECRET = "the simulated app's secret"
HOOK = f"{ORIGIN}/webhooks/intercom"


class Workspace:
    """The simulator, its address, and where its webhooks go once somebody listens."""

    def __init__(self) -> None:
        self.listener: FastAPI | None = None
        self.asked: list[FastAPI] = []
        self.simulator: Simulator = create_simulator(
            SimulatorSettings(
                workspace="generated",
                conversations=60,
                parts=4,
                contacts=30,
                companies=6,
                days=100,
                pace="paused",
                smtp_port=0,
                webhook_url=HOOK,
                uninstall_url=f"{HOOK}/uninstalled",
                client_secret=CLIENT_SECRET,
                redirect_uri=f"{ORIGIN}{INTERCOM}/callback",
            ),
            SystemClock(),
            httpx.ASGITransport(self._relay),
        )
        self.url = ""
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(self.simulator.app), base_url=ORIGIN)

    async def _relay(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.listener is not None
        await self.listener(scope, receive, send)

    async def control(self, path: str, **body: Any) -> Any:
        answer = await self.http.post(f"/_control/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def calls(self) -> dict[str, Any]:
        found = (await self.http.get("/_control/statistics")).json()
        assert isinstance(found, dict)
        return found


@asynccontextmanager
async def workspace() -> AsyncIterator[Workspace]:
    """Serve a simulated workspace on a free port."""
    made = Workspace()
    server = uvicorn.Server(
        uvicorn.Config(made.simulator.app, host="127.0.0.1", port=0, log_level="critical", lifespan="on")
    )
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    made.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.should_exit = True
        await task
        await made.http.aclose()
        # Most tests only ask an application, and never run it; somebody must close what it opened.
        for app in made.asked:
            await app.state.lifecycle.end()


def settings(workspace: Workspace, mongodb_uri: str, **changes: Any) -> Settings:
    """Return settings that know the simulated regions, with a database of their own."""
    return Settings(
        **{
            "mongodb_uri": SecretStr(mongodb_uri),
            "database_prefix": f"t{secrets.token_hex(6)}",
            "signing_key": SecretStr("k" * 40),
            "credential_keys": SecretStr(Fernet.generate_key().decode()),
            "public_url": ORIGIN,
            "intercom_client_id": "demo-client",
            "intercom_client_secret": SecretStr(CLIENT_SECRET),
            "intercom_authorize_url": f"{workspace.url}/oauth",
            "intercom_token_url": f"{workspace.url}/auth/eagle/token",
            "intercom_uninstall_url": f"{workspace.url}/auth/uninstall",
            "intercom_hosts": {
                "us": workspace.url,
                "eu": f"{workspace.url}/eu",
                "au": f"{workspace.url}/au",
            },
            "look_seconds": 5,
            **changes,
        }
    )


class Browser:
    """One administrator of a new organization, and the pages and API of one connector."""

    def __init__(self, workspace: Workspace, chosen: Settings, organization_id: str | None = None) -> None:
        self.workspace = workspace
        self.organization_id = organization_id or f"org-{secrets.token_hex(4)}"
        self.stopped: list[str] = []
        self.app = create_app(chosen, on_stop=self.stopped.append)
        workspace.listener = self.app
        workspace.asked.append(self.app)
        self.app.state.authenticator = SignedIn(
            Identity(self.organization_id, "u-1", "Ines Moreau", "ines@example.com", "admin")
        )
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url=ORIGIN, headers={"Accept": "text/html"}
        )

    async def page(self, path: str = INTERCOM) -> str:
        answer = await self.http.get(path)
        assert answer.status_code == 200, answer.text[:500]
        return answer.text

    async def post(self, path: str, **fields: str) -> httpx.Response:
        found = re.search(r'csrf-token" content="([^"]+)"', await self.page())
        assert found is not None
        return await self.http.post(f"{INTERCOM}/{path}", data={"csrf_token": found[1], **fields})

    async def authorize(self, workspace_id: str, decision: str = "authorize") -> str:
        """Go to Intercom's screen, decide there, and return the address that it sends the browser back to."""
        sent = await self.post("authorize")
        assert sent.status_code == 303, sent.text[:500]
        query = {
            name: values[0] for name, values in parse_qs(urlsplit(sent.headers["location"]).query).items()
        }
        decided = await self.workspace.http.post(
            "/oauth", data={**query, "workspace": workspace_id, "decision": decision}
        )
        assert decided.status_code == 303, decided.text[:500]
        return decided.headers["location"].removeprefix(ORIGIN)

    async def connect(self, token: str, **where: str) -> dict[str, Any]:
        answer = await self.http.post(
            "/api/v1/connections", json={"access_token": token, "region": "us", **where}
        )
        assert answer.status_code == 201, answer.text
        found = answer.json()
        assert isinstance(found, dict)
        return found

    async def connections(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.http.get("/api/v1/connections")).json()["items"]
        return found

    async def verdicts(self, connection_id: str) -> dict[str, str]:
        answer = await self.http.post(f"/api/v1/connections/{connection_id}/doctor", json={})
        assert answer.status_code == 200, answer.text
        return {finding["part"]: finding["verdict"] for finding in answer.json()["findings"]}


@asynccontextmanager
async def running(browser: Browser) -> AsyncIterator[None]:
    """Run the connector with its engines: scheduler, looks, sweepers, consumers."""
    async with LifespanManager(browser.app, startup_timeout=60, shutdown_timeout=60):

        async def ready() -> bool:
            return (await browser.http.get("/health/ready")).status_code == 200

        await until(ready)
        yield
    assert browser.stopped == []


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something that other parts do has been done."""
    async with asyncio.timeout(60):
        while not await holds():
            await asyncio.sleep(0.05)


async def told(servers: str, organization_id: str, *topics: Topic) -> list[tuple[bytes, Event]]:
    """Return (record, event) of all that was published about one organization, in order for each topic.

    A fact that was told twice, as two publishers of one document may, comes once: it has the same id.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=servers, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    found: dict[str, tuple[bytes, Event]] = {}
    async with consumer:
        partitions = [TopicPartition(topic.name, n) for topic in topics for n in range(topic.partitions)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        behind = {partition for partition, end in ends.items() if end > 0}
        while behind:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    headers = dict(record.headers)
                    if record.value is None or headers["ce_organizationid"] != organization_id.encode():
                        continue
                    kind = EVENT_BY_TYPE[headers["ce_type"].decode()]
                    raw = record.value + repr(record.headers).encode()
                    event = kind.model_validate_json(record.value)
                    found.setdefault(event.event_id(), (raw, event))
            behind = {each for each in behind if await consumer.position(each) < ends[each]}
    return list(found.values())
