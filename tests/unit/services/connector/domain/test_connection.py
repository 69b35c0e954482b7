"""A connection's life: what each step needs, what it leaves, and that revisions only grow."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.connector.domain.connection import Connection, Removal
from services.connector.errors import ConnectionConflict
from shared.contracts.connections import AttentionReason, ConnectionSettings, ConnectionState
from shared.contracts.topics import SERVICES
from tests.unit.services.connector.fakes import NOW, a_connection, a_workspace

if TYPE_CHECKING:
    from collections.abc import Callable

LATER = NOW + timedelta(hours=1)
CONFIRMED = tuple((service, 1) for service in SERVICES)

STATES = st.sampled_from(get_args(ConnectionState))
REASONS = st.sampled_from(get_args(AttentionReason))

STEPS: list[Any] = [
    lambda found: found.with_settings(ConnectionSettings(lookback_days=10), LATER),
    lambda found: found.in_need("token_revoked", "said", LATER),
    lambda found: found.in_need("unreachable", "said", LATER),
    lambda found: found.recovered(LATER),
    lambda found: found.disconnected(LATER),
    lambda found: found.removing(Removal("r", "Ines", LATER, CONFIRMED), LATER),
    lambda found: found.reconnected(a_connection(credential="fresh"), LATER),
]


@given(st.lists(st.sampled_from(STEPS), max_size=12))
def test_every_life_keeps_the_rules(steps: list[Callable[[Connection], Connection]]) -> None:
    """Whatever happens in whatever order: a change is one revision, rest means no credential to lend."""
    connection = a_connection()
    for step in steps:
        try:
            after = step(connection)
        except ConnectionConflict:
            continue
        assert after is connection or after.revision == connection.revision + 1
        assert after.id == connection.id
        at_rest = after.state in {"disconnected", "removed"}
        assert (after.credential is None) == at_rest
        assert (after.next_sync_at is None) == (after.state != "connected")
        assert (after.attention is None) == (after.state != "needs_attention")
        assert not at_rest or after.next_look_at is None
        connection = after


def test_the_fact_tells_the_whole_state_but_the_credential() -> None:
    """Readers need nothing else, and never see the secret."""
    connection = a_connection()
    fact = connection.fact()
    assert (fact.revision, fact.state, fact.workspace_name) == (1, "connected", "Northwind")
    assert connection.credential is not None
    assert connection.credential not in fact.model_dump_json()
    assert connection.credential not in repr(connection)


def test_a_fresh_credential_of_the_same_workspace_goes_on() -> None:
    """Settings stay; attention ends; the next run is due at once."""
    stopped = a_connection(
        state="needs_attention",
        attention="token_revoked",
        attention_detail="said",
        settings=ConnectionSettings(lookback_days=7),
        next_sync_at=None,
    )
    fresh = a_connection(method="oauth", credential="fresh", connected_by="Tom")
    after = stopped.reconnected(fresh, LATER)
    assert (after.state, after.attention, after.attention_detail) == ("connected", None, None)
    assert (after.method, after.credential, after.connected_by) == ("oauth", "fresh", "Tom")
    assert (after.next_sync_at, after.connected_at) == (LATER, LATER)
    assert after.connected_revision == after.revision == stopped.revision + 1
    assert after.settings.lookback_days == 7


def test_another_workspace_never_takes_the_place() -> None:
    """Both workspaces are named."""
    other = a_connection(workspace=a_workspace(id="w-2", name="Contoso"))
    with pytest.raises(ConnectionConflict, match=r"Contoso \(w-2\).*Northwind \(w-1\)"):
        a_connection().reconnected(other, LATER)


def test_a_removed_one_makes_room_when_all_have_confirmed() -> None:
    """It cannot be reconnected: another connection takes its place."""
    removal = Removal("r-1", "Ines", NOW, CONFIRMED)
    gone = a_connection(revision=8, state="removed", credential=None, removal=removal)
    with pytest.raises(ConnectionConflict):
        gone.reconnected(a_connection(id="c-other"), LATER)
    gone.expect_removed()


def test_a_removed_one_names_nobody() -> None:
    """Its last word stays on the compacted topic for ever, so it holds ids and no names."""
    told = a_connection().removing(Removal("r-1", "Ines", NOW), NOW).fact()
    assert (told.workspace_name, told.connected_by, told.workspace_id) == (None, None, "w-1")


def test_a_removal_under_way_is_waited_for() -> None:
    """Late tombstones would bury what the next connection publishes; the services at work are named."""
    removal = Removal("r-1", "Ines", NOW, (("connector", 0), ("syncer", 9)))
    gone = a_connection(state="removed", removal=removal)
    assert removal.outstanding == ("detector", "notifier")
    with pytest.raises(ConnectionConflict, match="detector, notifier"):
        gone.expect_removed()


def test_a_shorter_interval_counts_from_now() -> None:
    """A run that was due in five minutes is due in one; one that is due sooner stays."""
    connection = a_connection(next_sync_at=NOW + timedelta(minutes=5))
    sooner = connection.with_settings(ConnectionSettings(sync_interval_seconds=60), NOW)
    assert sooner.next_sync_at == NOW + timedelta(minutes=1)
    assert sooner.with_settings(ConnectionSettings(), NOW).next_sync_at == sooner.next_sync_at


def test_a_longer_lookback_is_read_at_once() -> None:
    """It need not wait for the schedule; a shorter one changes nothing."""
    connection = a_connection(next_sync_at=NOW + timedelta(seconds=200))
    longer = connection.with_settings(ConnectionSettings(lookback_days=365), NOW)
    assert longer.next_sync_at == NOW
    shorter = connection.with_settings(ConnectionSettings(lookback_days=1), NOW)
    assert shorter.next_sync_at == connection.next_sync_at


def test_settings_of_one_at_rest_wake_nothing() -> None:
    """They are kept for the reconnect."""
    connection = a_connection(state="disconnected", credential=None, next_sync_at=None)
    after = connection.with_settings(ConnectionSettings(lookback_days=365), NOW)
    assert (after.next_sync_at, after.settings.lookback_days) == (None, 365)


def test_settings_of_a_removed_one_are_refused() -> None:
    """There is nothing that they would be for."""
    with pytest.raises(ConnectionConflict):
        a_connection(state="removed").with_settings(ConnectionSettings(), NOW)


@given(
    overdue=st.floats(min_value=0, max_value=1_000_000),
    interval=st.integers(min_value=10, max_value=86_400),
)
def test_the_next_run_is_never_due_at_once(overdue: float, interval: int) -> None:
    """In step with the schedule while it is kept; after an outage one interval from now, not one by one."""
    connection = a_connection(settings=ConnectionSettings(sync_interval_seconds=interval))
    asked_at = NOW + timedelta(seconds=overdue)
    upcoming = connection.due_after(asked_at)
    assert upcoming is not None
    assert asked_at < upcoming <= asked_at + timedelta(seconds=interval)
    if overdue < interval:
        assert upcoming == NOW + timedelta(seconds=interval)


def test_what_is_never_due_has_no_next_time() -> None:
    """One at rest."""
    assert a_connection(next_sync_at=None).due_after(NOW) is None


@given(state=STATES, present=REASONS, reason=REASONS)
def test_the_first_reason_stays(
    state: ConnectionState, present: AttentionReason, reason: AttentionReason
) -> None:
    """Only a connected one is stopped; only "unreachable" gives way to something better founded."""
    attention = present if state == "needs_attention" else None
    connection = a_connection(state=state, attention=attention)
    after = connection.in_need(reason, "said", LATER)
    gives_way = state == "needs_attention" and present == "unreachable" and reason != "unreachable"
    if state == "connected" or gives_way:
        assert (after.state, after.attention, after.attention_detail) == ("needs_attention", reason, "said")
        assert after.next_sync_at is None
        assert (after.next_look_at is not None) == (reason == "unreachable")
    else:
        assert after is connection


def test_recovering_needs_a_stopped_one() -> None:
    """It goes on at once; one at work is left alone."""
    stopped = a_connection(state="needs_attention", attention="unreachable", next_sync_at=None)
    assert stopped.recovered(LATER) == replace(
        a_connection(), revision=2, changed_at=LATER, next_sync_at=LATER, next_look_at=LATER
    )
    connected = a_connection()
    assert connected.recovered(LATER) is connected


@pytest.mark.parametrize("state", ["disconnected", "removed"])
def test_disconnecting_twice_is_refused(state: ConnectionState) -> None:
    """The person is told that it was done before."""
    with pytest.raises(ConnectionConflict, match="already"):
        a_connection(state=state).disconnected(NOW)


def test_removing_twice_is_refused() -> None:
    """The first order stands."""
    with pytest.raises(ConnectionConflict, match="already"):
        a_connection(state="removed").removing(Removal("r-2", "Tom", NOW), NOW)
