"""Engines that are stopped or slow: services say so, keep their memory, and recover by themselves."""

from __future__ import annotations

import random
import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.e2e.chain.installation import eventually
from tests.e2e.torture.cluster import ENGINES, SERVICES
from tests.e2e.torture.run import stand

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.torture.cluster import Cluster

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

_HELD_SECONDS = 25
_NOTICED_SECONDS = 60
_RECOVERED_SECONDS = 60
"""Ten on a quiet machine; the test's own patience is for one that is not. What it took is printed."""
_MOST_GROWTH = 60_000_000
"""Bytes; far more than buffers of a held engine take, far less than a queue without bound."""


_STOPPED_SECONDS, _GOING_SECONDS = 0.9, 0.1
"""Of a slow engine's seconds."""


@contextmanager
def _slowed(cluster: Cluster, engine: str) -> Iterator[None]:
    """Let an engine work a tenth of the time, and whole again afterwards."""
    over = threading.Event()

    def slow() -> None:
        while not over.is_set():
            cluster.send(engine, signal.SIGSTOP)
            over.wait(_STOPPED_SECONDS)
            cluster.send(engine, signal.SIGCONT)
            over.wait(_GOING_SECONDS)

    thread = threading.Thread(target=slow)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _memory(cluster: Cluster) -> dict[str, int]:
    found = {}
    for name in SERVICES:
        process = cluster.parts[name].process
        assert process is not None
        found[name] = int(psutil.Process(process.pid).memory_info().rss)
    return found


@pytest.mark.parametrize("engine", ENGINES)
def test_a_held_engine_is_waited_for(engine: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """SIGSTOP makes services unready and SIGCONT ready again, with facts of the meantime told once."""
    with stand(tmp_path, random.Random(17), each_second=2) as ground:
        ground.connect()
        ground.writer.write(2)
        assert ground.settle(lambda _: None).faults == []
        before = _memory(ground.cluster)
        ground.cluster.send(engine, signal.SIGSTOP)
        held = time.monotonic()
        ground.writer.start()
        eventually(
            "a service says that it is not ready",
            lambda: ground.cluster.unready(SERVICES),
            seconds=_NOTICED_SECONDS,
        )
        while time.monotonic() - held < _HELD_SECONDS:
            time.sleep(0.5)
        after = _memory(ground.cluster)
        ground.writer.stop()
        ground.cluster.send(engine, signal.SIGCONT)
        returned = time.monotonic()
        eventually(
            "all services are ready", lambda: ground.cluster.ready(SERVICES), seconds=_RECOVERED_SECONDS
        )
        with capsys.disabled():
            print(f"\nready {time.monotonic() - returned:.1f} s after {engine} went on")  # noqa: T201
        assert {name for name in SERVICES if after[name] - before[name] > _MOST_GROWTH} == set()
        assert ground.settle(lambda _: None).faults == []
        assert {ground.cluster.parts[name].starts for name in SERVICES} == {1}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_slow_engine_is_lived_with(engine: str, tmp_path: Path) -> None:
    """An engine that works a tenth of the time fills no memory, loses nothing and needs no restart."""
    with stand(tmp_path, random.Random(19), each_second=2) as ground:
        ground.connect()
        ground.writer.write(2)
        assert ground.settle(lambda _: None).faults == []
        before = _memory(ground.cluster)
        with _slowed(ground.cluster, engine):
            ground.writer.start()
            time.sleep(_HELD_SECONDS)
            after = _memory(ground.cluster)
            ground.writer.stop()
        eventually(
            "all services are ready", lambda: ground.cluster.ready(SERVICES), seconds=_RECOVERED_SECONDS
        )
        assert {name for name in SERVICES if after[name] - before[name] > _MOST_GROWTH} == set()
        assert ground.settle(lambda _: None).faults == []
        assert {ground.cluster.parts[name].starts for name in SERVICES} == {1}
