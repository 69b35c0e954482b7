"""`earshot up`: what is checked, what starts after what, when it is ready, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import shutil
import signal
from typing import TYPE_CHECKING, Protocol

import httpx
from aiokafka.errors import KafkaError

from deploy.local.errors import EngineFailed, LocalModeError
from deploy.local.folders import close_folders
from deploy.local.kafka.node import prepare_node
from deploy.local.kafka.topics import ensure_topics, topic_configuration
from deploy.local.keys import load_keys
from deploy.local.parts import all_parts, local_kafka
from deploy.local.ports import check_ports
from deploy.local.progress import ConsoleReporter
from deploy.local.screen import Screen
from deploy.local.supervision.fleet import Fleet
from deploy.local.supervision.part import Stage
from deploy.local.supervision.processes import GuardedProcesses
from deploy.local.supervision.record import RunnerLock, end_leftovers
from shared.contracts.topics import ALL_TOPICS
from shared.messaging.security import client_security

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping
    from pathlib import Path

    from rich.console import Console

    from deploy.local.keys import LocalKeys
    from deploy.local.settings import LocalSettings
    from deploy.local.supervision.part import Part
    from shared.clock import Clock


class MakeParts(Protocol):
    """Names the parts to run, in the order of starting."""

    def __call__(
        self, settings: LocalSettings, keys: LocalKeys, client: httpx.AsyncClient, *, demo: bool
    ) -> list[Part]: ...


_LEAST_FREE_BYTES = 500 * 1024 * 1024
"""Kafka alone keeps segments of 64 MB open; with less than this a start ends in the middle of something."""

_ASK_PAGE_SECONDS = 0.1
_PROBE_SECONDS = 5.0
_TOPICS_SECONDS = 30.0
_TOPICS_PAUSE_SECONDS = 0.5


async def up(
    settings: LocalSettings,
    *,
    demo: bool,
    environment: Mapping[str, str],
    console: Console,
    clock: Clock,
    make_parts: MakeParts = all_parts,
) -> None:
    """Run local mode until SIGINT or SIGTERM. `make_parts` decides what runs.

    Raises `LocalModeError` where something on this machine keeps it from starting; everything that was
    started by then has been stopped again.
    """
    settings = settings.model_copy(update={"data_dir": settings.data_dir.absolute()})
    run_folder = settings.data_dir / "run"
    screen = Screen(console, settings.data_dir / "logs")
    lock = RunnerLock(run_folder)
    lock.take()
    try:
        for name in end_leftovers(run_folder):
            screen.say(f"{name} was left behind by a run that was cut off; it has been stopped.")
        check_free_space(settings.data_dir)
        stop = _stop_on_signals()
        keys = load_keys(settings.data_dir / "secrets")
        async with httpx.AsyncClient(timeout=_PROBE_SECONDS, trust_env=False) as client:
            parts = make_parts(settings, keys, client, demo=demo)
            check_ports(need for part in parts for need in part.ports)
            close_folders(settings.data_dir)
            fleet = Fleet(
                parts,
                GuardedProcesses(environment),
                clock=clock,
                run_folder=run_folder,
                address=settings.address,
                changed=screen.changed,
            )
            runner = _Runner(settings, fleet, screen, console, client, clock)
            await runner.run(stop, demo=demo)
    finally:
        lock.release()


def check_free_space(folder: Path, least_bytes: int = _LEAST_FREE_BYTES) -> None:
    """Raise `LocalModeError` where the disk under `folder` is all but full."""
    free = shutil.disk_usage(folder).free
    if free < least_bytes:
        raise LocalModeError(
            f"The disk under {folder} has {free // 1_000_000} MB left; local mode needs "
            f"{least_bytes // 1_000_000} MB to start. Make room, or name another folder: "
            "EARSHOT_DATA_DIR=<folder>."
        )


def topics_digest() -> str:
    """Return a name for the topics as the contracts have them now."""
    lines = (f"{topic.name} {topic.partitions} {topic_configuration(topic)}" for topic in ALL_TOPICS)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


class _Runner:
    def __init__(
        self,
        settings: LocalSettings,
        fleet: Fleet,
        screen: Screen,
        console: Console,
        client: httpx.AsyncClient,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._fleet = fleet
        self._screen = screen
        self._console = console
        self._client = client
        self._clock = clock
        self._topics_mark = settings.data_dir / "run" / "topics"

    async def run(self, stop: asyncio.Event, *, demo: bool) -> None:
        began = self._clock.monotonic()
        try:
            if not await _unless(stop, self._prepare()):
                return
            with self._screen.watching(self._fleet.statuses):
                if not await _unless(stop, self._start()):
                    return
            self._screen.ready(
                address=self._settings.address,
                demo_address=f"http://127.0.0.1:{self._settings.demo_port}" if demo else None,
                statuses=self._fleet.statuses(),
                data=self._settings.data_dir,
                seconds=self._clock.monotonic() - began,
            )
            await stop.wait()
        finally:
            # Signals go on being counted: a second Ctrl-C ends the parts without waiting for them.
            stop.clear()
            self._screen.say("Stopping.")
            stopping = asyncio.create_task(self._fleet.stop(), name="stop")
            if not await _unless(stop, asyncio.shield(stopping)):
                self._fleet.kill()
                await stopping
            self._screen.say("Stopped. The data is kept; earshot up goes on with it.")

    async def _prepare(self) -> None:
        if self._settings.kafka_bootstrap_servers is not None:
            return
        node = local_kafka(self._settings)
        await asyncio.to_thread(prepare_node, node, self._settings.cache_dir, ConsoleReporter(self._console))

    async def _start(self) -> None:
        """Start all parts and return when the first page is there.

        Services wait for engines by themselves, so all start at once; except that topics must be there
        before anyone subscribes to them.
        """
        digest = f"{self._settings.bootstrap_servers} {topics_digest()}"
        topics_known = self._topics_mark.exists() and self._topics_mark.read_text("utf-8") == digest
        self._fleet.start(Stage.ENGINES)
        self._fleet.start(Stage.EDGE)
        if topics_known:
            self._fleet.start(Stage.SERVICES)
        await self._fleet.wait_ready(Stage.ENGINES)
        await self._make_topics()
        self._topics_mark.write_text(digest, encoding="utf-8")
        if not topics_known:
            self._fleet.start(Stage.SERVICES)
        await self._fleet.wait_ready(Stage.SERVICES)
        await self._fleet.wait_ready(Stage.EDGE)
        await self._first_page()

    async def _make_topics(self) -> None:
        servers = self._settings.bootstrap_servers
        deadline = self._clock.monotonic() + _TOPICS_SECONDS
        while True:
            try:
                await ensure_topics(servers, ALL_TOPICS, security=client_security(self._settings))
            except (KafkaError, OSError) as error:
                if self._clock.monotonic() > deadline:
                    raise EngineFailed(
                        f"Kafka at {servers} does not take topics ({error}). Check "
                        "EARSHOT_KAFKA_BOOTSTRAP_SERVERS and EARSHOT_KAFKA_SECURITY_PROTOCOL, and that Kafka "
                        "runs there."
                    ) from error
                await asyncio.sleep(_TOPICS_PAUSE_SECONDS)
            else:
                return

    async def _first_page(self) -> None:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                response = await self._client.get(self._settings.address, follow_redirects=True)
                if response.is_success:
                    return
            await asyncio.sleep(_ASK_PAGE_SECONDS)


async def _unless(stop: asyncio.Event, work: Awaitable[object]) -> bool:
    """Wait for `work`; return False, with the work cancelled, if `stop` is set first."""
    task = asyncio.ensure_future(work)
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if task.done():
        task.result()
        return True
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return False


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    return stop
