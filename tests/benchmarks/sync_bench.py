"""How fast the syncer reads: `python -m tests.benchmarks.sync_bench [conversations] [latency in ms]`.

Everything is real but Intercom: Kafka, the document server and the simulated workspace run as processes of
their own on this machine, so they share its cores with what is measured.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import uuid
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import orjson
import psutil

from deploy.local.documents_probe import mongodb_answers
from deploy.local.kafka.configuration import BrokerAddress
from deploy.local.kafka.node import planned_node, prepare_node
from deploy.local.kafka.probe import kafka_answers
from deploy.local.kafka.topics import ensure_topics
from deploy.local.ports import free_ports
from deploy.local.progress import SilentReporter
from deploy.local.settings import LocalSettings
from deploy.local.throwaway import running
from shared.contracts.sync import SyncCompleted
from shared.contracts.topics import ALL_TOPICS, SYNC_PROGRESS
from tests.integration.syncer.stage import Bus, Connector, Syncer, simulator

if TYPE_CHECKING:
    from collections.abc import Sequence

_PARTS = 8
_CHANGES = 200
_SETTLE_SECONDS = 3
_POLL_SECONDS = 0.5


def engines(stack: ExitStack, folder: Path) -> tuple[str, str]:
    """Start Kafka and the document server for the block; return their addresses."""
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
    documents = (
        sys.executable,
        "-m",
        "deploy.local.documents",
        "--port",
        str(port),
        "--directory",
        str(folder),
    )
    stack.enter_context(running(documents, lambda: mongodb_answers(uri), output=folder / "documents.txt"))
    return servers, uri


async def measured(bus: Bus, syncer: Syncer, ended: int) -> SyncCompleted:
    """Wait for the end of a run."""
    while True:
        events = [event for _, event in await bus.read(SYNC_PROGRESS) if isinstance(event, SyncCompleted)]
        if len(events) >= ended:
            return events[-1]
        await asyncio.sleep(_POLL_SECONDS)


def told(name: str, completed: SyncCompleted, process: psutil.Process, before: float) -> float:
    """Print one line of the table; return the processor seconds spent until now."""
    seconds = (completed.completed_at - completed.started_at).total_seconds()
    cpu = process.cpu_times()
    spent = cpu.user + cpu.system
    read = {count.resource: count.done for count in completed.counts}.get("conversation", 0)
    sys.stdout.write(
        f"{name:12} {seconds:7.1f} s  {read:6} conversations  {read / seconds:6.1f} /s"
        f"  {completed.calls:6} calls"
        f"  {1_000 * (spent - before) / max(completed.calls, 1):5.2f} ms CPU a call"
        f"  {process.memory_info().rss / 2**20:5.0f} MiB  {completed.gap_count} gaps\n"
    )
    return spent


async def main(arguments: Sequence[str]) -> None:
    conversations = int(arguments[0]) if arguments else 3_000
    latency = int(arguments[1]) if len(arguments) > 1 else 0
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        kafka, mongodb_uri = engines(stack, folder)
        url = stack.enter_context(
            simulator(folder, CONVERSATIONS=conversations, PARTS=_PARTS, CONTACTS=500, COMPANIES=50, DAYS=80)
        )
        await ensure_topics(kafka, ALL_TOPICS)
        async with httpx.AsyncClient() as client:
            await client.post(f"{url}/_control/switches", json={"latency_median_ms": latency})
            state = (await client.get(f"{url}/_control/state")).json()
            workspace_id = state["workspaces"][0]["id"]
            connector = Connector(url, workspace_id)
            stack.callback(connector.close)
            syncer = Syncer(
                folder,
                kafka=kafka,
                mongodb_uri=mongodb_uri,
                connector_url=connector.url,
                prefix=f"b{uuid.uuid4().hex[:8]}",
                EARSHOT_SLICE_SECONDS="5",
                EARSHOT_LEASE_SECONDS="30",
            )
            stack.callback(syncer.close)
            process = psutil.Process(syncer.start())
            await syncer.ready()
            bus = Bus(kafka)
            idle = process.cpu_times()
            await bus.send(bus.connection(url, workspace_id), bus.request("initial"))
            spent = told("initial", await measured(bus, syncer, 1), process, idle.user + idle.system)
            rows = (await client.get(f"{url}/_control/truth/conversations", timeout=60)).content.splitlines()
            ids = [orjson.loads(row)["id"] for row in rows[:_CHANGES]]
            replies = [
                {"name": "reply", "arguments": {"conversation_id": id_, "body": "<p>One more thing</p>"}}
                for id_ in ids
            ]
            await client.post(f"{url}/_control/mutate", json={"mutations": replies})
            # A version read in the second of its change is read once more; see README, rule 3.
            await asyncio.sleep(_SETTLE_SECONDS)
            await bus.send(bus.request("manual"))
            spent = told("changes", await measured(bus, syncer, 2), process, spent)
            await bus.send(bus.request("scheduled"))
            told("nothing new", await measured(bus, syncer, 3), process, spent)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
