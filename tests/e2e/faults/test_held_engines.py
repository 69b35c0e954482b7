"""Engines that are slow or stopped: services say so, keep their memory, and recover by themselves."""

from __future__ import annotations

import random
import signal
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.e2e.chain.installation import eventually
from tests.e2e.torture.cluster import ENGINES, SERVICES
from tests.e2e.torture.run import stand

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.torture.cluster import Cluster

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

_HELD_SECONDS = 25
_NOTICED_SECONDS = 60
_RECOVERED_SECONDS = 60
"""Ten on a quiet machine; the test's own patience is for one that is not. What it took is printed."""
_MOST_GROWTH = 60_000_000
"""Bytes; far more than buffers of a held engine take, far less than a queue without bound."""


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
