"""An engine that is killed while a group of consumers shares its partitions out anew."""

from __future__ import annotations

import random
import signal
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import ConsumerGroupState
from confluent_kafka.admin import AdminClient

from tests.e2e.chain.installation import eventually
from tests.e2e.torture.cluster import ENGINES, SECOND
from tests.e2e.torture.run import stand

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

_DOUBLED = ("syncer", "detector", "notifier")
_SHARING = {ConsumerGroupState.PREPARING_REBALANCING, ConsumerGroupState.COMPLETING_REBALANCING}
_JOINED_SECONDS = 60
_READY_SECONDS = 120


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_dies_while_partitions_move(engine: str, tmp_path: Path) -> None:
    """Second replicas join and leave around the death; every fact arrives once and nothing is left behind."""
    with stand(tmp_path, random.Random(31), each_second=2) as ground:
        cluster = ground.cluster
        ground.connect()
        ground.writer.start()
        admin = AdminClient({"bootstrap.servers": cluster.bootstrap_servers})

        def shared_out_anew() -> bool:
            groups = admin.list_consumer_groups(request_timeout=5).result().valid or []
            return any(group.state in _SHARING for group in groups)

        for name in _DOUBLED:
            cluster.start(name + SECOND)
        eventually("a group is shared out anew", shared_out_anew, seconds=_JOINED_SECONDS, every=0.02)
        cluster.end(engine, signal.SIGKILL)
        cluster.start(engine)
        everybody = [*cluster.first(), *(name + SECOND for name in _DOUBLED)]
        eventually("all are ready", lambda: cluster.ready(everybody), seconds=_READY_SECONDS)
        for name in _DOUBLED:
            cluster.end(name + SECOND, signal.SIGTERM)
        ground.writer.stop()
        assert ground.settle(lambda _: None).faults == []
