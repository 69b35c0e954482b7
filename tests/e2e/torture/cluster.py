"""The parts of local mode as processes that a test may end, hold up, double and start as it likes.

`earshot up` restarts what dies, after pauses of its own choosing. Here nothing starts unless it is told to,
so that recovery can be as short as a test wants, and a service can have a second replica. What runs is
what local mode runs: commands, settings and order come from its own list.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import httpx
import psutil

from deploy.local.guard import guarded
from deploy.local.kafka.node import prepare_node
from deploy.local.kafka.topics import ensure_topics
from deploy.local.keys import load_keys
from deploy.local.parts import all_parts, local_kafka
from deploy.local.ports import free_ports
from deploy.local.progress import SilentReporter
from deploy.local.settings import LocalSettings
from deploy.local.supervision.part import Word
from shared.contracts.topics import ALL_TOPICS
from tests.e2e.chain.installation import eventually
from tests.engines.choice import TITLES, java_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from deploy.local.supervision.part import Part
    from tests.engines.choice import EngineName

ENGINES = ("kafka", "documents")
SERVICES = ("connector", "syncer", "detector", "notifier")
SECOND = "-2"
"""What the name of a service's second replica ends with."""

_PORTS = (
    "port",
    "connector_port",
    "syncer_port",
    "detector_port",
    "notifier_port",
    "kafka_port",
    "kafka_controller_port",
    "mongodb_port",
)
_START_SECONDS = 90
_STOP_SECONDS = 45
_PROBE_SECONDS = 3


