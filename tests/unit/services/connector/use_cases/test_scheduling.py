"""Asking for runs: once each, in time, and no storm after an outage."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from services.connector.domain.unreadable import Unreadable
from services.connector.use_cases.scheduling import TAKEN_AT_ONCE
from shared.contracts.connections import ConnectionSettings
from shared.contracts.sync import SyncRequested
from shared.errors import TransientError
from tests.unit.services.connector.fakes import ADMIN, NOW
from tests.unit.services.connector.rig import Rig

if TYPE_CHECKING:
    from services.connector.domain.connection import Connection


@pytest.fixture
def rig() -> Rig:
    """A connector with one connection, due now, every minute."""
    made = Rig()
    made.hold(settings=ConnectionSettings(sync_interval_seconds=60))
    return made


async def test_a_due_run_is_asked_for_once(rig: Rig) -> None:
    """Then the next one is due an interval later."""
    assert await rig.scheduling.tick() == 1
    assert await rig.scheduling.tick() == 0
    (request,) = rig.published(SyncRequested)
    assert (request.connection_id, request.reason, request.hints) == ("c-1", "scheduled", ())
    assert rig.held().next_sync_at == NOW + timedelta(seconds=60)
    assert rig.counted("earshot_sync_requests_total", reason="scheduled") == 1


async def test_two_replicas_say_the_same_fact(rig: Rig) -> None:
    """The due time names the request, so that saying it twice is recognisable."""
    await asyncio.gather(rig.scheduling.tick(), rig.scheduling.tick())
    first = [event.event_id() for event in rig.published(SyncRequested)]
    assert len(first) == 1
    rig.hold(settings=ConnectionSettings(sync_interval_seconds=60))
    await rig.scheduling.tick()
    assert {event.event_id() for event in rig.published(SyncRequested)} == set(first)


async def test_a_change_between_look_and_write_wins(rig: Rig) -> None:
    """What was just changed or ended is looked at again at the next tick."""
    rig.connections.meanwhile = rig.touch
    assert await rig.scheduling.tick() == 0
    assert await rig.scheduling.tick() == 1


async def test_missed_runs_are_not_made_up_for(rig: Rig) -> None:
    """After an outage of an hour there is one run, and the next comes an interval later."""
    rig.clock.advance(3_600)
    assert await rig.scheduling.tick() == 1
    assert rig.held().next_sync_at == rig.clock.now() + timedelta(seconds=60)
    assert await rig.scheduling.tick() == 0
    assert rig.counted("earshot_schedule_lag_seconds_sum") == 3_600


async def test_many_are_asked_for_in_one_tick(rig: Rig) -> None:
    """More than are handled side by side; one at rest is not among them."""
    for number in range(40):
        rig.hold(id=f"c-{number}", organization_id=f"o-{number}")
    rig.hold(id="c-0", organization_id="o-0", state="needs_attention", next_sync_at=None)
    assert await rig.scheduling.tick() == 39


async def test_a_bus_that_is_away_keeps_the_request(rig: Rig) -> None:
    """It waits with the connection, and the other connections are asked for all the same."""
    rig.hold(id="c-2", organization_id="other")
    rig.publisher.fail_next(TransientError("away"))
    assert await rig.scheduling.tick() == 2
    assert len(rig.published(SyncRequested)) == 1
    for organization, connection in (("acme", "c-1"), ("other", "c-2")):
        await rig.connections.publish_pending(organization, connection)
    assert len(rig.published(SyncRequested)) == 2


@pytest.mark.parametrize("error", [TransientError("away"), KeyError("unforeseen")])
async def test_a_connection_that_fails_keeps_no_other_waiting(rig: Rig, error: Exception) -> None:
    """The tick ends when all have ended; what failed is in the log, and tried again after a second."""
    rig.hold(id="c-2", organization_id="other")
    scheduled = rig.connections.scheduled
    ended: list[str] = []

    async def fails_once(connection: Connection, **given: Any) -> bool:
        if not ended:
            ended.append("failed")
            raise error
        await asyncio.sleep(0)
        ended.append("asked")
        return await scheduled(connection, **given)

    rig.connections.scheduled = fails_once  # type: ignore[method-assign] # a write that fails once
    with capture_logs() as lines:
        assert await rig.scheduling.tick() == 1
    assert ended == ["failed", "asked"]
    (line,) = lines
    assert (line["work"], line["connections"], line["connection_ids"]) == ("asking for runs", 1, ["c-1"])
    assert await rig.scheduling.tick() == 0
    rig.clock.advance(1)
    assert await rig.scheduling.tick() == 1


async def test_a_disconnect_during_the_tick_asks_for_nothing(rig: Rig) -> None:
    """Nor does its schedule come back."""
    await rig.administration.disconnect(ADMIN, "c-1")
    assert await rig.scheduling.tick() == 0
    assert rig.published(SyncRequested) == []


class Ended(Exception):
    """The loop's sleep was called often enough."""


