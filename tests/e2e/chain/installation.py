"""A whole local installation as a person starts it: `earshot up` as a process, on free ports."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from deploy.local.guard import guarded
from deploy.local.ports import free_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

T = TypeVar("T")

_PORTS = (
    "EARSHOT_PORT",
    "EARSHOT_CONNECTOR_PORT",
    "EARSHOT_SYNCER_PORT",
    "EARSHOT_DETECTOR_PORT",
    "EARSHOT_NOTIFIER_PORT",
    "EARSHOT_DEMO_PORT",
    "EARSHOT_DEMO_SMTP_PORT",
    "EARSHOT_KAFKA_PORT",
    "EARSHOT_KAFKA_CONTROLLER_PORT",
    "EARSHOT_MONGODB_PORT",
)
_START_SECONDS = 120
_STOP_SECONDS = 60
_POLL_SECONDS = 0.1
_LAST_WORDS = 2_000

PARTS = ("kafka", "documents", "connector", "syncer", "detector", "notifier")
"""The processes whose death the product must survive; the demo workspace stands for Intercom."""


class TookTooLongError(AssertionError):
    """Something that had to happen by itself did not."""


def eventually(what: str, look: Callable[[], T | None], *, seconds: float, every: float = _POLL_SECONDS) -> T:
    """Return the first true thing that `look` finds. A part that does not answer counts as not yet."""
    deadline = time.monotonic() + seconds
    last: object = None
    while True:
        try:
            if found := look():
                return found
            last = found
        except (httpx.HTTPError, OSError) as error:
            last = error
        if time.monotonic() > deadline:
            raise TookTooLongError(f"Not within {seconds:.0f} s: {what}. Last seen: {last!r}")
        time.sleep(every)


@dataclass(frozen=True, slots=True)
class Process:
    """A part of the installation, as the runner's record has it."""

    name: str
    pid: int | None
    state: str
    restarts: int
    memory_bytes: int | None


class Installation:
    """One running `earshot up`. `address` is where people go, `demo_address` the demo workspace."""

    def __init__(self, folder: Path, environment: Mapping[str, str], *, demo: bool) -> None:
        ports = dict(zip(_PORTS, map(str, free_ports(len(_PORTS))), strict=True))
        self.folder = folder
        self.data = folder / "data"
        self.address = f"http://127.0.0.1:{ports['EARSHOT_PORT']}"
        self.demo_address = f"http://127.0.0.1:{ports['EARSHOT_DEMO_PORT']}"
        self.bootstrap_servers = f"127.0.0.1:{ports['EARSHOT_KAFKA_PORT']}"
        self.mongodb_uri = f"mongodb://127.0.0.1:{ports['EARSHOT_MONGODB_PORT']}"
        self.environment = {
            **os.environ,  # noqa: TID251 - a child process inherits its parent's surroundings
            **ports,
            "EARSHOT_DATA_DIR": str(self.data),
            **environment,
        }
        self._demo = demo
        self._runner: subprocess.Popen[bytes] | None = None

    @property
    def runner_pid(self) -> int:
        """Return the process id of `earshot up`."""
        assert self._runner is not None
        return self._runner.pid

    def start(self) -> None:
        """Start and return when every part is ready."""
        output = self.folder / "up.txt"
        command = [sys.executable, "-m", "deploy.cli", "up", *(() if self._demo else ("--no-demo",))]
        with output.open("ab") as sink:
            self._runner = subprocess.Popen(  # noqa: S603 - the command is ours
                # Ended with whoever runs the tests, also when that one is killed and cleans nothing up.
                guarded(tuple(command), signal_number=signal.SIGTERM),
                env=self.environment,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
            )

        def ready() -> bool:
            if self.runner_ended():
                raise TookTooLongError(f"earshot up ended: {output.read_text('utf-8')[-_LAST_WORDS:]}")
            return self.all_ready()

        eventually("all parts of earshot up are ready", ready, seconds=_START_SECONDS)

    def stop(self) -> int:
        """End it as Ctrl-C does; return the exit code. Killed when it does not end by itself."""
        assert self._runner is not None
        self._runner.send_signal(signal.SIGINT)
        try:
            return self._runner.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._runner.kill()
            return self._runner.wait()

    def runner_ended(self) -> bool:
        """Tell whether `earshot up` is over."""
        return self._runner is None or self._runner.poll() is not None

    def status(self) -> dict[str, Any]:
        """Return what `earshot status --json` prints."""
        done = subprocess.run(
            [sys.executable, "-m", "deploy.cli", "status", "--json"],
            env=self.environment,
            capture_output=True,
            check=True,
            timeout=30,
        )
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def processes(self) -> dict[str, Process]:
        """Return the parts from the runner's record; cheaper than `status`, and without their memory."""
        try:
            record = json.loads((self.data / "run" / "record.json").read_bytes())
        except FileNotFoundError:
            return {}
        return {
            part["name"]: Process(part["name"], part["pid"], part["state"], part["restarts"], None)
            for part in record["parts"]
        }

    def all_ready(self) -> bool:
        """Tell whether every part is ready by the runner's record."""
        found = self.processes()
        return bool(found) and all(each.state == "ready" for each in found.values())

    def kill(self, name: str) -> None:
        """End one part as a crash does, and return when the runner has seen it."""
        before = self.processes()[name]
        assert before.pid is not None
        os.kill(before.pid, signal.SIGKILL)
        eventually(
            f"the runner sees that {name} died",
            lambda: (
                self.processes()[name].restarts > before.restarts or self.processes()[name].pid != before.pid
            ),
            seconds=30,
        )

    def log(self, name: str) -> str:
        """Return what a part has written."""
        return (self.data / "logs" / f"{name}.log").read_text("utf-8", errors="replace")


@contextmanager
def installed(folder: Path, environment: Mapping[str, str], *, demo: bool = True) -> Iterator[Installation]:
    """Run an installation for as long as the block lasts."""
    installation = Installation(folder, environment, demo=demo)
    try:
        installation.start()
        yield installation
    finally:
        if not installation.runner_ended():
            installation.stop()
