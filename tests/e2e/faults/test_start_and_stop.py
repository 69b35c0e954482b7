"""Services that start before their engines are there, and that end in the middle of their work."""

from __future__ import annotations

import random
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.e2e.chain.installation import eventually
from tests.e2e.torture.cluster import ENGINES, SERVICES
from tests.e2e.torture.run import stand

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

_ALONE_SECONDS = 20
_READY_SECONDS = 90
_GRACE_SECONDS = 45
"""What Kubernetes gives a pod before it kills it: `terminationGracePeriodSeconds` in deploy/k8s."""


def test_services_wait_for_engines_that_are_not_there_yet(tmp_path: Path) -> None:
    """Started first they are alive and not ready; once the engines come they work, without a restart."""
    with stand(tmp_path, random.Random(23), each_second=1) as ground:
        cluster = ground.cluster
        ground.connect()
        for name in (*SERVICES, *ENGINES):
            cluster.end(name, signal.SIGTERM)
        for name in SERVICES:
            cluster.start(name)
        alone = time.monotonic()
        while time.monotonic() - alone < _ALONE_SECONDS:
            assert all(cluster.parts[name].alive for name in SERVICES)
            time.sleep(0.5)
        assert cluster.unready(SERVICES).keys() == set(SERVICES)
        for name in ENGINES:
            cluster.start(name)
        eventually("all services are ready", lambda: cluster.ready(SERVICES), seconds=_READY_SECONDS)
        ground.writer.write(3)
        assert ground.settle(lambda _: None).faults == []
        assert {cluster.parts[name].starts for name in SERVICES} == {2}


def test_services_end_within_their_grace_and_lose_nothing(tmp_path: Path) -> None:
    """SIGTERM in the middle of work ends each by itself; its next life goes on, and facts arrive once."""
    with stand(tmp_path, random.Random(29), each_second=3) as ground:
        cluster = ground.cluster
        ground.connect()
        ground.writer.start()
        for _ in range(2):
            for name in SERVICES:
                cluster.send(name, signal.SIGTERM)
                # The signal is raised again once everything is shut down, as whoever sent it expects.
                assert cluster.wait_ended(name, _GRACE_SECONDS) in {0, -signal.SIGTERM}
                cluster.start(name)
            eventually("all services are ready", lambda: cluster.ready(SERVICES), seconds=_READY_SECONDS)
        ground.writer.stop()
        assert ground.settle(lambda _: None).faults == []
