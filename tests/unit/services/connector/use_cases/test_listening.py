"""What others tell: progress is kept, interruptions stop, notifications become hints."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.connector.domain.connection import Removal
from services.connector.domain.report import SyncReport
from services.connector.ports import STATE_LIFE, OAuthState
from shared.contracts.connections import ConnectionChanged, DataRemovalRequested, DataRemoved
from shared.contracts.sync import ResourceCount, SyncCompleted, SyncInterrupted, SyncProgressed, SyncRequested
from shared.errors import TransientError
from tests.unit.services.connector.fakes import ADMIN, NOW
from tests.unit.services.connector.rig import Rig

LATER = NOW + timedelta(minutes=1)
HOUR = timedelta(hours=1)
OF = {"organization_id": "acme", "connection_id": "c-1"}


@pytest.fixture
def rig() -> Rig:
    """A connector with one connected workspace."""
    made = Rig()
    made.hold()
    return made


def progressed(**changes: Any) -> SyncProgressed:
    whole: dict[str, Any] = {
        **OF,
        "run_id": "run-1",
        "reason": "scheduled",
        "sequence": 1,
        "resource": "contact",
        "counts": (ResourceCount(resource="contact", done=1, total=2),),
        "calls": 1,
        "share": 0.5,
        "started_at": NOW,
        "reported_at": NOW,
        **changes,
    }
    return SyncProgressed(**whole)


def completed() -> SyncCompleted:
    return SyncCompleted(
        organization_id="acme",
        connection_id="c-1",
        run_id="run-1",
        reason="scheduled",
        counts=(),
        changed=1,
        calls=2,
        complete_up_to=NOW,
        started_at=NOW,
        completed_at=LATER,
    )


def interrupted(**changes: Any) -> SyncInterrupted:
    whole: dict[str, Any] = {
        **OF,
        "run_id": "run-1",
        "reason": "token_revoked",
        "detail": "401 token_revoked",
        "interrupted_at": LATER,
        **changes,
    }
    return SyncInterrupted(**whole)


async def test_a_run_is_followed_to_its_end(rig: Rig) -> None:
    """Progress is shown while it goes on, then the ledger."""
    await rig.listening.sync_reported(progressed())
    report = await rig.connections.report("acme", "c-1")
    assert report.run is not None
    assert report.run.share == 0.5
    await rig.listening.sync_reported(completed())
    report = await rig.connections.report("acme", "c-1")
    assert report.run is None
    assert report.ledger is not None
    assert report.initial_done


async def test_a_repeated_word_writes_nothing(rig: Rig) -> None:
    """The bus delivers at least once."""
    await rig.listening.sync_reported(progressed())
    rig.connections.reports["c-1"] = kept = rig.connections.reports["c-1"]
    await rig.listening.sync_reported(progressed())
    assert rig.connections.reports["c-1"] is kept


async def test_an_interruption_stops_the_schedule_and_is_told_once(rig: Rig) -> None:
    """With Intercom's word for it; the run is over."""
    await rig.listening.sync_reported(progressed())
    for _ in range(2):
        await rig.listening.sync_reported(interrupted())
    found = rig.held()
    assert (found.state, found.attention, found.attention_detail) == (
        "needs_attention",
        "token_revoked",
        "401 token_revoked",
    )
    assert (found.next_sync_at, found.next_look_at) == (None, None)
    assert [told.attention for told in rig.published(ConnectionChanged)] == ["token_revoked"]
    assert (await rig.connections.report("acme", "c-1")).run is None
    assert rig.counted("earshot_connection_attention_total", reason="token_revoked") == 1


async def test_an_interruption_of_a_former_credential_is_history(rig: Rig) -> None:
    """Somebody reconnected since."""
    await rig.listening.sync_reported(interrupted(interrupted_at=NOW - timedelta(seconds=1)))
    assert rig.held().state == "connected"


@pytest.mark.parametrize("wrong_by", [-HOUR, HOUR], ids=["behind", "ahead"])
async def test_the_syncer_s_clock_does_not_decide_what_is_history(rig: Rig, wrong_by: timedelta) -> None:
    """An interruption names the revision that its run knew: of the present credential it counts, else not."""
    rig.hold(revision=7, connected_revision=7)
    told = interrupted(interrupted_at=NOW + wrong_by, connection_revision=6)
    await rig.listening.sync_reported(told)
    assert rig.held().state == "connected"
    await rig.listening.sync_reported(told.model_copy(update={"connection_revision": 7}))
    assert rig.held().state == "needs_attention"


async def test_an_interruption_of_nothing_is_nothing(rig: Rig) -> None:
    """The connection is not there."""
    await rig.listening.sync_reported(interrupted(connection_id="c-9"))
    assert rig.publisher.published == []


async def test_a_late_word_after_the_removal_is_dropped(rig: Rig) -> None:
    """Counts and gaps are data too."""
    await rig.listening.sync_reported(progressed())
    await rig.administration.remove_data(ADMIN, "c-1")
    await rig.listening.sync_reported(progressed(sequence=2))
    assert await rig.connections.report("acme", "c-1") == SyncReport()


def order(removal_id: str) -> DataRemovalRequested:
    return DataRemovalRequested(
        organization_id="acme",
        connection_id="c-1",
        removal_id=removal_id,
        workspace_id="w-1",
        requested_by="Ines Moreau",
        requested_at=NOW,
    )


