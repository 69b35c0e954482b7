"""What a proven credential becomes, and the question that another workspace's asks."""

from __future__ import annotations

from typing import Any

import pytest

from services.connector.domain.connection import Removal
from services.connector.errors import ConnectionConflict, IntercomUnreachable, WorkspaceDiffers
from shared.contracts.connections import ConnectionChanged, ConnectionSettings, DataRemovalRequested
from shared.errors import TransientError
from tests.unit.services.connector.fakes import ADMIN, NOW, TOKEN, a_connection, a_workspace
from tests.unit.services.connector.rig import Rig

OTHER = a_workspace(id="w-2", name="Contoso")


@pytest.fixture
def rig() -> Rig:
    """A connector."""
    return Rig()


async def link(rig: Rig, workspace: Any = None, method: Any = "oauth", token: str = TOKEN) -> Any:
    return await rig.linking.link(
        "acme", by="Ines Moreau", method=method, token=token, workspace=workspace or a_workspace()
    )


async def offered(rig: Rig, method: Any = "oauth") -> str:
    with pytest.raises(WorkspaceDiffers) as question:
        await link(rig, OTHER, method)
    return question.value.offer_id


async def test_the_same_workspace_always_has_the_same_id(rig: Rig) -> None:
    """In one organization; another organization's is another."""
    first = await link(rig)
    again = await link(rig)
    elsewhere = await rig.linking.link(
        "other", by="Tom", method="token", token=TOKEN, workspace=a_workspace()
    )
    assert first.id == again.id != elsewhere.id
    assert (first.revision, again.revision) == (1, 2)


async def test_a_new_connection_begins_as_it_was_asked_to() -> None:
    """What was not said is the installation's choice."""
    rig = Rig(first_settings=ConnectionSettings(lifecycle_events=True, lookback_days=90))
    wanted = ConnectionSettings(lookback_days=365)
    found = await rig.linking.link(
        "acme", by="Ines", method="token", token=TOKEN, workspace=a_workspace(), settings=wanted
    )
    assert found.settings == ConnectionSettings(lifecycle_events=True, lookback_days=365)


async def test_a_replacement_begins_as_it_was_asked_to(rig: Rig) -> None:
    """The wish waits with the credential until a person decides."""
    rig.hold(settings=ConnectionSettings(lookback_days=7))
    wanted = ConnectionSettings(lookback_days=365)
    with pytest.raises(WorkspaceDiffers) as question:
        await rig.linking.link(
            "acme", by="Ines", method="token", token=TOKEN, workspace=OTHER, settings=wanted
        )
    after = await rig.linking.replace(ADMIN, question.value.offer_id)
    assert (after.workspace.id, after.settings.lookback_days) == ("w-2", 365)


@pytest.mark.parametrize("state", ["connected", "needs_attention", "disconnected"])
async def test_a_reconnect_goes_on_where_it_stopped(rig: Rig, state: Any) -> None:
    """Same id, same settings, next revision; the syncer's cursor stays with the id."""
    rig.hold(state=state, revision=4, settings=ConnectionSettings(lookback_days=7), next_sync_at=None)
    after = await link(rig, token="fresh")
    assert (after.id, after.revision, after.state, after.settings.lookback_days) == (
        "c-1",
        5,
        "connected",
        7,
    )
    assert rig.vault.decrypt(rig.held().credential) == "fresh"
    assert [told.revision for told in rig.published(ConnectionChanged)] == [5]


async def test_a_connection_that_changes_meanwhile_is_looked_at_again(rig: Rig) -> None:
    """The credential goes onto the newer state."""
    rig.hold()
    rig.connections.meanwhile = rig.touch
    assert (await link(rig, token="fresh")).revision == 3


async def test_two_browsers_that_connect_at_once_meet(rig: Rig) -> None:
    """The second finds what the first inserted."""
    first = await link(rig)
    rig.connections.stored.clear()
    rig.connections.meanwhile = lambda: rig.connections.stored.update({first.id: first})
    assert (await link(rig)).revision == 2


async def test_another_workspace_that_comes_between_is_told(rig: Rig) -> None:
    """It was not there when the question would have been asked."""
    rig.connections.meanwhile = lambda: rig.hold(workspace=OTHER)
    with pytest.raises(ConnectionConflict, match="Contoso was connected meanwhile"):
        await link(rig)


async def test_endless_change_is_a_fault(rig: Rig) -> None:
    """It is told as something that passes."""
    rig.hold()

    def again() -> None:
        rig.touch()
        rig.connections.meanwhile = again

    rig.connections.meanwhile = again
    with pytest.raises(TransientError):
        await link(rig)


async def test_a_removed_one_waits_for_the_removal_and_then_starts_anew(rig: Rig) -> None:
    """Default settings, a first run, and an id of its own: nothing late can take it for the old one."""
    first = await link(rig)
    await rig.administration.save_settings(ADMIN, first.id, ConnectionSettings(lookback_days=7))
    await rig.administration.remove_data(ADMIN, first.id)
    with pytest.raises(ConnectionConflict, match="still being removed"):
        await link(rig)
    await rig.confirm_removal(first.id)
    after = await link(rig)
    assert after.id != first.id
    assert (after.revision, after.state, after.removal) == (1, "connected", None)
    assert list(rig.connections.stored) == [after.id]
    assert after.settings == ConnectionSettings()
    assert after.next_sync_at == NOW


