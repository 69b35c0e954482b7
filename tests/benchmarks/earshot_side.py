"""Reads a simulated workspace by Earshot's syncer: the real process, on a real bus and document server."""

from __future__ import annotations

import sys
import uuid
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Self

import orjson
import psutil
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.local.documents_probe import mongodb_answers
from deploy.local.kafka.configuration import BrokerAddress
from deploy.local.kafka.node import planned_node, prepare_node
from deploy.local.kafka.probe import kafka_answers
from deploy.local.kafka.topics import ensure_topics
from deploy.local.ports import free_ports
from deploy.local.progress import SilentReporter
from deploy.local.settings import LocalSettings
from deploy.local.throwaway import running
from shared.contracts.resources import ConversationChanged, ConversationPartChanged
from shared.contracts.sync import SyncCompleted, SyncInterrupted
from shared.contracts.topics import (
    ALL_TOPICS,
    RESOURCES_COMPANIES,
    RESOURCES_CONTACTS,
    RESOURCES_CONVERSATIONS,
    SYNC_PROGRESS,
)
from tests.benchmarks.completeness import Mirror
from tests.benchmarks.result import Result
from tests.benchmarks.watched import Watch
from tests.integration.syncer.stage import Bus, Connector, Syncer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path
    from types import TracebackType

    from shared.contracts.sync import SyncReason
    from shared.contracts.topics import Topic
    from tests.benchmarks.simulated import Simulated

_POLL_MS = 200
_SOURCE_PREFIX = "source-"
"""The opening message, which Intercom keeps outside of the parts."""


@contextmanager
def engines(folder: Path) -> Iterator[tuple[str, str]]:
    """Run Kafka and the document server for the block; yield their addresses."""
    with ExitStack() as stack:
        settings = LocalSettings()
        node = planned_node(
            folder=folder,
            log_file=folder / "kafka.log",
            address=BrokerAddress(*free_ports(2)),
            cache_dir=settings.cache_dir,
        )
        prepare_node(node, settings.cache_dir, SilentReporter())
        servers = node.address.bootstrap_servers
        stack.enter_context(
            running(node.command(), lambda: kafka_answers(servers), output=folder / "kafka-output.txt")
        )
        (port,) = free_ports(1)
        uri = f"mongodb://127.0.0.1:{port}"
        options = ("--port", str(port), "--directory", str(folder))
        command = (sys.executable, "-m", "deploy.local.documents", *options)
        stack.enter_context(running(command, lambda: mongodb_answers(uri), output=folder / "documents.txt"))
        yield servers, uri


class Ended:
    """Waits for ends of runs on the bus, reading each record once."""

    def __init__(self, servers: str) -> None:
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=servers, enable_auto_commit=False, auto_offset_reset="earliest"
        )
        self._seen: dict[str, SyncCompleted] = {}

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        self._consumer.assign(partitions(SYNC_PROGRESS))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._consumer.stop()

    async def of(self, request_id: str) -> SyncCompleted:
        """Return the end of the run that a request began.

        Raises:
            RuntimeError: it was interrupted; the message says by what.
        """
        while request_id not in self._seen:
            for records in (await self._consumer.getmany(timeout_ms=_POLL_MS)).values():
                for record in records:
                    self._take_in({name: value.decode() for name, value in record.headers}, record.value)
        return self._seen[request_id]

    def _take_in(self, headers: dict[str, str], value: bytes) -> None:
        if headers["ce_type"] == SyncCompleted.TYPE:
            completed = SyncCompleted.model_validate_json(value)
            self._seen[completed.run_id] = completed
        elif headers["ce_type"] == SyncInterrupted.TYPE:
            raise RuntimeError(f"A run was interrupted: {SyncInterrupted.model_validate_json(value)}")


