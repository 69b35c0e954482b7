"""What contracts, retries and guards cost: `make bench-pipeline`, or `python -m tests.benchmarks.pipeline`.

The same records go two ways through the same Kafka and document server: by `shared.messaging` and
`shared.documents` as services use them, and by a bare loop of aiokafka and PyMongo over plain dicts that does
the same reads, writes and publishing. Rounds of both take turns, so that a busy machine is busy for both;
processor seconds of this process are what the ratio is of. Then records come twice as fast as a handler takes
them, for a while. Its exit code is 1 where ours did less than the aim of the bare loop's work.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.partitioner import murmur2
from prometheus_client import CollectorRegistry
from pydantic import SecretStr
from pymongo import UpdateOne
from rich.console import Console
from rich.table import Table

from deploy.local.kafka.topics import ensure_topics
from shared.clock import SystemClock
from shared.config import ServiceSettings
from shared.contracts.resources import Author, ConversationPartChanged, TagChanged
from shared.contracts.topics import ALL_TOPICS, RESOURCES_CONVERSATIONS, RESOURCES_TAGS
from shared.documents.collection import Collection
from shared.documents.database import create_client, database_of
from shared.messaging.broker import create_broker
from shared.messaging.consumer import Consumer
from shared.messaging.dead_letters import KafkaDeadLetters
from shared.messaging.publisher import KafkaEventPublisher
from shared.messaging.state import ReportedStates
from shared.observability.readiness import Readiness
from tests.benchmarks.earshot_side import engines

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from faststream.kafka import KafkaBroker
    from pymongo.asynchronous.database import AsyncDatabase

    from shared.contracts.event import Event
    from shared.messaging.received import Received

_BATCH = 400
_TEXT = "We have looked at the new report and it still leaves out the seats that were added in March. " * 6
_AIM = 0.6
_SAMPLE_SECONDS = 0.5
_WARMING_ROUNDS = 2
"""Services run for days; the first rounds of a process load code and let its heap grow, one way more than
the other."""
_NOW = datetime(2026, 6, 1, tzinfo=UTC)
_HEADERS = (
    *("ce_specversion", "ce_id", "ce_type", "ce_source", "ce_subject", "ce_time", "ce_organizationid"),
    *("ce_connectionid", "content-type"),
)

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Spent:
    """What one round took of this process and of the clock, per record."""

    cpu_us: float
    wall_us: float


@dataclass(frozen=True, slots=True)
class Bench:
    """What both ways stand on."""

    servers: str
    settings: ServiceSettings
    database: AsyncDatabase[Document]


def _part(number: int) -> ConversationPartChanged:
    return ConversationPartChanged(
        organization_id="acme",
        connection_id="con1",
        workspace_id="ws1",
        id=str(number),
        version="v1",
        observed_at=_NOW,
        conversation_id=str(number // 8),
        part_type="comment",
        author=Author(type="user", id="dana", name="Dana Ruiz", email="dana@n.example"),
        text=_TEXT,
        created_at=_NOW,
    )


def _fact(part_id: str) -> TagChanged:
    return TagChanged(
        organization_id="acme",
        connection_id="con1",
        workspace_id="ws1",
        id=part_id,
        version="v1",
        observed_at=_NOW,
        name="seen",
    )


async def ours(bench: Bench, name: str, records: int, batch: int) -> None:
    """Take all records through the bus's middleware into documents and facts, as a service does."""
    held = Collection(bench.database, name)
    done = asyncio.Event()
    handled = 0
    broker = create_broker(bench.settings, service="detector")
    publisher = KafkaEventPublisher(broker, service="detector", clock=SystemClock())

    async def handle(received: Sequence[Received[Event]]) -> None:
        nonlocal handled
        parts = [one.event for one in received if isinstance(one.event, ConversationPartChanged)]
        writes = [
            UpdateOne(
                {"_id": part.key(), "observed_at": {"$lte": part.observed_at}},
                {"$set": {"observed_at": part.observed_at, "data": part.model_dump()}},
                upsert=True,
            )
            for part in parts
        ]
        await held.of("acme").bulk_write(writes)
        await publisher.publish(*(_fact(part.id) for part in parts))
        handled += len(parts)
        if handled >= records:
            done.set()

    _subscribe(broker, handle, name, batch)
    await broker.start()
    try:
        await done.wait()
    finally:
        await broker.stop()


def _subscribe(
    broker: KafkaBroker,
    handle: Callable[[Sequence[Received[Event]]], Awaitable[None]],
    name: str,
    batch: int,
) -> None:
    Consumer(
        service="detector",
        broker=broker,
        dead_letters=KafkaDeadLetters(broker, "detector"),
        state_of=ReportedStates(Readiness(), CollectorRegistry()).of_group,
        on_stop=sys.exit,
        sleep=asyncio.sleep,
        rng=random.Random(1),
    ).subscribe(
        [RESOURCES_CONVERSATIONS], handle, events=[ConversationPartChanged], name=name, max_records=batch
    )


