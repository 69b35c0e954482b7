"""How long Kafka takes to start, and what each trick brings: `python -m tests.benchmarks.kafka_start`.

Starts one broker after another with a trick left out each time: seconds until it lists its topics,
processor seconds spent by then, resident memory; and how long a killed one takes to be back.
"""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from rich.console import Console
from rich.table import Table

from deploy.local.kafka.configuration import BrokerAddress
from deploy.local.kafka.node import planned_node, prepare_node
from deploy.local.kafka.probe import kafka_answers
from deploy.local.kafka.topics import ensure_topics
from deploy.local.ports import free_ports
from deploy.local.progress import ConsoleReporter
from deploy.local.settings import LocalSettings
from deploy.local.throwaway import running
from shared.contracts.topics import ALL_TOPICS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deploy.local.kafka.broker import KafkaNode

_RUNS = 3
_CACHE = "-XX:AOTCache="
_QUICK = "-XX:TieredStopAtLevel=1"
_SERIAL = "-XX:+UseSerialGC"
_SMALL = "-Xms"
_VARIANTS: dict[str, tuple[str, ...]] = {
    "as it is": (),
    "without the start-up cache": (_CACHE,),
    "without the quick compiler alone": (_QUICK,),
    "without the serial collector": (_SERIAL, _CACHE),
    "without the small first heap": (_SMALL,),
    "without any of them": (_CACHE, _QUICK, _SERIAL, _SMALL),
}
"""Beginnings of options to leave out. The cache holds objects laid out for the serial collector."""


@contextmanager
def started(node: KafkaNode, left_out: Sequence[str]) -> Iterator[tuple[float, psutil.Process]]:
    command = [word for word in node.command() if not any(word.startswith(option) for option in left_out)]
    servers = node.address.bootstrap_servers
    began = time.perf_counter()
    with running(command, lambda: kafka_answers(servers), output=node.folder / "output.txt") as pid:
        yield time.perf_counter() - began, psutil.Process(pid)


def measure(node: KafkaNode, left_out: Sequence[str]) -> tuple[float, float, float]:
    """Return the medians of seconds to answer, processor seconds, and resident megabytes."""
    runs = []
    for _ in range(_RUNS):
        with started(node, left_out) as (seconds, process):
            spent = process.cpu_times()
            runs.append((seconds, spent.user + spent.system, process.memory_info().rss / 1_000_000))
    return tuple(statistics.median(column) for column in zip(*runs, strict=True))


def main() -> None:
    console = Console()
    settings = LocalSettings()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        node = planned_node(
            folder=folder,
            log_file=folder / "kafka.log",
            address=BrokerAddress(*free_ports(2)),
            cache_dir=settings.cache_dir,
        )
        began = time.perf_counter()
        prepare_node(node, settings.cache_dir, ConsoleReporter(console))
        console.print(f"Preparing a new folder took {time.perf_counter() - began:.1f} s.")
        with started(node, ()) as (seconds, _):
            console.print(f"The first start in it took {seconds:.1f} s.")
            asyncio.run(ensure_topics(node.address.bootstrap_servers, ALL_TOPICS))

        table = Table("warm start", "seconds", "processor seconds", "resident MB", box=None)
        for title, left_out in _VARIANTS.items():
            seconds, spent, memory = measure(node, left_out)
            table.add_row(title, f"{seconds:.2f}", f"{spent:.2f}", f"{memory:.0f}")
        console.print(table)

        with started(node, ()) as (_, process):
            os.kill(process.pid, signal.SIGKILL)
        with started(node, ()) as (seconds, _):
            console.print(f"After kill -9 it answered again in {seconds:.1f} s.")


if __name__ == "__main__":
    main()