class Earshot:
    """Syncers (one, or several replicas) and one connection to a workspace."""

    def __init__(
        self,
        folder: Path,
        workspace: Simulated,
        *,
        kafka: str,
        mongodb_uri: str,
        replicas: int = 1,
        **settings: str,
    ) -> None:
        self._kafka = kafka
        self._workspace = workspace
        self._workspace_id = workspace.workspace_id()
        self._connector = Connector(workspace.url, self._workspace_id)
        prefix = f"b{uuid.uuid4().hex[:8]}"
        self._syncers = [
            Syncer(
                folder,
                kafka=kafka,
                mongodb_uri=mongodb_uri,
                connector_url=self._connector.url,
                prefix=prefix,
                **{"EARSHOT_SLICE_SECONDS": "5", "EARSHOT_LEASE_SECONDS": "30"} | settings,
            )
            for _ in range(replicas)
        ]
        self._bus = Bus(kafka)
        self._pids: dict[str, int] = {}

    async def start(self) -> None:
        await ensure_topics(self._kafka, ALL_TOPICS)
        self._pids = neighbours()
        for number, syncer in enumerate(self._syncers):
            self._pids["syncer" if number == 0 else f"syncer {number + 1}"] = syncer.start()
        for syncer in self._syncers:
            await syncer.ready()
        await self._bus.send(self._bus.connection(self._workspace.url, self._workspace_id))

    def watch(self) -> Watch:
        """Return a watch over the syncer and the processes beside it."""
        return Watch(self._pids)

    async def run(self, name: str, reason: SyncReason) -> tuple[Result, Watch]:
        """Let it read once; return what it took, and the watch over all processes meanwhile."""
        self._workspace.forget_calls()
        request = self._bus.request(reason)
        async with Ended(self._kafka) as ended:
            with Watch(self._pids) as watch:
                await self._bus.send(request)
                completed = await ended.of(request.request_id)
        ours = [name for name in self._pids if name.startswith("syncer")]
        result = Result(
            reader="Earshot" if len(ours) == 1 else f"Earshot, {len(ours)} replicas",
            run=name,
            conversations={count.resource: count.done for count in completed.counts}.get("conversation", 0),
            seconds=(completed.completed_at - completed.started_at).total_seconds(),
            calls=self._workspace.calls(),
            cpu_seconds=sum(watch.spent[name] for name in ours),
            peak_mib=max(watch.peak_mib[name] for name in ours),
            gaps=completed.gap_count,
        )
        return result, watch

    async def mirror(self) -> Mirror:
        """Return what a reader of the bus knows."""
        found = Mirror()
        topics = (RESOURCES_CONVERSATIONS, RESOURCES_CONTACTS, RESOURCES_COMPANIES)
        async for kind, value in _everything(self._kafka, *topics):
            row = orjson.loads(value)
            if row["organization_id"] != self._bus.organization_id:
                continue
            if kind == ConversationChanged.TYPE:
                found.conversations[row["id"]] = _unix(row["updated_at"])
            elif kind == ConversationPartChanged.TYPE and not row["id"].startswith(_SOURCE_PREFIX):
                found.part(row["conversation_id"], row["id"], row.get("text"))
            elif ".contact." in kind:
                found.contacts.add(row["id"])
            elif ".company." in kind:
                found.companies.add(row["id"])
        return found

    def close(self) -> None:
        for syncer in self._syncers:
            syncer.close()
        self._connector.close()


def neighbours() -> dict[str, int]:
    """Return the engines and the simulator that this process started, by what they are."""
    known = {"deploy.simulator": "simulator", "deploy.local.documents": "documents", "kafka.Kafka": "kafka"}
    found: dict[str, int] = {}
    for child in psutil.Process().children():
        line = " ".join(child.cmdline())
        found |= {name: child.pid for part, name in known.items() if part in line}
    return found


def partitions(*topics: Topic) -> list[TopicPartition]:
    return [TopicPartition(topic.name, number) for topic in topics for number in range(topic.partitions)]


async def _everything(servers: str, *topics: Topic) -> AsyncIterator[tuple[str, bytes]]:
    """Yield type and value of each record, from the beginning of the topics to their end now."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=servers, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    async with consumer:
        places = partitions(*topics)
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        behind = {partition for partition, end in ends.items() if end > 0}
        while behind:
            for records in (await consumer.getmany(timeout_ms=_POLL_MS)).values():
                for record in records:
                    if record.value is not None:
                        yield dict(record.headers)["ce_type"].decode(), record.value
            for partition in list(behind):
                if await consumer.position(partition) >= ends[partition]:
                    behind.discard(partition)


def _unix(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())