async def test_the_loop_bears_a_database_that_is_away(rig: Rig) -> None:
    """It goes on at the next tick."""
    failures = [TransientError("away")]

    async def due(*_: object, **__: object) -> list[object]:
        if failures:
            raise failures.pop()
        raise Ended

    async def sleep(seconds: float) -> None:
        rig.slept.append(seconds)

    rig.connections.due = due  # type: ignore[assignment, method-assign] # fails once, then ends the loop
    with pytest.raises(Ended):
        await rig.scheduling.run(0.5, sleep)
    assert rig.slept == [0.5]


async def test_what_one_look_cannot_take_follows_at_once(rig: Rig) -> None:
    """After an outage with very many due there is no pause before all are asked for."""
    for number in range(TAKEN_AT_ONCE + 20):
        rig.hold(id=f"c-{number}", organization_id=f"o-{number}")

    async def sleep(seconds: float) -> None:
        rig.slept.append(seconds)
        raise Ended

    with pytest.raises(Ended):
        await rig.scheduling.run(0.5, sleep)
    assert rig.slept == [0.5]
    assert len(rig.published(SyncRequested)) == TAKEN_AT_ONCE + 20


async def test_what_is_never_due_is_not_asked_for(rig: Rig) -> None:
    """Even if it is handed in."""
    rig.hold(next_sync_at=None)

    async def due(*_: object, **__: object) -> list[object]:
        return [rig.held()]

    rig.connections.due = due  # type: ignore[assignment, method-assign] # a store that errs
    assert await rig.scheduling.tick() == 0


class Broken:
    """Makes each write of some connections fail, as many as are named, and counts the tries."""

    def __init__(self, rig: Rig, *names: str) -> None:
        self.names = set(names)
        self.tries: list[str] = []
        self._scheduled = rig.connections.scheduled
        rig.connections.scheduled = self  # type: ignore[method-assign] # writes that fail

    async def __call__(self, connection: Connection, **given: Any) -> bool:
        if connection.id in self.names:
            self.tries.append(connection.id)
            raise KeyError("unforeseen")
        return await self._scheduled(connection, **given)


async def test_however_many_fail_every_time_hold_up_no_other(rig: Rig) -> None:
    """As many as a look takes, all due for longer, are put off, and the next look goes on to others."""
    broken = Broken(rig, *(f"c-broken-{number}" for number in range(TAKEN_AT_ONCE)))
    for name in broken.names:
        rig.hold(id=name, organization_id=name, next_sync_at=NOW - timedelta(hours=1))
    with capture_logs() as lines:
        assert await rig.scheduling.tick() == 0
        assert await rig.scheduling.tick() == 1
    assert rig.held().next_sync_at == NOW + timedelta(seconds=60)
    assert len(broken.tries) == TAKEN_AT_ONCE
    assert rig.counted("earshot_connections_put_off_total", work="runs") == TAKEN_AT_ONCE
    (line,) = lines
    assert line["connections"] == TAKEN_AT_ONCE
    assert set(line["connection_ids"]) < broken.names


async def test_a_connection_that_goes_on_failing_is_tried_ever_less_often(rig: Rig) -> None:
    """After a second, two, four, and never later than ten minutes; each pause spread over its upper half."""
    broken = Broken(rig, "c-1")
    rig.rng.values = [0.5]
    pauses: list[float] = []
    for _ in range(13):
        seconds = 0.0
        while len(broken.tries) == len(pauses):
            await rig.scheduling.tick()
            if len(broken.tries) == len(pauses):
                rig.clock.advance(0.25)
                seconds += 0.25
        pauses.append(seconds)
    assert pauses == [0, *(0.75 * full for full in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600))]


async def test_after_a_run_was_asked_for_pauses_begin_anew(rig: Rig) -> None:
    """What failed in the past says nothing of what fails next."""
    broken = Broken(rig, "c-1")
    for seconds in (1, 2, 4):
        await rig.scheduling.tick()
        rig.clock.advance(seconds)
    assert len(broken.tries) == 3
    broken.names.clear()
    assert await rig.scheduling.tick() == 1
    broken.names.add("c-1")
    rig.clock.advance(60)
    await rig.scheduling.tick()
    rig.clock.advance(1)
    await rig.scheduling.tick()
    assert len(broken.tries) == 5


async def test_a_connection_that_cannot_be_read_is_put_off_and_named(rig: Rig) -> None:
    """Its document alone; nothing of what it holds is in the log."""
    rig.connections.unreadable["c-2"] = Unreadable("other", "c-2", "ValidationError in settings")
    with capture_logs() as lines:
        assert await rig.scheduling.tick() == 1
        assert await rig.scheduling.tick() == 0
    (line,) = lines
    assert line["connection_ids"] == ["c-2"]
    assert "ValidationError in settings" in str(line)
    assert rig.counted("earshot_connections_put_off_total", work="runs") == 1
