"""What administrators do: every change is decided on the newest state and told once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from services.connector.errors import (
    ConnectionConflict,
    ConnectionUnknown,
    IntercomUnreachable,
)
from shared.auth.identity import Identity
from shared.contracts.connections import ConnectionChanged, ConnectionSettings, DataRemovalRequested
from shared.contracts.sync import SyncRequested
from shared.errors import ConfigurationError, TransientError
from tests.unit.services.connector.fakes import ADMIN, NOW, TOKEN, US, a_connection, a_workspace, refused
from tests.unit.services.connector.rig import Rig

STRANGER = Identity("other", "u-9", "Eve", "eve@example.com", "admin")
Act = Callable[[Rig, Identity], Awaitable[Any]]
ACTS: dict[str, Act] = {
    "settings": lambda rig, who: rig.administration.save_settings(
        who, "c-1", ConnectionSettings(lookback_days=7)
    ),
    "disconnect": lambda rig, who: rig.administration.disconnect(who, "c-1"),
    "remove": lambda rig, who: rig.administration.remove_data(who, "c-1"),
}


@pytest.fixture
def rig() -> Rig:
    """A connector with one connected workspace."""
    made = Rig()
    made.hold(method="oauth")
    return made


SYNC: dict[str, Act] = {"sync": lambda rig, who: rig.administration.sync_now(who, "c-1")}


@pytest.mark.parametrize("act", [*ACTS.values(), *SYNC.values()], ids=[*ACTS, *SYNC])
async def test_another_organization_s_connection_does_not_exist(rig: Rig, act: Act) -> None:
    """Not even for its administrators."""
    with pytest.raises(ConnectionUnknown):
        await act(rig, STRANGER)
    assert rig.publisher.published == []


@pytest.mark.parametrize("name", ACTS)
async def test_a_change_is_decided_on_the_newest_state(rig: Rig, name: str) -> None:
    """A scheduler or another person was faster: nothing of theirs is lost, nobody is bothered."""
    later = NOW.replace(hour=23)

    def schedule() -> None:
        rig.connections.stored["c-1"] = replace(rig.held(), next_sync_at=later, revision=7)

    rig.connections.meanwhile = schedule
    await ACTS[name](rig, ADMIN)
    assert rig.held().revision == 8
    assert [told.revision for told in rig.published(ConnectionChanged)] == [8]


@pytest.mark.parametrize("name", ACTS)
async def test_endless_change_is_told_as_passing(rig: Rig, name: str) -> None:
    """After some tries, so that nobody waits for ever."""

    def again() -> None:
        rig.touch()
        rig.connections.meanwhile = again

    rig.connections.meanwhile = again
    with pytest.raises(TransientError):
        await ACTS[name](rig, ADMIN)


@pytest.mark.parametrize("name", ACTS)
async def test_a_bus_that_is_away_does_not_undo_a_change(rig: Rig, name: str) -> None:
    """The facts wait with it, in order."""
    rig.publisher.fail_next(TransientError("away"))
    await ACTS[name](rig, ADMIN)
    assert rig.publisher.published == []
    await rig.connections.publish_pending("acme", "c-1")
    assert isinstance(rig.publisher.published[0], ConnectionChanged)


async def test_settings_are_kept_and_told(rig: Rig) -> None:
    """The fact carries them."""
    wanted = ConnectionSettings(lifecycle_events=True, lookback_days=7)
    after = await rig.administration.save_settings(ADMIN, "c-1", wanted)
    assert after.settings == wanted == rig.published(ConnectionChanged)[0].settings


async def test_a_sync_by_hand_is_asked_for(rig: Rig) -> None:
    """Each press is a request of its own."""
    await rig.administration.sync_now(ADMIN, "c-1")
    await rig.administration.sync_now(ADMIN, "c-1")
    asked = rig.published(SyncRequested)
    assert [request.reason for request in asked] == ["manual", "manual"]
    assert asked[0].request_id != asked[1].request_id


@pytest.mark.parametrize("state", ["needs_attention", "disconnected", "removed"])
async def test_no_sync_by_hand_where_none_can_run(rig: Rig, state: Any) -> None:
    """The way out is told."""
    rig.hold(state=state)
    with pytest.raises(ConnectionConflict, match="Reconnect"):
        await rig.administration.sync_now(ADMIN, "c-1")


async def test_disconnecting_forgets_the_credential_and_ends_the_installation(rig: Rig) -> None:
    """The data stays; the state is told."""
    after = await rig.administration.disconnect(ADMIN, "c-1")
    assert (after.state, after.credential, after.next_sync_at) == ("disconnected", None, None)
    assert rig.intercom.uninstalls == [TOKEN]
    assert [told.state for told in rig.published(ConnectionChanged)] == ["disconnected"]
    with pytest.raises(ConnectionConflict):
        await rig.administration.disconnect(ADMIN, "c-1")


async def test_a_token_s_app_is_not_ours_to_uninstall(rig: Rig) -> None:
    """It was made by hand, and may serve others."""
    rig.hold(method="token")
    await rig.administration.disconnect(ADMIN, "c-1")
    assert rig.intercom.uninstalls == []


@pytest.mark.parametrize("state", ["connected", "needs_attention"])
async def test_an_installation_that_another_organization_uses_stays(rig: Rig, state: Any) -> None:
    """Uninstalling would cut them off, also where they only wait for Intercom to answer again."""
    rig.hold(id="c-2", organization_id="other", method="oauth", state=state)
    await rig.administration.disconnect(ADMIN, "c-1")
    assert rig.intercom.uninstalls == []


@pytest.mark.parametrize("error", [IntercomUnreachable("away"), refused()])
async def test_disconnecting_needs_no_intercom(rig: Rig, error: Exception) -> None:
    """Our side ends either way."""
    rig.intercom.uninstall_error = error
    assert (await rig.administration.disconnect(ADMIN, "c-1")).state == "disconnected"


async def test_disconnecting_needs_no_key(rig: Rig) -> None:
    """A credential that no key opens is forgotten all the same."""
    rig.hold(method="oauth", credential="v0:lost")
    assert (await rig.administration.disconnect(ADMIN, "c-1")).state == "disconnected"
    assert rig.intercom.uninstalls == []


@pytest.mark.parametrize("state", ["connected", "needs_attention", "disconnected"])
async def test_removing_orders_it_everywhere(rig: Rig, state: Any) -> None:
    """State first, order after, in one write; the order names the workspace and who gave it."""
    rig.hold(method="oauth", state=state)
    after = await rig.administration.remove_data(ADMIN, "c-1")
    told, order = rig.publisher.published
    assert isinstance(told, ConnectionChanged)
    assert isinstance(order, DataRemovalRequested)
    assert (told.state, after.credential) == ("removed", None)
    assert after.removal is not None
    assert (order.removal_id, order.workspace_id, order.requested_by) == (
        after.removal.id,
        "w-1",
        "Ines Moreau",
    )
    with pytest.raises(ConnectionConflict):
        await rig.administration.remove_data(ADMIN, "c-1")


async def test_removing_a_disconnected_one_has_nothing_to_uninstall(rig: Rig) -> None:
    """Its credential is gone already."""
    rig.hold(method="oauth", state="disconnected", credential=None)
    await rig.administration.remove_data(ADMIN, "c-1")
    assert rig.intercom.uninstalls == []


async def test_the_syncer_borrows_the_credential(rig: Rig) -> None:
    """With where to use it and for how long; its repr tells nothing."""
    lease = await rig.administration.lease("acme", "c-1")
    assert (lease.token, lease.base_url, lease.workspace_id, lease.expires_in_seconds) == (
        TOKEN,
        US,
        "w-1",
        300,
    )
    assert TOKEN not in repr(lease)


@pytest.mark.parametrize("state", ["connecting", "needs_attention", "disconnected", "removed"])
async def test_nothing_is_lent_of_one_at_rest(rig: Rig, state: Any) -> None:
    """A stopped one keeps its credential, but does not lend it: Intercom is not hammered."""
    rig.hold(state=state)
    with pytest.raises(ConnectionConflict):
        await rig.administration.lease("acme", "c-1")


async def test_nothing_is_lent_to_a_host_that_was_taken_off_the_list(rig: Rig) -> None:
    """The list of today counts, not the one of the day of connecting."""
    rig.hold(workspace=a_workspace(base_url="https://proxy.example"))
    with pytest.raises(ConnectionConflict, match=r"proxy\.example"):
        await rig.administration.lease("acme", "c-1")


async def test_a_lease_without_credential_unknown_or_unreadable(rig: Rig) -> None:
    """Each is told as what it is."""
    rig.hold(credential=None)
    with pytest.raises(ConnectionConflict):
        await rig.administration.lease("acme", "c-1")
    rig.hold(credential="v0:lost")
    with pytest.raises(ConfigurationError):
        await rig.administration.lease("acme", "c-1")
    with pytest.raises(ConnectionUnknown):
        await rig.administration.lease("other", "c-1")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"workspace": a_workspace(base_url="https://proxy.example")}, "EARSHOT_INTERCOM_HOSTS"),
        ({"credential": "v0:lost"}, "EARSHOT_CREDENTIAL_KEYS"),
    ],
)
async def test_a_setting_that_keeps_a_credential_back_is_told(
    rig: Rig, change: dict[str, Any], said: str
) -> None:
    """The runs end without a word then; the connection says what to mend, once."""
    rig.hold(**change)
    for _ in range(2):
        with pytest.raises((ConnectionConflict, ConfigurationError)):
            await rig.administration.lease("acme", "c-1")
    found = rig.held()
    assert (found.state, found.attention) == ("needs_attention", "unreachable")
    assert said in (found.attention_detail or "")
    assert [told.attention for told in rig.published(ConnectionChanged)] == ["unreachable"]
    assert rig.counted("earshot_connection_attention_total", reason="unreachable") == 1


def test_a_connection_s_repr_tells_no_credential() -> None:
    """Not even encrypted."""
    assert (a_connection().credential or "none") not in repr(a_connection())
