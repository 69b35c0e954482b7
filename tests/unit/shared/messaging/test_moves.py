"""A batch that waited is no longer this replica's trouble once its partitions are another's."""

from __future__ import annotations

from aiokafka import TopicPartition
from prometheus_client import CollectorRegistry

from shared.messaging.moves import Moves
from shared.messaging.state import ReportedStates
from shared.observability.readiness import Readiness
from tests.unit.shared.messaging.records import record_of, request

RECORD = record_of(request("a"))
OURS = TopicPartition(RECORD.topic, RECORD.partition)


class Group:
    """A group whose batch waits."""

    def __init__(self) -> None:
        self.readiness = Readiness()
        state = ReportedStates(self.readiness, CollectorRegistry()).of_group("earshot.syncer.removals")
        self.moves = Moves(state)
        state.waiting("away")


def test_a_batch_that_is_handed_back_still_waits_here() -> None:
    """It comes again at once, and nothing has changed."""
    group = Group()
    group.moves.handed_back([RECORD], {OURS})
    assert not group.readiness.ready


def test_a_batch_whose_partitions_moved_waits_elsewhere() -> None:
    """Nothing would ever come here to say that it goes on."""
    group = Group()
    group.moves.handed_back([RECORD], {TopicPartition(RECORD.topic, RECORD.partition + 1)})
    assert group.readiness.ready


def test_a_group_that_is_shared_out_anew_begins_anew() -> None:
    """What is still ours says again that it waits."""
    group = Group()
    group.moves.on_partitions_revoked({OURS})
    assert not group.readiness.ready
    group.moves.on_partitions_assigned(set())
    assert group.readiness.ready
