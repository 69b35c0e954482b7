"""What ten thousand quiet connections cost: `make bench-scale`.

Two questions. How late is one scheduler when many connections fall due all the time? One connector, real and
alone, is given the connections in its database, due evenly over their interval, beside an Intercom that
answers at once; each request on the bus names the time it was due at. And what does one idle connection cost?
One syncer reads a sample of small workspaces once, then runs for each of them in which nothing has changed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import psutil
from aiokafka import AIOKafkaConsumer
from cryptography.fernet import Fernet
from pydantic import SecretStr
from pymongo import AsyncMongoClient, UpdateOne
from rich.console import Console

from deploy.local.kafka.topics import ensure_topics
from deploy.local.ports import free_ports
from deploy.simulator.tokens import DEMO_TOKEN
from services.connector.adapters.fernet_vault import FernetVault
from services.connector.adapters.mongo_connections import MongoConnections
from services.connector.domain.connection import Connection, Workspace
from shared.clock import SystemClock
from shared.contracts.connections import ConnectionSettings
from shared.contracts.sync import SyncRequested
from shared.contracts.topics import ALL_TOPICS, SYNC_REQUESTS
from tests.benchmarks.earshot_side import Ended, engines, partitions
from tests.benchmarks.machine import load_now, machine, tell
from tests.benchmarks.simulated import Simulated, simulated
from tests.benchmarks.watched import Watch
from tests.integration.syncer.stage import SIGNING_KEY, Bus, Connector, Syncer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.contracts.event import Event

_UNLIMITED = 10_000_000
_PREFIX = "scale"
_AT_ONCE = 64
_LEAD_SECONDS = 20
"""Until the first one is due, for the times to be stored and the connector to start."""


def main(arguments: Sequence[str]) -> None:
    options = _options(arguments)
    console = Console(stderr=True)
    load = load_now()
    with (
        tempfile.TemporaryDirectory(prefix="earshot-scale-") as name,
        engines(Path(name)) as (kafka, uri),
        simulated(
            Path(name) / "workspace",
            conversations=20,
            parts=2,
            latency_ms=0,
            contacts=10,
            companies=3,
            app_limit=_UNLIMITED,
            workspace_limit=_UNLIMITED,
            # All connections read this one workspace, where each would have its own.
            SWITCHES__SCROLL_EXCLUSIVE="false",
        ) as workspace,
    ):
        # First, or the syncer would be asked to run the ten thousand too.
        idle = asyncio.run(_idle(Path(name), kafka, uri, workspace, options, console))
        told = asyncio.run(_scheduled(Path(name), kafka, uri, workspace, options, console)) | idle
    told |= machine(load)
    tell(told, as_json=options.json)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-scale", description=__doc__)
    parser.add_argument("--connections", type=int, default=10_000, help="in the connector")
    parser.add_argument("--interval", type=int, default=300, help="seconds between runs of each")
    parser.add_argument("--seconds", type=float, default=120, help="to measure for")
    parser.add_argument("--idle", type=int, default=200, help="connections that the syncer runs")
    parser.add_argument("--short", action="store_true", help="30 seconds, and 40 connections for the syncer")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    options = parser.parse_args(arguments)
    if options.short:
        options.seconds, options.idle = 30.0, 40
    return options


async def _scheduled(
    folder: Path, kafka: str, uri: str, workspace: Simulated, options: argparse.Namespace, console: Console
) -> dict[str, Any]:
    console.print(f"Storing {options.connections:,} connections.")
    keys = Fernet.generate_key().decode()
    first_due = await _fill(uri, workspace, keys, options)
    console.print(f"Scheduling for {options.seconds:g} s.")
    with ExitStack() as stack:
        pid = stack.enter_context(_connector(folder, kafka, uri, workspace, keys))
        lags = _Lags(kafka)
        await lags.start()
        await asyncio.sleep(max(first_due.timestamp() - time.time(), 0))
        workspace.forget_calls()
        with Watch({"connector": pid}) as watch:
            began = time.monotonic()
            found = await lags.during(options.seconds)
            seconds = time.monotonic() - began
        await lags.stop()
        looks = workspace.calls().total
    found.sort()
    return {
        "connections": options.connections,
        "runs_asked_for_a_second": round(len(found) / seconds, 1),
        "runs_due_a_second": round(options.connections / options.interval, 1),
        "lag_of_due_runs_median_s": round(found[len(found) // 2], 3),
        "lag_of_due_runs_99th_percentile_s": round(found[int(len(found) * 0.99)], 3),
        "lag_of_due_runs_largest_s": round(found[-1], 3),
        "connector_processor_share_of_one_core": round(watch.spent["connector"] / seconds, 3),
        "connector_peak_memory_mib": round(watch.peak_mib["connector"], 1),
        "looks_at_credentials_a_minute_in_all": round(60 * looks / seconds),
    }


async def _fill(uri: str, workspace: Simulated, keys: str, options: argparse.Namespace) -> datetime:
    """Store the connections, one organization each, due evenly; return the first due time."""
    clock = SystemClock()
    async with AsyncMongoClient[dict[str, Any]](uri, tz_aware=True) as client:
        store = MongoConnections(client[f"{_PREFIX}_connector"], _Silent(), clock)
        await store.ensure_indexes()
        credential = FernetVault(SecretStr(keys)).encrypt(DEMO_TOKEN)
        place = Workspace(
            workspace.workspace_id(),
            "A workspace",
            "us",
            workspace.url,
            workspace.url,
            "Ada",
            "ada@x.example",
        )
        # Nobody knows yet how long the inserts take, so the times are set when they are done.
        far = clock.now() + timedelta(days=1)
        gate = asyncio.Semaphore(_AT_ONCE)

        async def insert(number: int) -> None:
            async with gate:
                await store.insert(_connection(number, place, credential, far, clock, options.interval))

        await asyncio.gather(*(insert(number) for number in range(options.connections)))
        first_due = clock.now() + timedelta(seconds=_LEAD_SECONDS)
        apart = options.interval / options.connections
        await client[f"{_PREFIX}_connector"]["connections"].bulk_write(
            [
                UpdateOne(
                    {"_id": f"con-{number}"},
                    {"$set": {"next_sync_at": first_due + timedelta(seconds=apart * number)}},
                )
                for number in range(options.connections)
            ],
            ordered=False,
        )
    return first_due


def _connection(
    number: int, place: Workspace, credential: str, due: datetime, clock: SystemClock, interval: int
) -> Connection:
    now = clock.now()
    return Connection(
        id=f"con-{number}",
        organization_id=f"org-{number}",
        revision=1,
        state="connected",
        method="token",
        workspace=place,
        settings=ConnectionSettings(sync_interval_seconds=interval),
        connected_by="bench",
        connected_at=now,
        changed_at=now,
        credential=credential,
        next_sync_at=due,
        next_look_at=now,
    )


class _Silent:
    """Publishes nothing: the connections are stored, not told."""

    async def publish(self, *_events: Event) -> None:
        return

    async def publish_tombstones(self, *_events: Event) -> None:
        return


@contextmanager
def _connector(folder: Path, kafka: str, uri: str, workspace: Simulated, keys: str) -> Iterator[int]:
    """Run the connector's process for the block; yield its id when it is ready."""
    (port,) = free_ports(1)
    settings = {
        "HTTP_PORT": str(port),
        "KAFKA_BOOTSTRAP_SERVERS": kafka,
        "MONGODB_URI": uri,
        "DATABASE_PREFIX": _PREFIX,
        "SIGNING_KEY": SIGNING_KEY,
        "CREDENTIAL_KEYS": keys,
        "INTERCOM_HOSTS": json.dumps({"us": workspace.url}),
    }
    environment = {
        **os.environ,  # noqa: TID251 - a child process inherits its parent's surroundings
        **{f"EARSHOT_{name}": value for name, value in settings.items()},
    }
    with (folder / "connector.txt").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.connector"], env=environment, stdout=output, stderr=output
        )
    try:
        while True:
            if process.poll() is not None:
                raise RuntimeError((folder / "connector.txt").read_text(encoding="utf-8")[-2_000:])
            try:
                if httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=2).is_success:
                    break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