async def test_the_connector_removes_its_own_part_and_says_so(rig: Rig) -> None:
    """Notices and open ways back go; how many is told."""
    await rig.listening.notified(body())
    await rig.states.add(OAuthState("s-1", "acme", "Ines", "browser", LATER))
    await rig.administration.remove_data(ADMIN, "c-1")
    removal_id = rig.held().removal.id
    await rig.listening.removal_requested(order(removal_id))
    (word,) = rig.published(DataRemoved)
    assert (word.service, word.removal_id, word.documents) == ("connector", removal_id, 2)
    assert rig.notices.stored == {}
    assert rig.states.stored == {}


async def test_an_order_that_comes_again_ends_no_new_beginning(rig: Rig) -> None:
    """Who goes to Intercom after the removal was ordered comes back to a way that is still open."""
    await rig.administration.remove_data(ADMIN, "c-1")
    rig.clock.advance(1)
    begun = OAuthState("s-2", "acme", "Ines", "browser", rig.clock.now() + STATE_LIFE)
    await rig.states.add(begun)
    for _ in range(2):
        await rig.listening.removal_requested(order(rig.held().removal.id))
    assert list(rig.states.stored.values()) == [begun]


async def test_an_order_of_a_former_life_takes_nothing_from_this_one(rig: Rig) -> None:
    """It came again, late: confirmed as before, and nothing touched."""
    await rig.listening.notified(body())
    await rig.listening.removal_requested(order("an old one"))
    rig.hold(removal=Removal("another", "Ines", NOW))
    await rig.listening.removal_requested(order("an old one"))
    rig.connections.stored.clear()
    await rig.listening.removal_requested(order("an old one"))
    assert [word.documents for word in rig.published(DataRemoved)] == [0, 0, 0]
    assert len(rig.notices.stored) == 1


async def test_each_service_s_word_is_noted(rig: Rig) -> None:
    """The page shows who is done, with how many."""
    rig.hold(state="removed", removal=Removal("r-1", "Ines", NOW))
    for documents in (7, 0):
        await rig.listening.data_removed(
            DataRemoved(
                organization_id="acme",
                connection_id="c-1",
                removal_id="r-1",
                service="syncer",
                documents=documents,
                removed_at=NOW,
            )
        )
    assert rig.held().removal.confirmed == (("syncer", 7),)


def body(**changes: Any) -> dict[str, Any]:
    return {
        "app_id": "w-1",
        "id": "notif_1",
        "topic": "conversation.user.replied",
        "created_at": 1_700_000_000,
        "data": {"item": {"type": "conversation", "id": "42"}},
        **changes,
    }


async def test_a_notification_becomes_a_hint(rig: Rig) -> None:
    """Where to look, and nothing of what it said."""
    await rig.listening.publish(await rig.listening.notified(body()))
    (request,) = rig.published(SyncRequested)
    assert (request.reason, request.connection_id) == ("hint", "c-1")
    assert [(hint.resource, hint.id) for hint in request.hints] == [("conversation", "42")]
    assert rig.counted("earshot_webhooks_total", outcome="taken") == 1


async def test_a_duplicate_is_no_second_hint(rig: Rig) -> None:
    """With an id or without one."""
    for given in ("notif_1", None):
        for attempt in (1, 2):
            await rig.listening.publish(
                await rig.listening.notified(body(id=given, delivery_attempts=attempt))
            )
    assert len(rig.published(SyncRequested)) == 2
    assert rig.counted("earshot_webhooks_total", outcome="known_or_unconnected") == 2


async def test_every_organization_of_the_workspace_is_told(rig: Rig) -> None:
    """Webhooks name the workspace, not the tenant."""
    rig.hold(id="c-2", organization_id="other")
    await rig.listening.publish(await rig.listening.notified(body()))
    assert {request.organization_id for request in rig.published(SyncRequested)} == {"acme", "other"}


async def test_a_connection_in_need_keeps_its_hints(rig: Rig) -> None:
    """They are followed when it goes on; of one that was disconnected nothing is read any more."""
    rig.hold(state="needs_attention", attention="unreachable")
    rig.hold(id="c-2", organization_id="other", state="disconnected")
    await rig.listening.publish(await rig.listening.notified(body()))
    assert [request.connection_id for request in rig.published(SyncRequested)] == ["c-1"]


@pytest.mark.parametrize(
    "change",
    [
        {"app_id": "unknown"},
        {"app_id": None},
        {"app_id": "w" * 300},
        {"topic": "ticket.created"},
        {"topic": None},
        {"data": None},
    ],
)
async def test_what_is_not_for_us_is_dropped(rig: Rig, change: dict[str, Any]) -> None:
    """An unknown workspace or topic, or a body without either."""
    assert await rig.listening.notified(body(**change)) == []
    assert rig.notices.stored == {}


async def test_an_id_of_any_length_makes_a_request(rig: Rig) -> None:
    """Its name fits the contract."""
    await rig.listening.publish(await rig.listening.notified(body(id="x" * 256)))
    assert len(rig.published(SyncRequested)) == 1


async def test_a_bus_that_is_away_keeps_the_hint(rig: Rig) -> None:
    """It was stored before Intercom was answered."""
    taken = await rig.listening.notified(body())
    rig.publisher.fail_next(TransientError("away"))
    await rig.listening.publish(taken)
    assert rig.published(SyncRequested) == []
    await rig.notices.publish_pending("acme", "notif_1")
    assert len(rig.published(SyncRequested)) == 1


async def test_the_health_check_knows_who_is_read(rig: Rig) -> None:
    """One at rest or unknown is told to be connected again."""
    assert (await rig.listening.health("w-1")).state == "OK"
    rig.hold(state="needs_attention", attention="token_revoked")
    for workspace in ("w-1", "w-9", None):
        found = await rig.listening.health(workspace)
        assert (found.state, bool(found.message)) == ("UNHEALTHY", True)
