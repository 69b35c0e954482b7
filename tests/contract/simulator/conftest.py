"""A running simulator for clients: in this process, on a free port or without any socket."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import httpx
import pytest
import uvicorn

from deploy.simulator.app import Simulator, create_simulator
from deploy.simulator.settings import SimulatorSettings
from deploy.simulator.tokens import DEMO_TOKEN
from shared.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SETTINGS = SimulatorSettings(
    workspace="generated",
    conversations=330,
    parts=6,
    contacts=160,
    companies=25,
    days=200,
    webhook_url=None,
    pace="paused",
    smtp_port=0,
)


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    made = create_simulator(SETTINGS, SystemClock())
    yield made
    await made.sender.stop()


@pytest.fixture
async def client(simulator: Simulator) -> AsyncIterator[httpx.AsyncClient]:
    """Calls the simulator directly, with the demo token and the pinned version."""
    headers = {"Authorization": f"Bearer {DEMO_TOKEN}", "Intercom-Version": "2.16"}
    transport = httpx.ASGITransport(simulator.app)
    address = "http://127.0.0.1:8710"
    async with httpx.AsyncClient(transport=transport, base_url=address, headers=headers) as made:
        yield made


@pytest.fixture
async def served(simulator: Simulator) -> AsyncIterator[str]:
    """The address of the same simulator behind a real server."""
    config = uvicorn.Config(simulator.app, host="127.0.0.1", port=0, log_level="critical", lifespan="on")
    server = uvicorn.Server(config)
    with contextlib.suppress(asyncio.CancelledError):
        task = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
        server.should_exit = True
        await task