async def bare(bench: Bench, name: str, records: int, batch: int) -> None:
    """Do the same reads, writes and publishing with plain dicts, and nothing that a service needs beside."""
    held = bench.database[name]
    consumer = AIOKafkaConsumer(
        RESOURCES_CONVERSATIONS.name,
        bootstrap_servers=bench.servers,
        group_id=f"bare.{name}",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=bench.servers,
        acks="all",
        enable_idempotence=True,
        linger_ms=2,
        compression_type="lz4",
    )
    await consumer.start()
    await producer.start()
    handled = 0
    try:
        while handled < records:
            fetched = await consumer.getmany(timeout_ms=200, max_records=batch)
            parts = [json.loads(record.value) for found in fetched.values() for record in found]
            if not parts:
                continue
            await held.bulk_write([_bare_write(part) for part in parts], ordered=False)
            sent = [await _bare_send(producer, part["id"]) for part in parts]
            await asyncio.gather(*sent)
            await consumer.commit()
            handled += len(parts)
    finally:
        await producer.stop()
        await consumer.stop()


def _bare_write(part: Document) -> UpdateOne:
    at = datetime.fromisoformat(part["observed_at"])
    part["observed_at"], part["created_at"] = at, datetime.fromisoformat(part["created_at"])
    key = f"ws1/conversation_part/{part['conversation_id']}/{part['id']}"
    return UpdateOne(
        {"_id": key, "organization_id": "acme", "observed_at": {"$lte": at}},
        {"$set": {"observed_at": at, "data": part}},
        upsert=True,
    )


async def _bare_send(producer: AIOKafkaProducer, part_id: str) -> Awaitable[object]:
    fact = {
        "organization_id": "acme", "connection_id": "con1", "workspace_id": "ws1", "id": part_id,
        "version": "v1", "observed_at": "2026-06-01T00:00:00Z", "name": "seen",
    }  # fmt: skip
    sent: Awaitable[object] = await producer.send(
        RESOURCES_TAGS.name,
        json.dumps(fact).encode(),
        key=f"ws1/tag/{part_id}".encode(),
        partition=(murmur2(b"ws1") & 0x7FFFFFFF) % RESOURCES_TAGS.partitions,
        headers=[(header, b"a value of usual length") for header in _HEADERS],
    )
    return sent


async def _fill(bench: Bench, count: int) -> None:
    """Put the records on the bus that every round reads."""
    broker = create_broker(bench.settings, service="syncer")
    await broker.start()
    await KafkaEventPublisher(broker, service="syncer", clock=SystemClock()).publish(
        *(_part(number) for number in range(count))
    )
    await broker.stop()


async def _round(way: Callable[..., Awaitable[None]], bench: Bench, records: int, batch: int) -> Spent:
    name = f"{way.__name__}_{os.urandom(4).hex()}"
    cpu, began = time.process_time(), time.monotonic()
    await way(bench, name, records, batch)
    spent = Spent(1e6 * (time.process_time() - cpu) / records, 1e6 * (time.monotonic() - began) / records)
    await bench.database.drop_collection(name)
    return spent


async def compare(bench: Bench, records: int, batch: int, rounds: int) -> dict[str, Spent]:
    """Let both ways take turns; return the median round of each, but for the rounds that warm up."""
    found: dict[str, list[Spent]] = {"ours": [], "bare": []}
    for number in range(_WARMING_ROUNDS + rounds):
        for name, way in (("ours", ours), ("bare", bare)):
            spent = await _round(way, bench, records, batch)
            if number >= _WARMING_ROUNDS:
                found[name].append(spent)
    return {
        name: Spent(
            statistics.median(one.cpu_us for one in mine), statistics.median(one.wall_us for one in mine)
        )
        for name, mine in found.items()
    }


@dataclass(frozen=True, slots=True)
class Moment:
    """How things stood during the overload: records that wait on the bus, and memory of this process."""

    seconds: float
    lag: int
    memory_mib: float


