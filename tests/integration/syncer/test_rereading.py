"""`earshot reread` on real engines: what the syncer holds for published is published once more, all of it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import uuid
from collections import Counter
from typing import TYPE_CHECKING

import httpx
import pytest

from deploy.local.kafka.topics import ensure_topics
from shared.contracts.sync import SyncCompleted
from shared.contracts.topics import ALL_TOPICS, RESOURCES_CONTACTS, RESOURCES_CONVERSATIONS, SYNC_PROGRESS
from tests.integration.syncer.stage import Bus, Connector, Syncer, simulator

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


async def reread(mongodb_uri: str, prefix: str, *arguments: str) -> tuple[int, str, str]:
    """Call the command as an operator does; return its exit code and what it said on both streams."""
    surroundings = dict(os.environ)  # noqa: TID251 - a child process inherits its parent's surroundings
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "deploy.cli",
        "reread",
        *arguments,
        env={**surroundings, "EARSHOT_MONGODB_URI": mongodb_uri, "EARSHOT_DATABASE_PREFIX": prefix},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await process.communicate()
    return process.returncode or 0, said.decode(), complained.decode()


async def completed(bus: Bus, reason: str) -> None:
    async with asyncio.timeout(60):
        while not any(
            isinstance(event, SyncCompleted) and event.reason == reason
            for _, event in await bus.read(SYNC_PROGRESS)
        ):
            await asyncio.sleep(0.3)


async def published(bus: Bus) -> Counter[str]:
    records = await bus.read(RESOURCES_CONVERSATIONS, RESOURCES_CONTACTS)
    return Counter(key for key, event in records if event is not None)


async def test_all_of_a_workspace_is_published_once_more(
    kafka: str, mongodb_uri: str, tmp_path: Path
) -> None:
    """An operator names the connection; one that the syncer does not know is told with those that it does."""
    await ensure_topics(kafka, ALL_TOPICS)
    prefix = f"t{uuid.uuid4().hex[:10]}"
    bus = Bus(kafka)
    with simulator(tmp_path, CONVERSATIONS=40, PARTS=4, CONTACTS=20, COMPANIES=5, DAYS=60) as url:
        async with httpx.AsyncClient() as client:
            state = (await client.get(f"{url}/_control/state")).json()
        workspace_id = state["workspaces"][0]["id"]
        connector = Connector(url, workspace_id)
        syncer = Syncer(
            tmp_path, kafka=kafka, mongodb_uri=mongodb_uri, connector_url=connector.url, prefix=prefix
        )
        try:
            syncer.start()
            await bus.send(bus.connection(url, workspace_id), bus.request("initial"))
            await completed(bus, "initial")
            first = await published(bus)
            assert set(first.values()) == {1}

            code, _, complained = await reread(mongodb_uri, prefix, "nobody")
            assert (code, bus.connection_id in complained) == (1, True)
            assert await published(bus) == first

            code, said, complained = await reread(mongodb_uri, prefix, "--all", "--json")
            assert code == 0, complained
            told = json.loads(said)
            assert told["connection_id"] == bus.connection_id
            assert told["resources"] >= 60
            await completed(bus, "reconcile")
            assert await published(bus) == Counter(dict.fromkeys(first, 2))
        finally:
            syncer.close()
            connector.close()
