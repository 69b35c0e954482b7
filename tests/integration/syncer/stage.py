"""A stage for the real process: topics, a simulated workspace, and a connector that only leases a token."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from deploy.local.ports import free_ports
from deploy.local.throwaway import running
from deploy.simulator.tokens import DEMO_TOKEN
from shared.contracts.connections import ConnectionChanged, ConnectionSettings
from shared.contracts.registry import EVENT_BY_TYPE
from shared.contracts.resources import topic_of
from shared.contracts.sync import SyncRequested
from shared.http.problems import NO_CREDENTIAL
from shared.messaging.cloudevent import encode
from shared.messaging.partitioning import partition_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from shared.contracts.event import Event
    from shared.contracts.sync import ResourceHint, SyncReason
    from shared.contracts.topics import Topic

SIGNING_KEY = "a key for tests that is long enough to sign with"


async def _http_answers(url: str) -> bool:
    try:
        async with httpx.AsyncClient(timeout=2) as client:
            return (await client.get(url)).is_success
    except httpx.HTTPError:
        return False


@contextmanager
def simulator(folder: Path, **settings: Any) -> Iterator[str]:
    """Run a simulated workspace as a process of its own; yield its address."""
    port, mail = free_ports(2)
    environment = {
        "PORT": port,
        "SMTP_PORT": mail,
        "WORKSPACE": "generated",
        "PACE": "paused",
        "WEBHOOK_URL": "",
        "SECOND_WORKSPACE": "false",
        **settings,
    }
    url = f"http://127.0.0.1:{port}"
    pairs = [f"EARSHOT_SIMULATOR_{name}={value}" for name, value in environment.items()]
    command = ("env", *pairs, sys.executable, "-m", "deploy.simulator")
    with running(command, lambda: _http_answers(f"{url}/_control/state"), output=folder / "simulator.txt"):
        yield url


class Connector:
    """Stands in for the connector: leases the token it is told to, or says that there is none."""

    def __init__(self, base_url: str, workspace_id: str) -> None:
        self.lease: dict[str, Any] | None = {
            "access_token": DEMO_TOKEN,
            "base_url": base_url,
            "workspace_id": workspace_id,
            "expires_in_seconds": 60,
        }
        self.asked: list[tuple[str, str]] = []
        connector = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                connector.asked.append((self.path, self.headers.get("Authorization", "")))
                body = json.dumps(connector.lease or {"type": NO_CREDENTIAL}).encode()
                self.send_response(200 if connector.lease else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Syncer:
    """The service as an operator runs it: a process, its settings from the environment."""

    def __init__(
        self, folder: Path, *, kafka: str, mongodb_uri: str, connector_url: str, prefix: str, **settings: str
    ) -> None:
        (self.port,) = free_ports(1)
        self.log = folder / f"syncer-{self.port}.txt"
        self._environment = {
            **os.environ,  # noqa: TID251 - a child process inherits its parent's surroundings
            "EARSHOT_HTTP_PORT": str(self.port),
            "EARSHOT_KAFKA_BOOTSTRAP_SERVERS": kafka,
            "EARSHOT_MONGODB_URI": mongodb_uri,
            "EARSHOT_DATABASE_PREFIX": prefix,
            "EARSHOT_SIGNING_KEY": SIGNING_KEY,
            "EARSHOT_CONNECTOR_URL": connector_url,
            "EARSHOT_LEASE_SECONDS": "4",
            "EARSHOT_SLICE_SECONDS": "1",
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> int:
        """Start the process; return its id."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "services.syncer"], env=self._environment, stdout=output, stderr=output
            )
        return self._process.pid

    def end(self, signal_number: int = signal.SIGTERM) -> int:
        """Send the signal and wait; SIGKILL is a crash."""
        assert self._process is not None
        self._process.send_signal(signal_number)
        code = self._process.wait(30)
        self._process = None
        return code

    def close(self) -> None:
        if self._process is not None:
            self.end(signal.SIGKILL)

    async def ready(self) -> None:
        while not await _http_answers(f"http://127.0.0.1:{self.port}/health/ready"):
            await asyncio.sleep(0.1)


class Bus:
    """Publishes as the connector does, and reads everything of one organization, from the beginning."""

    def __init__(self, servers: str) -> None:
        self.organization_id = f"org-{uuid.uuid4().hex[:8]}"
        self.connection_id = f"con-{uuid.uuid4().hex[:8]}"
        self._servers = servers
        self._requests = 0

    async def send(self, *events: Event) -> None:
        async with AIOKafkaProducer(bootstrap_servers=self._servers, acks="all") as producer:
            for event in events:
                record = encode(event, source="/tests", time=datetime.now(UTC).isoformat())
                topic = topic_of(event)
                await producer.send_and_wait(
                    topic.name,
                    record.value,
                    key=record.key,
                    partition=partition_for(event.partition_key(), topic.partitions),
                    headers=record.headers,
                )

    def connection(self, base_url: str, workspace_id: str, *, revision: int = 1) -> ConnectionChanged:
        return ConnectionChanged(
            organization_id=self.organization_id,
            connection_id=self.connection_id,
            revision=revision,
            state="connected",
            workspace_id=workspace_id,
            base_url=base_url,
            app_base_url=base_url,
            settings=ConnectionSettings(),
            changed_at=datetime.now(UTC),
        )

    def request(self, reason: SyncReason, hints: Sequence[ResourceHint] = ()) -> SyncRequested:
        self._requests += 1
        return SyncRequested(
            organization_id=self.organization_id,
            connection_id=self.connection_id,
            request_id=f"{self.connection_id}-{self._requests}",
            reason=reason,
            hints=tuple(hints),
            requested_at=datetime.now(UTC),
        )

    async def read(self, *topics: Topic) -> list[tuple[str, Event | None]]:
        """Return (key, event) of every record of this organization; tombstones of all come as None."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._servers, enable_auto_commit=False, auto_offset_reset="earliest"
        )
        found: list[tuple[str, Event | None]] = []
        async with consumer:
            partitions = [
                TopicPartition(topic.name, number) for topic in topics for number in range(topic.partitions)
            ]
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            behind = {partition for partition, end in ends.items() if end > 0}
            while behind:
                batches = await consumer.getmany(timeout_ms=500)
                for records in batches.values():
                    found += [self._decoded(record) for record in records]
                for partition in list(behind):
                    if await consumer.position(partition) >= ends[partition]:
                        behind.discard(partition)
        return [
            (key, event)
            for key, event in found
            if event is None or event.organization_id == self.organization_id
        ]

    @staticmethod
    def _decoded(record: Any) -> tuple[str, Event | None]:
        if record.value is None:
            return record.key.decode(), None
        headers = {name: value.decode() for name, value in record.headers}
        return record.key.decode(), EVENT_BY_TYPE[headers["ce_type"]].model_validate_json(record.value)
