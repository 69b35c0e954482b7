"""Readiness of a running service while Kafka dies and comes back."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import time
from typing import TYPE_CHECKING

import httpx
import pytest
from asgi_lifespan import LifespanManager
from pydantic import SecretStr

from deploy.local.kafka.configuration import BrokerAddress
from deploy.local.kafka.node import planned_node, prepare_node
from deploy.local.kafka.probe import kafka_answers
from deploy.local.kafka.topics import ensure_topics
from deploy.local.ports import free_ports
from deploy.local.progress import SilentReporter
from deploy.local.settings import LocalSettings
from deploy.local.throwaway import running
from services.notifier.app import create_app
from services.notifier.settings import Settings
from shared.contracts.topics import ALL_TOPICS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

_A_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


async def until(holds: Callable[[], Awaitable[bool]], seconds: float) -> float:
    """Return after how many seconds it held."""
    began = time.monotonic()
    async with asyncio.timeout(seconds):
        while not await holds():
            await asyncio.sleep(0.1)
    return time.monotonic() - began


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_readiness_follows_kafka(mongodb_uri: str, tmp_path: Path) -> None:
    """It drops when Kafka dies, names the bus, and is back ten seconds after it; requests are served on."""
    local = LocalSettings()
    node = planned_node(
        folder=tmp_path / "kafka",
        log_file=tmp_path / "kafka.log",
        address=BrokerAddress(*free_ports(2)),
        cache_dir=local.cache_dir,
    )
    prepare_node(node, local.cache_dir, SilentReporter())
    servers = node.address.bootstrap_servers
    settings = Settings(
        kafka_bootstrap_servers=servers,
        mongodb_uri=SecretStr(mongodb_uri),
        database_prefix=f"t{secrets.token_hex(6)}",
        signing_key=SecretStr("k" * 40),
        credential_keys=SecretStr(_A_KEY),
    )
    app = create_app(settings, on_stop=pytest.fail)
    transport = httpx.ASGITransport(app=app)

    async def ready() -> bool:
        return (await client.get("/health/ready")).status_code == 200

    async def unready() -> bool:
        return not await ready()

    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        with running(node.command(), lambda: kafka_answers(servers), output=tmp_path / "first.txt") as pid:
            await ensure_topics(servers, ALL_TOPICS)
            manager = LifespanManager(app, startup_timeout=30, shutdown_timeout=60)
            await manager.__aenter__()
            await until(ready, 60)
            os.kill(pid, signal.SIGKILL)
            await until(unready, 15)
            report = (await client.get("/health/ready")).json()
            assert "bus" in str(report)
            assert (await client.get("/health/serving")).status_code == 200
        try:
            with running(node.command(), lambda: kafka_answers(servers), output=tmp_path / "second.txt"):
                assert await until(ready, 60) <= 10
        finally:
            await manager.__aexit__(None, None, None)
