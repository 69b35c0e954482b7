"""The runner's record in the data folder: who runs, with which processes; and what a dead one left."""

from __future__ import annotations

import fcntl
import json
import os
import signal
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import psutil

from deploy.local.errors import AlreadyRunning

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import BinaryIO

    from deploy.local.supervision.supervisor import PartStatus

_LEFTOVER_GRACE_SECONDS = 10.0
_SAME_START_SECONDS = 1.0
"""A process id is used again; together with the second of its start it is one process."""


@dataclass(frozen=True, slots=True)
class RunnerRecord:
    """What `earshot status` reads."""

    pid: int
    started: float
    address: str
    parts: tuple[dict[str, Any], ...]


class RunnerLock:
    """Holds a data folder for one runner. The system lets go of it when the runner dies, however it dies.

    Raises `AlreadyRunning` where another runner holds the folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: BinaryIO | None = None

    def take(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        file = (self._folder / "lock").open("a+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            holder = read_record(self._folder)
            who = f"with pid {holder.pid}" if holder else "in another terminal"
            where = f" at {holder.address}" if holder else ""
            raise AlreadyRunning(
                f"Earshot is already running {who}{where}. Stop it with Ctrl-C there"
                + (f" (or: kill {holder.pid})" if holder else "")
                + ", or give this one its own EARSHOT_DATA_DIR and ports."
            ) from None
        self._file = file

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def write_record(folder: Path, address: str, statuses: Sequence[PartStatus]) -> None:
    """Write who runs what; whole or not at all, so that readers never see half of it."""
    record = {
        "pid": os.getpid(),
        "started": psutil.Process().create_time(),
        "address": address,
        "parts": [asdict(status) | {"started": _start_of(status.pid)} for status in statuses],
    }
    beside = folder / "record.new"
    beside.write_text(json.dumps(record), encoding="utf-8")
    beside.replace(folder / "record.json")


def read_record(folder: Path) -> RunnerRecord | None:
    """Return the last record, or None where there is none that can be read."""
    try:
        found = json.loads((folder / "record.json").read_bytes())
        return RunnerRecord(
            pid=int(found["pid"]),
            started=float(found["started"]),
            address=str(found["address"]),
            parts=tuple(found["parts"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        # Never written, or cut short by a full disk: nothing to go by.
        return None


def is_running(pid: int | None, started: float | None) -> bool:
    """Tell whether this very process is alive, not another one that got its number."""
    if pid is None or started is None:
        return False
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - started) < _SAME_START_SECONDS
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def end_leftovers(folder: Path) -> list[str]:
    """End processes that a killed runner left behind, and return their names.

    Call it while holding the lock: then the recorded runner is dead, and its parts belong to nobody.
    """
    record = read_record(folder)
    left = [
        (str(part["name"]), psutil.Process(int(part["pid"])))
        for part in (record.parts if record else ())
        if is_running(part.get("pid"), part.get("started"))
    ]
    for _, process in left:
        _signal(process, signal.SIGTERM)
    _, alive = psutil.wait_procs([process for _, process in left], timeout=_LEFTOVER_GRACE_SECONDS)
    for process in alive:
        _signal(process, signal.SIGKILL)
    psutil.wait_procs(alive, timeout=_LEFTOVER_GRACE_SECONDS)
    return [name for name, _ in left]


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    # One that ended by itself meanwhile did all that was wanted.
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def _start_of(pid: int | None) -> float | None:
    if pid is None:
        return None
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return None