async def test_what_cannot_be_replaced_yet_is_kept(rig: Rig) -> None:
    """While the offered workspace's own earlier data is being removed, that of the present one stays."""
    first = await link(rig, OTHER)
    await rig.administration.remove_data(ADMIN, first.id)
    present = await link(rig)
    offer = await offered(rig)
    with pytest.raises(ConnectionConflict, match="still being removed"):
        await rig.linking.replace(ADMIN, offer)
    assert rig.held(present.id).state == "connected"
    await rig.confirm_removal(first.id)
    assert (await rig.linking.replace(ADMIN, offer)).workspace == OTHER
    assert rig.held(present.id).state == "removed"


async def test_another_workspace_is_asked_about(rig: Rig) -> None:
    """Both are named, nothing is changed, and the credential waits encrypted."""
    rig.hold()
    with pytest.raises(WorkspaceDiffers) as question:
        await link(rig, OTHER)
    assert (question.value.present, question.value.offered) == ("Northwind", "Contoso")
    assert rig.held() == a_connection()
    offer = rig.offers.stored[question.value.offer_id]
    assert TOKEN not in repr(offer)
    assert rig.vault.decrypt(offer.credential) == TOKEN


async def test_a_disconnected_one_is_asked_about_as_well(rig: Rig) -> None:
    """Its data is still there."""
    rig.hold(state="disconnected", credential=None, next_sync_at=None)
    await offered(rig)


async def test_a_removed_one_asks_nothing(rig: Rig) -> None:
    """Its place is free, even while its removal is under way."""
    rig.hold(state="removed", credential=None, removal=Removal("r", "Ines", NOW))
    assert (await link(rig, OTHER)).workspace == OTHER


async def test_the_question_can_be_asked_again(rig: Rig) -> None:
    """A name that was mistyped is no answer."""
    rig.hold()
    offer = await offered(rig)
    question = await rig.linking.question("acme", offer)
    assert (question.present, question.offer_id) == ("Northwind", offer)
    with pytest.raises(ConnectionConflict):
        await rig.linking.question("other", offer)


async def test_a_question_without_an_object_is_over(rig: Rig) -> None:
    """What it asked about was removed meanwhile."""
    rig.hold()
    offer = await offered(rig)
    rig.connections.stored.clear()
    with pytest.raises(ConnectionConflict, match="Nothing is connected any more"):
        await rig.linking.question("acme", offer)


async def test_replacing_removes_the_one_and_connects_the_other(rig: Rig) -> None:
    """In this order; the question is over then."""
    rig.hold()
    offer = await offered(rig)
    after = await rig.linking.replace(ADMIN, offer)
    assert (after.workspace, after.state) == (OTHER, "connected")
    assert rig.held("c-1").state == "removed"
    assert [order.connection_id for order in rig.published(DataRemovalRequested)] == ["c-1"]
    with pytest.raises(ConnectionConflict, match="answered before"):
        await rig.linking.replace(ADMIN, offer)


async def test_replacing_what_is_gone_just_connects(rig: Rig) -> None:
    """Somebody removed it before the question was answered."""
    rig.hold()
    offer = await offered(rig)
    await rig.administration.remove_data(ADMIN, "c-1")
    assert (await rig.linking.replace(ADMIN, offer)).workspace == OTHER
    assert len(rig.published(DataRemovalRequested)) == 1


async def test_an_old_question_changes_nothing(rig: Rig) -> None:
    """A quarter of an hour is its time."""
    rig.hold()
    offer = await offered(rig)
    rig.clock.advance(901)
    with pytest.raises(ConnectionConflict, match="too old"):
        await rig.linking.replace(ADMIN, offer)
    assert rig.held() == a_connection()


async def test_keeping_ends_the_other_installation(rig: Rig) -> None:
    """The app does not stay installed where nobody wants it; once is enough."""
    rig.hold()
    offer = await offered(rig)
    await rig.linking.keep("acme", offer)
    await rig.linking.keep("acme", offer)
    assert rig.intercom.uninstalls == [TOKEN]
    assert rig.held() == a_connection()


@pytest.mark.parametrize("state", ["connected", "needs_attention"])
async def test_keeping_leaves_other_people_s_credentials_alone(rig: Rig, state: Any) -> None:
    """A token was made by hand, and another organization may read through the same installation."""
    rig.hold()
    await rig.linking.keep("acme", await offered(rig, "token"))
    rig.hold(id="c-2", organization_id="other", workspace=OTHER, method="oauth", state=state)
    await rig.linking.keep("acme", await offered(rig))
    assert rig.intercom.uninstalls == []


async def test_keeping_bears_an_intercom_that_is_away(rig: Rig) -> None:
    """The answer was given; the app can be removed there by hand."""
    rig.hold()
    rig.intercom.uninstall_error = IntercomUnreachable("away")
    await rig.linking.keep("acme", await offered(rig))
    assert rig.offers.stored == {}