class _Lags:
    """Reads the requests for runs: each names in its id when it was due (milliseconds)."""

    def __init__(self, servers: str) -> None:
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=servers, enable_auto_commit=False, auto_offset_reset="latest"
        )

    async def start(self) -> None:
        await self._consumer.start()
        self._consumer.assign(partitions(SYNC_REQUESTS))
        await self._consumer.seek_to_end()

    async def during(self, seconds: float) -> list[float]:
        """Return how many seconds each run of this time was on the bus after it was due."""
        found: list[float] = []
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for records in (await self._consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    request = SyncRequested.model_validate_json(record.value)
                    if request.reason == "scheduled":
                        due_ms = int(request.request_id.rpartition("-")[2])
                        found.append((record.timestamp - due_ms) / 1_000)
        return found

    async def stop(self) -> None:
        await self._consumer.stop()


async def _idle(
    folder: Path, kafka: str, uri: str, workspace: Simulated, options: argparse.Namespace, console: Console
) -> dict[str, Any]:
    """Let the syncer run idle connections; return what one of them costs."""
    await ensure_topics(kafka, ALL_TOPICS)
    console.print(f"Running {options.idle} idle connections in the syncer.")
    connector = Connector(workspace.url, workspace.workspace_id())
    prefix = f"i{uuid.uuid4().hex[:8]}"
    syncer = Syncer(
        folder,
        kafka=kafka,
        mongodb_uri=uri,
        connector_url=connector.url,
        prefix=prefix,
        EARSHOT_LEASE_SECONDS="30",
    )
    try:
        process = psutil.Process(syncer.start())
        await syncer.ready()
        before = process.memory_info().rss
        buses = [Bus(kafka) for _ in range(options.idle)]
        async with Ended(kafka) as ended:
            await _all_run(buses, ended, workspace, first=True)
            between = process.memory_info().rss
            await asyncio.sleep(3)
            workspace.forget_calls()
            cpu = sum(process.cpu_times()[:2])
            began = time.monotonic()
            await _all_run(buses, ended, workspace, first=False)
            seconds = time.monotonic() - began
            cpu = sum(process.cpu_times()[:2]) - cpu
        async with AsyncMongoClient[dict[str, Any]](uri) as client:
            database = client[f"{prefix}_syncer"]
            documents = {
                name: round(await database[name].count_documents({}) / options.idle, 1)
                for name in ("connections", "runs", "cursors", "fingerprints", "gaps")
            }
        return {
            "idle_connections_run_by_one_syncer": options.idle,
            "calls_of_an_idle_run": round(workspace.calls().total / options.idle, 2),
            "processor_ms_of_an_idle_run": round(1_000 * cpu / options.idle, 1),
            "idle_runs_a_second": round(options.idle / seconds, 1),
            "syncer_documents_of_a_connection": documents,
            "syncer_memory_of_a_connection_kib": round((between - before) / 1_024 / options.idle, 1),
        }
    finally:
        syncer.close()
        connector.close()


async def _all_run(buses: Sequence[Bus], ended: Ended, workspace: Simulated, *, first: bool) -> None:
    workspace_id = workspace.workspace_id()
    requests = [bus.request("initial" if first else "scheduled") for bus in buses]
    if first:
        await buses[0].send(*(bus.connection(workspace.url, workspace_id) for bus in buses))
    await buses[0].send(*requests)
    for request in requests:
        await ended.of(request.request_id)


if __name__ == "__main__":
    main(sys.argv[1:])
