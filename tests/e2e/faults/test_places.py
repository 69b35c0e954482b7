"""A service that dies at each place between two writes: in the end nothing is lost and nothing is doubled.

One life of a connection a service. The service dies at the first named place that it comes to, is started
again, dies at the next, until it has died at all of them.
"""

from __future__ import annotations

import asyncio
import dataclasses
import random
from typing import TYPE_CHECKING

import pytest

from shared.contracts.topics import ALL_TOPICS, SERVICES
from shared.faults import FaultPoint
from tests.e2e.chain.product import records
from tests.e2e.faults.life import POISON, Life, insist, left, poison
from tests.e2e.faults.undertaker import Undertaker
from tests.e2e.faults.unsure import Unsure, answering, model_settings
from tests.e2e.torture.run import stand
from tests.e2e.torture.service import SEEN_VARIABLE

if TYPE_CHECKING:
    from pathlib import Path

    from shared.contracts.topics import Service
    from tests.e2e.torture.run import Stand
    from tests.integration.detector.stand_in import StandIn

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3_000)]

_FACTS = 6
_MORE_LIVES = 3
_LAST_SECONDS = 15
_SWEPT_SECONDS = 60
_KEPT = {"connections", "access.keys"}
"""Compacted topics whose last record of a removed connection is no tombstone: it says that it is removed."""


def _end(ground: Stand, life: Life, undertaker: Undertaker, id_: str) -> None:
    """Take a life to its end, and look that nothing is left of it."""
    if any(place.endswith(".insert") for place in undertaker.left):
        life.renewed()
    # The order to remove takes along who set out and did not come back, which runs out within minutes.
    life.astray()
    workspace_id = ground.workspace.id
    life.removed(id_)
    insist("everything is removed", lambda: not left(ground, id_, workspace_id))
    last = {
        (topic, key): value
        for topic, key, value, _ in records(
            ground.cluster.bootstrap_servers,
            [topic.name for topic in ALL_TOPICS if topic.cleanup == "compact" and topic.name not in _KEPT],
        )
        if key != POISON.decode()
    }
    assert [key for key, value in last.items() if value is not None] == []
    # Whoever confirms dies between the word and the rest, which comes a moment later.
    undertaker.wait_while(lambda _: True, _LAST_SECONDS)


def _ask(ground: Stand, undertaker: Undertaker, endpoint: StandIn) -> None:
    """Let the detector ask what it is not sure of; at rest, so that it dies of nothing else meanwhile."""
    unsure = Unsure(ground, undertaker)
    unsure.companies_decided()
    unsure.words_asked(endpoint)
    verdict = ground.settle(print, seconds=600)
    assert verdict.faults == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_dies_at_each_of_its_places(service: Service, tmp_path: Path) -> None:
    """After every death the life goes on; facts arrive once, and a removal leaves nothing."""
    places = {point.value for point in FaultPoint if point.value.startswith(f"{service}/")}
    seen = tmp_path / "seen"
    seen.mkdir()
    # A killed slice's work is taken up after its lease; a death a place would make that an hour of waiting.
    environment = {SEEN_VARIABLE: str(seen), "EARSHOT_LEASE_SECONDS": "2", "EARSHOT_SLICE_SECONDS": "1"}
    stand_in = "tests.e2e.torture.service"
    with (
        answering() as endpoint,
        stand(
            tmp_path,
            random.Random(7),
            each_second=1,
            stand_in=stand_in,
            environment={**environment, **model_settings(endpoint)},
            neighbour=True,
        ) as ground,
    ):
        ground.evidence = dataclasses.replace(
            ground.evidence, explained=lambda key, reason: (key, reason) == (POISON.decode(), "invalid_event")
        )
        life = Life(ground)
        undertaker = Undertaker(ground.cluster, service, seen, places)
        undertaker.start()
        try:
            life.keyed()
            life.ruled()
            life.preferred()
            id_ = life.connected()
            asyncio.run(poison(ground.cluster.bootstrap_servers))
            ground.writer.write(_FACTS)
            life.wished()
            life.rested(id_)
            verdict = ground.settle(print, seconds=600)
            assert verdict.faults == []
            if service == "detector":
                _ask(ground, undertaker, endpoint)
            life.judged(id_)
            life.offered()
            life.authorized()
            if FaultPoint.DETECTOR_REDETECTIONS_UPDATE in undertaker.left:
                life.outdated(id_)
            life.resumed(id_)
            if FaultPoint.CONNECTOR_SYNC_REQUESTS_HALF in undertaker.left:
                # Two requests in one call come by chance alone: when one is made while another waits.
                life.crowded(id_)
                undertaker.wait_while(FaultPoint.CONNECTOR_SYNC_REQUESTS_HALF.__eq__, _SWEPT_SECONDS)
            life.unruled()
            life.gapped()
            _end(ground, life, undertaker, id_)
            for _ in range(_MORE_LIVES):
                # What was written beside the place of a death is there for good, and is not written again.
                if not undertaker.left:
                    break
                id_ = life.connected()
                ground.writer.write(2)
                life.wished()
                _end(ground, life, undertaker, id_)
        finally:
            undertaker.stop()
        unnamed = {place for file in seen.iterdir() for place in file.read_text("utf-8").split()} - {
            point.value for point in FaultPoint
        }
        assert not unnamed, "these writes have no name in shared/faults.py"
        assert undertaker.unforeseen == []
        assert undertaker.left == set(), "the life of this test does not come to these places"