@dataclass
class Running:
    """One part: what it is, its present process, and how often it was ended."""

    part: Part
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    peak_bytes: int = 0
    extra: tuple[str, ...] = ()
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Cluster:
    """Kafka, the document server, the four services and the gateway; nothing runs before `start_all`.

    Args:
        environment: settings that every part gets beside its own.
        stand_in: a module that runs services in place of `services.<name>`, told the name and, after it,
            the words given to `start`. Without it, services run as in production.
        documents: what runs as the part `documents`: our own server, or mongo-java-server in its place.
        mongodb_uri: a server that somebody else runs; then there is no such part.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        *,
        stand_in: str | None = None,
        documents: EngineName = "earshot",
        mongodb_uri: str | None = None,
    ) -> None:
        self.folder = folder
        numbers = free_ports(len(_PORTS) + len(SERVICES))
        ports = dict(zip(_PORTS, numbers, strict=False))
        self.settings = LocalSettings.model_validate(
            {"data_dir": folder / "data", "mongodb_uri": mongodb_uri, **ports}
        )
        self.address = self.settings.address
        self.bootstrap_servers = self.settings.bootstrap_servers
        self.mongodb_uri = self.settings.mongodb_address
        self._environment = {**os.environ, **environment}  # noqa: TID251 - children inherit their surroundings
        self._stand_in = stand_in
        keys = load_keys(folder / "data" / "secrets")
        self._client = httpx.AsyncClient(timeout=_PROBE_SECONDS)
        self.parts = {
            part.name: Running(part) for part in all_parts(self.settings, keys, self._client, demo=False)
        }
        if documents == "java":
            part = self.parts["documents"].part
            command = java_command(self.settings.documents_port)
            self.parts["documents"] = Running(replace(part, title=TITLES["java"], command=lambda: command))
        self.engines = tuple(name for name in ENGINES if name in self.parts)
        for name, port in zip(SERVICES, numbers[len(_PORTS) :], strict=True):
            self.parts[name + SECOND] = Running(_replica(self.parts[name].part, port))

    def start_all(self) -> None:
        """Start engines, services and the gateway, and return when all are ready."""
        prepare_node(local_kafka(self.settings), self.settings.cache_dir, SilentReporter())
        (self.settings.data_dir / "documents").mkdir(parents=True, exist_ok=True)
        for name in self.engines:
            self.start(name)
        eventually("the engines answer", lambda: self.ready(self.engines), seconds=_START_SECONDS)
        asyncio.run(ensure_topics(self.bootstrap_servers, ALL_TOPICS))
        for name in (*SERVICES, "gateway"):
            self.start(name)
        eventually("all parts are ready", lambda: self.ready(self.first()), seconds=_START_SECONDS)

    def first(self) -> list[str]:
        """Return the names of all parts but second replicas."""
        return [name for name in self.parts if not name.endswith(SECOND)]

    def start(self, name: str, *words: str) -> None:
        """Start a part unless it runs. The words go to the stand-in that runs services."""
        running = self.parts[name]
        with running.lock:
            if running.alive:
                return
            command = running.part.command()
            if self._stand_in is not None and name.removesuffix(SECOND) in SERVICES:
                command = (sys.executable, "-m", self._stand_in, name.removesuffix(SECOND), *words)
            running.part.log_file.parent.mkdir(parents=True, exist_ok=True)
            with running.part.log_file.open("ab") as log:
                running.process = subprocess.Popen(  # noqa: S603 - the commands are local mode's own
                    guarded(command, signal_number=signal.SIGKILL),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env={**self._environment, **running.part.environment},
                    start_new_session=True,
                )
            running.starts += 1

    def send(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a part that runs; nothing happens when it does not."""
        running = self.parts[name]
        with running.lock:
            if running.alive and running.process is not None:
                running.process.send_signal(number)

    def wait_ended(self, name: str, seconds: float = _STOP_SECONDS) -> int:
        """Return the exit code of a part that was told to end, or that ends by itself."""
        process = self.parts[name].process
        assert process is not None
        return process.wait(seconds)

    def end(self, name: str, number: signal.Signals) -> None:
        """Send a signal and return when the part is gone; killed when it does not go by itself."""
        self.send(name, number)
        running = self.parts[name]
        if running.process is None:
            return
        try:
            running.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired as error:
            self.send(name, signal.SIGKILL)
            raise AssertionError(
                f"{name} did not end within {_STOP_SECONDS} s of signal {number.name}."
            ) from error

    def stop_all(self) -> None:
        """End everything, services first."""
        for name in reversed(self.parts):
            self.send(name, signal.SIGCONT)
            self.send(name, signal.SIGTERM)
            if name not in ENGINES:
                continue
            for other in self.parts:
                if other not in ENGINES:
                    self._gone(other)
        for name in self.engines:
            self._gone(name)

    def _gone(self, name: str) -> None:
        process = self.parts[name].process
        if process is None:
            return
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def ready(self, names: Iterable[str]) -> bool:
        """Tell whether all these parts say that they are ready."""
        return not self.unready(names)

    def unready(self, names: Iterable[str]) -> dict[str, str]:
        """Return what those parts say that are not ready."""
        wanted = list(names)
        said = asyncio.run(self._ask(wanted))
        return {name: words for name, words in zip(wanted, said, strict=True) if words}

    async def _ask(self, names: Sequence[str]) -> list[str]:
        # A client keeps its connections to one event loop, and each question has a loop of its own.
        client = httpx.AsyncClient(timeout=_PROBE_SECONDS)
        keys = load_keys(self.settings.data_dir / "secrets")
        probes = {part.name: part.probe for part in all_parts(self.settings, keys, client, demo=False)}

        async def one(name: str) -> str:
            if not self.parts[name].alive:
                return "it does not run"
            if name.endswith(SECOND):
                port = self.parts[name].part.environment["EARSHOT_HTTP_PORT"]
                answer = await client.get(f"http://127.0.0.1:{port}/health/ready")
                return "" if answer.is_success else f"it answers {answer.status_code}"
            answered = await probes[name]()
            return "" if answered.word is Word.READY else f"{answered.word}: {answered.why}"

        async with client:
            return list(await asyncio.gather(*map(one, names)))

    def note_memory(self) -> None:
        """Remember the most memory that each part was seen to hold."""
        for running in self.parts.values():
            if running.alive and running.process is not None:
                try:
                    held = psutil.Process(running.process.pid).memory_info().rss
                except psutil.NoSuchProcess:
                    continue
                running.peak_bytes = max(running.peak_bytes, held)

    def log(self, name: str) -> str:
        """Return what a part has written."""
        path = self.parts[name].part.log_file
        return path.read_text("utf-8", errors="replace") if path.exists() else ""


def _replica(part: Part, port: int) -> Part:
    return replace(
        part,
        name=part.name + SECOND,
        environment={
            **part.environment,
            "EARSHOT_HTTP_PORT": str(port),
            "EARSHOT_CONSUMER_INSTANCE": part.name + SECOND,
        },
        log_file=part.log_file.with_stem(part.name + SECOND),
        ports=(),
    )


def waited(look: Callable[[], bool], seconds: float) -> bool:
    """Tell whether something came true in time; for places where its absence is an answer."""
    deadline = time.monotonic() + seconds
    while not look():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
