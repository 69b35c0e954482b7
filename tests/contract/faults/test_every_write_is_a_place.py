"""The list of places where a process can die, held against what the services' code writes."""

from __future__ import annotations

from typing import get_args

from shared.contracts.deliveries import ChannelName
from shared.contracts.topics import ALL_TOPICS, DEAD_LETTERS, SERVICES
from shared.faults import FaultPoint
from tests.contract.faults.writes import all_writes
from tests.e2e.chain.groups import groups

_PLACES = {point.value for point in FaultPoint}


def _ending(*endings: str) -> set[str]:
    return {place for place in _PLACES if place.rpartition(".")[2] in endings}


def test_every_write_to_a_collection_is_a_place() -> None:
    """A store that is new, or written in a new way, needs a name; one that is gone takes its name with it."""
    assert all_writes() == _ending("insert", "update", "delete", "findAndModify")


def test_every_consumer_group_is_a_place() -> None:
    """After a handler and before the commit, for each subscription that the services declare."""
    handled = {"/".join(name.removeprefix("earshot.").split(".", 1)) + ".handled" for name in groups()}
    assert handled == _ending("handled")


def test_every_topic_is_a_place_of_those_who_write_it() -> None:
    """Each topic as published by each service that the contract lets write there, dead letters too."""
    own = {
        f"{service}/{topic.name}.published"
        for topic in ALL_TOPICS
        if topic not in DEAD_LETTERS
        for service in topic.written_by
    }
    assert own | {f"{service}/dead-letters.published" for service in SERVICES} == _ending("published")


def test_every_channel_is_a_place() -> None:
    """Each way to reach people, after the message and before it is stored that it went."""
    assert {f"notifier/{channel}.sent" for channel in get_args(ChannelName)} == _ending("sent")
