"""Processes under measurement: processor seconds, peak of resident memory, what each window of calls held."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import psutil

if TYPE_CHECKING:
    from collections.abc import Mapping

_SAMPLE_SECONDS = 0.25
_MIB = 2**20


def cpu_seconds(pid: int) -> float:
    """Return the processor seconds that a process has spent until now."""
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


class Watch:
    """Samples the resident memory of processes for as long as a block lasts; a process may end meanwhile."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._processes = {name: psutil.Process(pid) for name, pid in pids.items()}
        self._began = time.monotonic()
        self._before = {name: _spent(process) for name, process in self._processes.items()}
        self.spent = dict.fromkeys(pids, 0.0)
        self.peak_mib = dict.fromkeys(pids, 0.0)
        self.samples: dict[str, list[tuple[float, float]]] = {name: [] for name in pids}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._look()
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._over.wait(_SAMPLE_SECONDS):
            self._look()

    def _look(self) -> None:
        at = time.monotonic() - self._began
        for name, process in self._processes.items():
            try:
                resident = process.memory_info().rss / _MIB
                self.spent[name] = _spent(process) - self._before[name]
            except psutil.NoSuchProcess:
                continue
            self.peak_mib[name] = max(self.peak_mib[name], resident)
            self.samples[name].append((at, resident))


def _spent(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


@dataclass(frozen=True, slots=True)
class Windows:
    """Calls by window of ten seconds. A window is steady when there was work before, in and after it."""

    calls: tuple[int, ...]
    limit: int

    @property
    def steady_share(self) -> float | None:
        """Return the share of the limit used in steady windows; None where the run had none."""
        steady = self.calls[1:-1]
        return sum(steady) / (self.limit * len(steady)) if steady else None