async def overload(bench: Bench, rate: int, seconds: float) -> tuple[list[Moment], list[Moment]]:
    """Publish twice what a handler takes for so long; return samples until then, and until it caught up."""
    group, process = f"overload{os.urandom(4).hex()}", psutil.Process()
    broker = create_broker(bench.settings, service="detector")
    watcher = AIOKafkaConsumer(bootstrap_servers=bench.servers)
    await watcher.start()
    ends = [
        TopicPartition(RESOURCES_CONVERSATIONS.name, at) for at in range(RESOURCES_CONVERSATIONS.partitions)
    ]
    handled, sent = 0, sum((await watcher.end_offsets(ends)).values())

    async def handle(received: Sequence[Received[Event]]) -> None:
        nonlocal handled
        await asyncio.sleep(len(received) / rate)
        handled += len(received)

    _subscribe(broker, handle, group, _BATCH)
    publisher = KafkaEventPublisher(broker, service="syncer", clock=SystemClock())
    await broker.start()
    # What earlier rounds left on the topic comes first and would count as lag.
    while handled < sent:
        await asyncio.sleep(_SAMPLE_SECONDS)
    samples: list[list[Moment]] = [[], []]
    began = time.monotonic()
    step = int(2 * rate * _SAMPLE_SECONDS)
    while True:
        elapsed = time.monotonic() - began
        loading = elapsed < seconds
        if not loading and handled >= sent:
            break
        if loading:
            await publisher.publish(*(_part(sent + at) for at in range(step)))
            sent += step
        samples[0 if loading else 1].append(
            Moment(round(elapsed, 1), sent - handled, process.memory_info().rss / 2**20)
        )
        await asyncio.sleep(
            max(0.0, began + (len(samples[0]) + len(samples[1])) * _SAMPLE_SECONDS - time.monotonic())
        )
    await broker.stop()
    await watcher.stop()
    return samples[0], samples[1]


async def main(arguments: Sequence[str]) -> int:
    """Measure and tell; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.pipeline")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.add_argument("--records", type=int, default=6_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--overload-seconds", type=float, default=20.0)
    options = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory(prefix="earshot-bench-") as folder,
        engines(Path(folder)) as (servers, uri),
    ):
        settings = ServiceSettings(
            http_port=1,
            signing_key=SecretStr("k" * 40),
            kafka_bootstrap_servers=servers,
            mongodb_uri=SecretStr(uri),
        )
        await ensure_topics(servers, ALL_TOPICS)
        client = create_client(settings, service="detector")
        bench = Bench(servers, settings, database_of(client, settings, service="detector"))
        await _fill(bench, options.records)
        batches = await compare(bench, options.records, _BATCH, options.rounds)
        singles = await compare(bench, options.records // 10, 1, options.rounds)
        rate = 1_000
        loaded, drained = await overload(bench, rate, options.overload_seconds)
        await client.close()
    compared = {"batches": batches, "one by one": singles}
    _tell(compared, loaded, drained, as_json=options.json)
    short = below_aim({what: ratio_of(both) for what, both in compared.items()})
    if short:
        sys.stderr.write(f"Below the aim of {_AIM:.0%} of the bare loop: {', '.join(short)}.\n")
    return 1 if short else 0


def ratio_of(both: Mapping[str, Spent]) -> float:
    """Return what ours does of the bare loop's work in the same processor time."""
    return both["bare"].cpu_us / both["ours"].cpu_us


def below_aim(ratios: Mapping[str, float]) -> list[str]:
    """Return which of these are below the aim, each with its figure."""
    return [f"{what} at {ratio:.0%}" for what, ratio in ratios.items() if ratio < _AIM]


def _tell(
    compared: dict[str, dict[str, Spent]],
    loaded: Sequence[Moment],
    drained: Sequence[Moment],
    *,
    as_json: bool,
) -> None:
    figures = {
        what: {
            "ours_us": both["ours"].cpu_us,
            "bare_us": both["bare"].cpu_us,
            "ratio": ratio_of(both),
            "wall_ratio": both["bare"].wall_us / both["ours"].wall_us,
        }
        for what, both in compared.items()
    }
    half = len(loaded) // 2
    pressure = {
        "lag_half": loaded[half].lag,
        "lag_end": loaded[-1].lag,
        "memory_half_mib": loaded[half].memory_mib,
        "memory_end_mib": max(one.memory_mib for one in loaded),
        "drained_seconds": drained[-1].seconds - loaded[-1].seconds if drained else 0.0,
    }
    if as_json:
        sys.stdout.write(
            json.dumps({"figures": figures, "overload": pressure, "load": os.getloadavg()[0]}) + "\n"
        )
        return
    console = Console()
    table = Table(
        "records", "ours", "bare", "of the bare loop", "by the clock", "aim", box=None, pad_edge=False
    )
    for what, one in figures.items():
        table.add_row(
            what, f"{one['ours_us']:.0f} µs", f"{one['bare_us']:.0f} µs", f"{one['ratio']:.0%}",
            f"{one['wall_ratio']:.0%}", f"{_AIM:.0%}",
        )  # fmt: skip
    console.print(table)
    console.print(
        f"Twice what the handler takes: {pressure['lag_half']} records waited on the bus half-way and"
        f" {pressure['lag_end']} at the end, with {pressure['memory_half_mib']:.0f} and"
        f" {pressure['memory_end_mib']:.0f} MiB in this process; drained after"
        f" {pressure['drained_seconds']:.0f} s. Load {os.getloadavg()[0]:.1f}.",
        highlight=False,
    )


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
