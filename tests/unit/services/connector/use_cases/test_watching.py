"""Credentials looked at between runs: a dead one stops the connection, silence decides nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from services.connector.errors import HostNotAllowed, IntercomUnreachable
from services.connector.use_cases.watching import LOOKS_PER_TICK
from shared.contracts.connections import ConnectionChanged, ConnectionSettings
from shared.errors import TransientError
from tests.unit.services.connector.fakes import NOW, TOKEN, US, a_connection, a_workspace, refused
from tests.unit.services.connector.rig import Rig

if TYPE_CHECKING:
    from services.connector.domain.connection import Connection

GOOD = a_workspace()


@pytest.fixture
def rig() -> Rig:
    """A connector with one connection, whose look is due."""
    made = Rig()
    made.hold()
    return made


def opens(rig: Rig, *answers: Any) -> None:
    rig.intercom.opens = {(TOKEN, US): list(answers)}


async def test_a_good_credential_is_looked_at_in_time_and_left_alone(rig: Rig) -> None:
    """One question; the next look is due 45 seconds later."""
    assert await rig.watching.tick() == 1
    assert await rig.watching.tick() == 0
    assert rig.intercom.asked == [("me", TOKEN, US)]
    assert rig.held() == a_connection(next_look_at=NOW + timedelta(seconds=45))
    assert rig.publisher.published == []


async def test_a_dead_credential_stops_the_connection(rig: Rig) -> None:
    """Asked twice before a tenant is stopped; then it is told, once, and asked no more."""
    opens(rig, refused())
    assert await rig.watching.tick() == 1
    assert len(rig.intercom.asked) == 2
    found = rig.held()
    assert (found.state, found.attention, found.next_sync_at) == ("needs_attention", "token_revoked", None)
    assert [told.attention for told in rig.published(ConnectionChanged)] == ["token_revoked"]
    rig.clock.advance(3_600)
    assert await rig.watching.tick() == 0
    assert rig.counted("earshot_connection_attention_total", reason="token_revoked") == 1


async def test_one_refusal_may_be_a_hiccup(rig: Rig) -> None:
    """The second answer counts."""
    opens(rig, refused(), GOOD)
    await rig.watching.tick()
    assert rig.held().state == "connected"


@pytest.mark.parametrize(
    "answer",
    [IntercomUnreachable("away"), refused("permission_missing"), refused("plan_restricted")],
)
async def test_other_answers_stop_nothing(rig: Rig, answer: Exception) -> None:
    """Silence says nothing of the credential; what may not be read is for the runs to meet."""
    opens(rig, answer)
    await rig.watching.tick()
    assert rig.held().state == "connected"


@pytest.mark.parametrize(
    "change", [{"credential": "v0:lost"}, {"workspace": a_workspace(base_url="https://gone.example")}]
)
async def test_what_cannot_be_asked_is_not_stopped(rig: Rig, change: dict[str, Any]) -> None:
    """A missing key, or a host that is not allowed any more, is the operator's to mend."""
    rig.hold(**change)
    rig.intercom.opens = {(TOKEN, "https://gone.example"): HostNotAllowed("not allowed")}
    await rig.watching.tick()
    assert rig.held().state == "connected"
    assert rig.counted("earshot_credential_looks_total", outcome="no_answer") == 1


async def test_an_unreachable_one_goes_on_by_itself(rig: Rig) -> None:
    """When Intercom answers again; nobody has to do anything."""
    rig.hold(state="needs_attention", attention="unreachable", next_sync_at=None)
    opens(rig, IntercomUnreachable("away"), GOOD)
    await rig.watching.tick()
    assert rig.held().state == "needs_attention"
    rig.clock.advance(45)
    await rig.watching.tick()
    assert (rig.held().state, rig.held().next_sync_at) == ("connected", rig.clock.now())
    assert rig.counted("earshot_connections_recovered_total") == 1


async def test_an_unreachable_one_may_turn_out_to_be_revoked(rig: Rig) -> None:
    """The better-founded reason is told then."""
    rig.hold(state="needs_attention", attention="unreachable", next_sync_at=None)
    opens(rig, refused())
    await rig.watching.tick()
    assert rig.held().attention == "token_revoked"


async def test_frequent_runs_need_no_looks(rig: Rig) -> None:
    """They would find out sooner; no call is spent."""
    rig.hold(settings=ConnectionSettings(sync_interval_seconds=45))
    assert await rig.watching.tick() == 0
    assert rig.intercom.asked == []
    assert rig.held().next_look_at > NOW


async def test_one_replica_looks(rig: Rig) -> None:
    """The other one finds the look claimed."""

    def claimed() -> None:
        rig.hold(next_look_at=NOW + timedelta(seconds=45))

    rig.connections.meanwhile = claimed
    assert await rig.watching.tick() == 0
    assert rig.intercom.asked == []


