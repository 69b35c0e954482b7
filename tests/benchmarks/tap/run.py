"""Reads a simulated workspace by tap-intercom, from its package, in an environment of its own."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from deploy.simulator.tokens import DEMO_TOKEN
from tests.benchmarks.completeness import Mirror
from tests.benchmarks.result import Result
from tests.benchmarks.watched import Watch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.benchmarks.simulated import Simulated

_ROOT = Path(__file__).parents[3]
_REQUIREMENTS = _ROOT / "requirements" / "bench-sync.txt"
_LAUNCHER = Path(__file__).with_name("launcher.py")
_STREAMS = frozenset(
    {"admins", "companies", "contacts", "conversations", "conversation_parts", "tags", "teams"}
)
"""What Earshot reads too."""

_INSTALL_SECONDS = 600


def environment() -> Path:
    """Return the Python of an environment with the pinned tap, made under build/ when it is not there yet."""
    named = hashlib.sha256(_REQUIREMENTS.read_bytes()).hexdigest()[:12]
    folder = _ROOT / "build" / f"tap-intercom-{named}"
    python = folder / "bin" / "python"
    if not (folder / "made").exists():
        sys.stderr.write(f"Installing tap-intercom by pinned hashes into {folder.relative_to(_ROOT)}.\n")
        _do(sys.executable, "-m", "venv", "--clear", str(folder))
        install = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes")
        _do(str(python), *install, "-r", str(_REQUIREMENTS))
        (folder / "made").touch()
    return python


def _do(*command: str) -> None:
    subprocess.run(command, check=True, timeout=_INSTALL_SECONDS)  # noqa: S603 - our own commands


class Tap:
    """The tap, its catalogue with the streams chosen, and its state between runs."""

    def __init__(self, python: Path, folder: Path, workspace: Simulated) -> None:
        self._python = python
        self._folder = folder
        self._workspace = workspace
        self._state: dict[str, Any] | None = None
        self.mirror = Mirror()
        config = {"access_token": DEMO_TOKEN, "start_date": "2015-01-01T00:00:00Z", "user_agent": "bench"}
        self._file("config.json", config)
        self._file("catalog.json", self._catalog())

    def run(self, name: str) -> Result:
        """Let it read once; raises CalledProcessError when it fails."""
        self._workspace.forget_calls()
        arguments = ["--config", "config.json", "--catalog", "catalog.json"]
        if self._state is not None:
            self._file("state.json", self._state)
            arguments += ["--state", "state.json"]
        output = self._folder / f"{name}.ndjson"
        watch, seconds = self._launched(arguments, output)
        read = self._take_in(output)
        calls = self._workspace.calls()
        return Result(
            reader="tap-intercom 2.2.5",
            run=name,
            conversations=read,
            seconds=seconds,
            calls=calls,
            cpu_seconds=watch.spent["tap"],
            peak_mib=watch.peak_mib["tap"],
        )

    def _launched(self, arguments: list[str], output: Path) -> tuple[Watch, float]:
        with output.open("wb") as sink, (self._folder / "log.txt").open("ab") as log:
            began = time.monotonic()
            process = subprocess.Popen(  # noqa: S603 - our own launcher with our own arguments
                [str(self._python), str(_LAUNCHER), self._workspace.url, *arguments],
                cwd=self._folder,
                stdout=sink,
                stderr=log,
            )
            try:
                with Watch({"tap": process.pid}) as watch:
                    code = process.wait()
            finally:
                process.kill()
        if code:
            raise subprocess.CalledProcessError(code, "tap-intercom")
        return watch, time.monotonic() - began

    def _take_in(self, output: Path) -> int:
        """Bring the mirror and the state up to date; return how many conversations were delivered."""
        read = 0
        for message in _messages(output):
            if message["type"] == "STATE":
                self._state = message["value"]
            if message["type"] != "RECORD":
                continue
            row = message["record"]
            match message["stream"]:
                case "conversations":
                    read += 1
                    self.mirror.conversations[row["id"]] = _seconds(row["updated_at"])
                case "conversation_parts":
                    self.mirror.part(row["conversation_id"], row["id"], row["body"])
                case "contacts":
                    self.mirror.contacts.add(row["id"])
                case "companies":
                    self.mirror.companies.add(row["id"])
        return read

    def _catalog(self) -> dict[str, Any]:
        told = subprocess.run(  # noqa: S603 - our own launcher with our own arguments
            [
                str(self._python),
                str(_LAUNCHER),
                self._workspace.url,
                "--discover",
                "--config",
                "config.json",
            ],
            cwd=self._folder,
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        catalog: dict[str, Any] = orjson.loads(told.stdout)
        for stream in catalog["streams"]:
            for entry in stream["metadata"]:
                if stream["tap_stream_id"] in _STREAMS:
                    entry["metadata"]["selected"] = True
        return catalog

    def _file(self, name: str, content: dict[str, Any]) -> None:
        (self._folder / name).write_bytes(orjson.dumps(content))


def _messages(output: Path) -> Iterator[dict[str, Any]]:
    with output.open("rb") as lines:
        for line in lines:
            yield orjson.loads(line)


def _seconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp())
