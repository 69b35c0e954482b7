"""Whoever watches the bus's doors is told after the write, and the writes are what they would have been."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.contracts.sync import SyncRequested
from shared.errors import TransientError
from shared.messaging.recording import RecordingPublisher
from shared.messaging.watched import WatchedPublisher


class Places:
    """Keeps what it is told, with how many events were out at that moment."""

    def __init__(self, publisher: RecordingPublisher) -> None:
        self._publisher = publisher
        self.told: list[tuple[str, int]] = []

    def reached(self, place: str) -> None:
        self.told.append((place, len(self._publisher.published)))


def _request(name: str) -> SyncRequested:
    return SyncRequested(
        organization_id="acme",
        connection_id="c-1",
        request_id=name,
        reason="manual",
        requested_at=datetime(2026, 3, 1, tzinfo=UTC),
    )


async def test_events_of_one_call_go_out_in_two_halves_and_in_order() -> None:
    """A place lies in the middle of a call, where some events are out and the others are not."""
    publisher = RecordingPublisher()
    places = Places(publisher)
    events = [_request(str(number)) for number in range(5)]
    await WatchedPublisher(publisher, places, "connector").publish(*events)
    assert publisher.published == events
    assert places.told == [("connector/sync.requests.half", 2), ("connector/sync.requests.published", 5)]


async def test_one_event_has_no_middle() -> None:
    """A single event is out or not."""
    publisher = RecordingPublisher()
    places = Places(publisher)
    await WatchedPublisher(publisher, places, "connector").publish(_request("1"))
    assert places.told == [("connector/sync.requests.published", 1)]


async def test_nothing_is_told_of_what_the_bus_did_not_take() -> None:
    """A failed call reaches no place, and its error passes through."""
    publisher = RecordingPublisher()
    places = Places(publisher)
    publisher.fail_next(TransientError("away"))
    with pytest.raises(TransientError):
        await WatchedPublisher(publisher, places, "connector").publish(_request("1"), _request("2"))
    assert places.told == []