async def test_a_connection_that_fails_keeps_no_other_waiting(rig: Rig) -> None:
    """The tick ends when all have ended, and what was unforeseen is in the log with its connection."""
    rig.hold(id="c-2", organization_id="other")
    looked_at = rig.connections.looked_at
    ended: list[str] = []

    async def fails_once(connection: Connection, **given: Any) -> bool:
        if not ended:
            ended.append("failed")
            raise KeyError("unforeseen")
        await asyncio.sleep(0)
        ended.append("claimed")
        return await looked_at(connection, **given)

    rig.connections.looked_at = fails_once  # type: ignore[method-assign] # a write that fails once
    with capture_logs() as lines:
        assert await rig.watching.tick() == 1
    assert ended == ["failed", "claimed"]
    (line,) = lines
    assert (line["work"], line["connection_ids"]) == ("looking at credentials", ["c-1"])
    assert isinstance(line["exc_info"], KeyError)


async def test_looks_are_bounded_in_each_tick(rig: Rig) -> None:
    """A big installation looks less often, and never spends more."""
    for number in range(LOOKS_PER_TICK * 2):
        rig.hold(id=f"c-{number}", organization_id=f"o-{number}")
    assert await rig.watching.tick() == LOOKS_PER_TICK


async def test_looks_that_fail_every_time_hold_up_no_other(rig: Rig) -> None:
    """As many as a tick takes, whose look cannot be claimed, are put off, and the next tick goes on."""
    claimed = rig.connections.looked_at
    for number in range(LOOKS_PER_TICK):
        name = f"c-broken-{number}"
        rig.hold(id=name, organization_id=name, next_look_at=NOW - timedelta(hours=1))

    async def fails(connection: Connection, **given: Any) -> bool:
        if connection.id != "c-1":
            raise KeyError("unforeseen")
        return await claimed(connection, **given)

    rig.connections.looked_at = fails  # type: ignore[method-assign] # a write that always fails
    assert await rig.watching.tick() == 0
    assert await rig.watching.tick() == 1
    assert rig.counted("earshot_connections_put_off_total", work="looks") == LOOKS_PER_TICK


async def test_a_reconnect_during_the_look_stands(rig: Rig) -> None:
    """The refusal was of another credential."""
    opens(rig, refused())
    looked_at = rig.held()
    rig.hold(revision=2, credential="v2:fresh")
    await rig.watching.look(looked_at)
    assert rig.held().state == "connected"


async def test_a_connection_that_went_during_the_look_is_nothing(rig: Rig) -> None:
    """Nor is one without a credential."""
    opens(rig, refused())
    looked_at = rig.held()
    rig.connections.stored.clear()
    await rig.watching.look(looked_at)
    await rig.watching.look(a_connection(credential=None))
    assert rig.publisher.published == []


async def test_a_change_during_the_resume_stands(rig: Rig) -> None:
    """Somebody found a better reason meanwhile."""
    rig.hold(state="needs_attention", attention="unreachable", next_sync_at=None)
    looked_at = rig.held()
    rig.hold(state="needs_attention", attention="token_revoked", next_sync_at=None, revision=3)
    await rig.watching.look(looked_at)
    assert rig.held().attention == "token_revoked"


async def test_an_uninstall_notice_is_checked_and_followed(rig: Rig) -> None:
    """All connections of the workspace, over all organizations."""
    rig.hold(id="c-2", organization_id="other")
    opens(rig, refused())
    assert await rig.watching.access_removed("w-1") == 2
    assert {each.attention for each in rig.connections.stored.values()} == {"token_revoked"}


async def test_a_late_uninstall_notice_stops_nothing(rig: Rig) -> None:
    """The workspace was installed again meanwhile, and Intercom takes the credential."""
    assert await rig.watching.access_removed("w-1") == 1
    assert await rig.watching.access_removed("w-9") == 0
    assert rig.held().state == "connected"


class Ended(Exception):
    """The loop's sleep was called often enough."""


async def test_the_loop_bears_a_database_that_is_away(rig: Rig) -> None:
    """It goes on at the next tick, a second later."""
    failures: list[Exception] = [TransientError("away")]

    async def due(*_: object, **__: object) -> list[object]:
        if failures:
            raise failures.pop()
        raise Ended

    async def sleep(seconds: float) -> None:
        rig.slept.append(seconds)

    rig.connections.due_for_look = due  # type: ignore[assignment, method-assign] # fails once, then ends
    with pytest.raises(Ended):
        await rig.watching.run(sleep)
    assert rig.slept == [1.0]
