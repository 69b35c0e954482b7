"""Starts Kafka and the document server and nothing else: `python -m deploy.local.engines --directory DIR`.

For work on one service, and for load tests. Ports are the settings' own; Ctrl-C stops both.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path  # noqa: TC003 - typer reads the annotation at run time
from typing import Annotated

import typer
from rich.console import Console

from deploy.local.documents_probe import mongodb_answers
from deploy.local.errors import LocalModeError
from deploy.local.kafka.configuration import BrokerAddress
from deploy.local.kafka.node import planned_node, prepare_node
from deploy.local.kafka.probe import kafka_answers
from deploy.local.kafka.topics import ensure_topics
from deploy.local.ports import PortNeed, check_ports
from deploy.local.progress import ConsoleReporter
from deploy.local.settings import LocalSettings
from deploy.local.throwaway import running
from shared.contracts.topics import ALL_TOPICS


def run(settings: LocalSettings, folder: Path, console: Console) -> None:
    """Run both engines with their data under `folder` until SIGINT or SIGTERM."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    check_ports(
        [
            PortNeed(settings.kafka_port, "Kafka", "EARSHOT_KAFKA_PORT"),
            PortNeed(settings.kafka_controller_port, "Kafka's quorum", "EARSHOT_KAFKA_CONTROLLER_PORT"),
            PortNeed(settings.documents_port, "the document server", "EARSHOT_MONGODB_PORT"),
        ]
    )
    logs = folder / "logs"
    node = planned_node(
        folder=folder / "kafka",
        log_file=logs / "kafka.log",
        address=BrokerAddress(settings.kafka_port, settings.kafka_controller_port),
        cache_dir=settings.cache_dir,
    )
    prepare_node(node, settings.cache_dir, ConsoleReporter(console))
    servers, uri = node.address.bootstrap_servers, f"mongodb://127.0.0.1:{settings.documents_port}"
    documents = (sys.executable, "-m", "deploy.local.documents", "--port", str(settings.documents_port))
    store = folder / "documents"
    store.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(
            running(node.command(), lambda: kafka_answers(servers), output=logs / "kafka-output.log")
        )
        asyncio.run(ensure_topics(servers, ALL_TOPICS))
        console.print(f"Kafka: {servers}, {len(ALL_TOPICS)} topics", highlight=False)
        stack.enter_context(
            running(
                (*documents, "--directory", str(store)),
                lambda: mongodb_answers(uri),
                output=logs / "documents.log",
            )
        )
        console.print(f"Document server: {uri}\nLogs: {logs}\nStop with Ctrl-C.", highlight=False)
        stop.wait()


def main(directory: Annotated[Path, typer.Option(help="Where the engines keep their data.")]) -> None:
    """Start Kafka and the document server, and stop them on Ctrl-C."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    console = Console()
    try:
        run(LocalSettings(), directory, console)
    except LocalModeError as error:
        console.print(str(error), markup=False, highlight=False)
        raise typer.Exit(1) from error


if __name__ == "__main__":
    typer.run(main)
