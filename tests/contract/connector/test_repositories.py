"""What every implementation of the connector's ports does: the ones of the tests and those over documents."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from structlog.testing import capture_logs

from services.connector.adapters.fernet_vault import FernetVault
from services.connector.adapters.mongo_access import MongoApiKeys, MongoOAuthStates, MongoOffers
from services.connector.adapters.mongo_connections import MongoConnections
from services.connector.adapters.mongo_notices import MongoNotices
from services.connector.domain.connection import Removal
from services.connector.domain.diagnosis import Diagnosis, Finding
from services.connector.domain.report import LedgerReport, RunReport, SyncReport
from services.connector.domain.unreadable import Unreadable
from services.connector.errors import ChangedMeanwhile
from services.connector.ports import MOST_ASKED, MOST_WAITING, ApiKeyRecord, OAuthState, Offer
from shared.clock import ManualClock
from shared.config import ServiceSettings
from shared.contracts.connections import ApiKeyRevoked, ConnectionSettings
from shared.contracts.sync import Gap, ResourceCount, SyncRequested
from shared.documents.database import create_client, database_of
from shared.errors import ConfigurationError, TransientError
from shared.messaging.recording import RecordingPublisher
from tests.engines.expiry import let_nothing_expire
from tests.unit.services.connector.fakes import (
    NOW,
    MemoryApiKeys,
    MemoryConnections,
    MemoryNotices,
    MemoryOffers,
    MemoryStates,
    MirrorVault,
    a_connection,
    a_workspace,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pymongo import AsyncMongoClient
    from pymongo.asynchronous.database import AsyncDatabase

    from services.connector.domain.connection import Connection
    from services.connector.ports import ApiKeys, Connections, Notices, OAuthStates, Offers, Vault

LATER = NOW + timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Stores:
    connections: Connections
    states: OAuthStates
    offers: Offers
    notices: Notices
    keys: ApiKeys
    publisher: RecordingPublisher
    database: AsyncDatabase[dict[str, Any]] | None = None


@pytest.fixture(params=["memory", "documents"])
async def stores(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stores]:
    """All stores, empty: in memory, and over a document server in a database of their own."""
    publisher = RecordingPublisher()
    if request.param == "memory":
        yield Stores(
            MemoryConnections(publisher),
            MemoryStates(),
            MemoryOffers(),
            MemoryNotices(publisher),
            MemoryApiKeys(publisher),
            publisher,
        )
        return
    settings = ServiceSettings(
        http_port=1,
        signing_key=SecretStr("k" * 40),
        mongodb_uri=SecretStr(request.getfixturevalue("mongodb_uri")),
        database_prefix=f"t{secrets.token_hex(6)}",
    )
    client: AsyncMongoClient[dict[str, Any]] = create_client(settings, service="connector")
    database = database_of(client, settings, service="connector")
    clock = ManualClock(NOW)
    let_nothing_expire(monkeypatch)
    connections = MongoConnections(database, publisher, clock)
    states, offers = MongoOAuthStates(database), MongoOffers(database)
    notices, keys = MongoNotices(database, publisher, clock), MongoApiKeys(database, publisher, clock)
    for store in (connections, states, offers, notices, keys):
        await store.ensure_indexes()
    yield Stores(connections, states, offers, notices, keys, publisher, database)
    await client.drop_database(database.name)
    await client.close()


def _request(connection: Connection, request_id: str = "r-1") -> SyncRequested:
    return SyncRequested(
        organization_id=connection.organization_id,
        connection_id=connection.id,
        request_id=request_id,
        reason="scheduled",
        requested_at=NOW,
    )


async def test_a_connection_comes_back_as_it_was_stored(stores: Stores) -> None:
    """Every field survives, and only its own organization sees it."""
    removal = Removal("rm-1", "Ines Moreau", NOW, (("syncer", 12),))
    stored = a_connection(
        method="oauth",
        settings=ConnectionSettings(lifecycle_events=True, lookback_days=30),
        attention="token_revoked",
        attention_detail="said",
        removal=removal,
    )
    await stores.connections.insert(stored, stored.fact())
    assert await stores.connections.get("acme", "c-1") == stored
    assert await stores.connections.list_of("acme") == [stored]
    assert await stores.connections.get("other", "c-1") is None
    assert await stores.connections.list_of("other") == []


async def test_facts_are_published_once_with_what_caused_them(stores: Stores) -> None:
    """What could not be published stays, in order; what was published goes."""
    first = a_connection()
    await stores.connections.insert(first, first.fact())
    second = replace(first, revision=2)
    await stores.connections.replace(first, second, second.fact())
    stores.publisher.fail_next(TransientError("away"))
    with pytest.raises(TransientError):
        await stores.connections.publish_pending("acme", "c-1")
    await stores.connections.publish_pending("acme", "c-1")
    await stores.connections.publish_pending("acme", "c-1")
    assert stores.publisher.published == [first.fact(), second.fact()]


async def test_publishing_for_nothing_is_nothing(stores: Stores) -> None:
    """Neither an unknown connection nor an unknown notice or key is an error."""
    await stores.connections.publish_pending("acme", "nobody")
    await stores.notices.publish_pending("acme", "nothing")
    await stores.keys.publish_pending("acme", "nothing")
    assert stores.publisher.published == []


async def test_an_organization_has_one_place(stores: Stores) -> None:
    """Neither the same nor another workspace is inserted beside one that holds data."""
    await stores.connections.insert(a_connection())
    for other in (a_connection(), a_connection(id="c-2", workspace=a_workspace(id="w-2"))):
        with pytest.raises(ChangedMeanwhile):
            await stores.connections.insert(other)
    await stores.connections.insert(a_connection(id="c-3", organization_id="other"))
    assert [each.id for each in await stores.connections.list_of("acme")] == ["c-1"]


async def test_a_removed_connection_gives_its_place_free_until_it_takes_it_again(stores: Stores) -> None:
    """Another workspace may follow; then the first one cannot come back beside it."""
    first = a_connection()
    await stores.connections.insert(first)
    gone = replace(first, revision=2, state="removed", next_sync_at=None)
    await stores.connections.replace(first, gone)
    second = a_connection(id="c-2", workspace=a_workspace(id="w-2"))
    await stores.connections.insert(second)
    with pytest.raises(ChangedMeanwhile):
        await stores.connections.replace(gone, replace(first, revision=3))
    assert [each.id for each in await stores.connections.list_of("acme")] == ["c-1", "c-2"]


async def test_a_removed_workspace_is_not_inserted_again(stores: Stores) -> None:
    """Unless the new one says whose place it takes; then the removed one is forgotten."""
    first = a_connection()
    await stores.connections.insert(first)
    await stores.connections.replace(first, replace(first, revision=2, state="removed"))
    with pytest.raises(ChangedMeanwhile):
        await stores.connections.insert(a_connection(id="c-9"))
    gone = await stores.connections.get("acme", "c-1")
    await stores.connections.insert(a_connection(id="c-9"), instead_of=gone)
    assert [each.id for each in await stores.connections.list_of("acme")] == ["c-9"]


async def test_only_a_removed_one_is_forgotten_for_another(stores: Stores) -> None:
    """One that is in use by now stays, and the other is refused."""
    held = a_connection()
    await stores.connections.insert(held)
    with pytest.raises(ChangedMeanwhile):
        await stores.connections.insert(a_connection(id="c-9"), instead_of=held)
    assert [each.id for each in await stores.connections.list_of("acme")] == ["c-1"]


async def test_only_one_of_two_changes_is_stored(stores: Stores) -> None:
    """The second, decided on a state that is gone, is refused, and its fact is not kept."""
    first = a_connection()
    await stores.connections.insert(first)
    winner, loser = replace(first, revision=2, connected_by="A"), replace(first, revision=2, connected_by="B")
    await stores.connections.replace(first, winner, winner.fact())
    with pytest.raises(ChangedMeanwhile):
        await stores.connections.replace(first, loser, loser.fact())
    assert await stores.connections.get("acme", "c-1") == winner
    await stores.connections.publish_pending("acme", "c-1")
    assert stores.publisher.published == [winner.fact()]


async def test_a_change_never_puts_the_schedule_back(stores: Stores) -> None:
    """Moving the schedule has no revision of its own, and yet refuses what was decided before it."""
    first = a_connection()
    await stores.connections.insert(first)
    assert await stores.connections.scheduled(first, next_sync_at=LATER, fact=_request(first))
    with pytest.raises(ChangedMeanwhile):
        await stores.connections.replace(first, replace(first, revision=2))


async def test_a_change_never_puts_an_older_encryption_back(stores: Stores) -> None:
    """An operator who is told that nothing is under the old key takes it away."""
    first = a_connection(credential="under the old key")
    await stores.connections.insert(first)
    (stored,) = await stores.connections.credentials("", 10)
    assert await stores.connections.reencrypted(stored, "under the new key")
    with pytest.raises(ChangedMeanwhile):
        await stores.connections.replace(first, replace(first, revision=2))
    found = await stores.connections.get("acme", "c-1")
    assert found is not None
    changed = replace(found, revision=2, credential=None)
    await stores.connections.replace(found, changed)
    await stores.connections.replace(changed, replace(changed, revision=3))


async def test_the_schedule_moves_once(stores: Stores) -> None:
    """Of two replicas that ask for the same run, one does."""
    connection = a_connection()
    await stores.connections.insert(connection)
    asked = await asyncio.gather(
        *(
            stores.connections.scheduled(connection, next_sync_at=LATER, fact=_request(connection))
            for _ in range(4)
        )
    )
    assert sorted(asked) == [False, False, False, True]
    await stores.connections.publish_pending("acme", "c-1")
    assert stores.publisher.published == [_request(connection)]
    assert await stores.connections.due(NOW, 10) == []


@pytest.mark.parametrize("change", [{"revision": 2}, {"state": "disconnected", "revision": 2}])
async def test_the_schedule_of_a_changed_connection_stays(stores: Stores, change: dict[str, Any]) -> None:
    """An interval that was just changed, or an end that was just put, wins over the scheduler."""
    connection = a_connection()
    await stores.connections.insert(connection)
    await stores.connections.replace(connection, replace(connection, **change))
    assert not await stores.connections.scheduled(connection, next_sync_at=LATER, fact=_request(connection))


async def test_due_are_the_connected_ones_longest_waiting_first(stores: Stores) -> None:
    """Neither those to come nor those at rest are due; no more are given than asked for."""
    waiting: dict[str, dict[str, Any]] = {
        "c-late": {"next_sync_at": NOW - timedelta(minutes=1)},
        "c-now": {"next_sync_at": NOW},
        "c-later": {"next_sync_at": LATER},
        "c-none": {"next_sync_at": None},
        "c-off": {"next_sync_at": NOW, "state": "needs_attention"},
    }
    for name, changes in waiting.items():
        await stores.connections.insert(a_connection(id=name, organization_id=f"org-{name}", **changes))
    assert [each.id for each in await stores.connections.due(NOW, 10)] == ["c-late", "c-now"]
    assert [each.id for each in await stores.connections.due(NOW, 1)] == ["c-late"]


async def test_of_what_is_due_those_put_off_are_left_out(stores: Stores) -> None:
    """They take no places, however long they have waited."""
    for name in ("c-1", "c-2", "c-3"):
        await stores.connections.insert(a_connection(id=name, organization_id=f"org-{name}"))
    out = ["c-1", "c-2"]
    (run,) = await stores.connections.due(NOW, 1, leave_out=out)
    (look,) = await stores.connections.due_for_look(NOW, 1, leave_out=out)
    assert (run.id, look.id) == ("c-3", "c-3")


async def test_what_cannot_be_read_is_due_and_stops_no_other(stores: Stores) -> None:
    """It says what is wrong and quotes nothing; where nothing is due it is left out, and logged."""
    await stores.connections.insert(a_connection())
    await stores.connections.insert(a_connection(id="c-broken", organization_id="other"))
    if stores.database is None:
        pytest.skip("What lies in memory can be read.")
    await stores.database["connections"].update_one(
        {"_id": "c-broken"}, {"$set": {"settings.lookback_days": "plenty"}}
    )
    for found in (await stores.connections.due(NOW, 10), await stores.connections.due_for_look(NOW, 10)):
        assert [one for one in found if not isinstance(one, Unreadable)] == [a_connection()]
        (unreadable,) = [one for one in found if isinstance(one, Unreadable)]
        assert (unreadable.organization_id, unreadable.id) == ("other", "c-broken")
        assert "settings" in unreadable.why
        assert "plenty" not in unreadable.why
    with capture_logs() as lines:
        assert await stores.connections.of_workspace("w-1") == [a_connection()]
    assert [line["document_id"] for line in lines] == ["c-broken"]
    assert "plenty" not in str(lines)


async def test_the_schedule_stands_still_while_too_much_waits_for_the_bus(stores: Stores) -> None:
    """Requests of a long outage would outgrow the connection's document; then it is due at once."""
    connection = a_connection()
    await stores.connections.insert(connection)
    for at in range(MOST_WAITING):
        assert await stores.connections.due(NOW, 10) == [connection]
        upcoming = NOW - timedelta(seconds=MOST_WAITING - at)
        assert await stores.connections.scheduled(
            connection, next_sync_at=upcoming, fact=_request(connection, f"r-{at}")
        )
        connection = replace(connection, next_sync_at=upcoming)
    assert await stores.connections.due(NOW, 10) == []
    await stores.connections.publish_pending("acme", connection.id)
    assert await stores.connections.due(NOW, 10) == [connection]


async def test_looks_are_claimed_once(stores: Stores) -> None:
    """A look is due in whatever state, and one replica does it."""
    connection = a_connection(state="needs_attention")
    await stores.connections.insert(connection)
    await stores.connections.insert(a_connection(id="c-2", organization_id="o", next_look_at=None))
    assert await stores.connections.due_for_look(NOW, 10) == [connection]
    assert await stores.connections.looked_at(connection, next_look_at=LATER)
    assert not await stores.connections.looked_at(connection, next_look_at=LATER)
    assert await stores.connections.due_for_look(NOW, 10) == []


async def test_a_further_fact_needs_a_connected_one(stores: Stores) -> None:
    """A request by hand that comes after the disconnect is not kept."""
    connection = a_connection()
    await stores.connections.insert(connection)
    assert await stores.connections.record_fact(connection, _request(connection))
    await stores.connections.replace(connection, replace(connection, revision=2, state="disconnected"))
    assert not await stores.connections.record_fact(connection, _request(connection, "r-2"))
    await stores.connections.publish_pending("acme", "c-1")
    assert stores.publisher.published == [_request(connection)]


async def test_asking_again_and_again_does_not_fill_a_connection(stores: Stores) -> None:
    """While the bus is away, requests by hand beyond a bound are taken as asked for: they say nothing new."""
    connection = a_connection()
    await stores.connections.insert(connection)
    for at in range(MOST_ASKED + 5):
        assert await stores.connections.record_fact(connection, _request(connection, f"r-{at}"))
    await stores.connections.publish_pending("acme", "c-1")
    assert len(stores.publisher.published) == MOST_ASKED


async def test_webhooks_find_connected_ones_of_all_organizations(stores: Stores) -> None:
    """A workspace is named by its id alone; those at rest are left alone."""
    await stores.connections.insert(a_connection())
    await stores.connections.insert(a_connection(id="c-2", organization_id="other"))
    await stores.connections.insert(a_connection(id="c-3", organization_id="third", state="disconnected"))
    await stores.connections.insert(a_connection(id="c-4", organization_id="fourth", state="needs_attention"))
    found = await stores.connections.of_workspace("w-1")
    assert sorted(each.id for each in found) == ["c-1", "c-2"]
    found = await stores.connections.of_workspace("w-1", in_need=True)
    assert sorted(each.id for each in found) == ["c-1", "c-2", "c-4"]


REPORT = SyncReport(
    run=RunReport(
        run_id="run-1",
        reason="scheduled",
        sequence=3,
        resource="contact",
        counts=(ResourceCount(resource="contact", done=5, total=None),),
        calls=7,
        items_per_second=2.5,
        remaining_seconds=None,
        waiting_until=NOW,
        waiting_for="the rate limit",
        started_at=NOW,
        reported_at=NOW,
        told_share=0.5,
    ),
    ledger=LedgerReport(
        completed_at=NOW,
        complete_up_to=NOW,
        held=(ResourceCount(resource="contact", done=5, total=6),),
        gaps=(Gap(resource="conversation", id="9", reason="parts_cut_at_500", missing=2, since=NOW),),
        gap_count=1,
        changed=4,
        calls=9,
        reason="initial",
    ),
    initial_done=True,
)
DIAGNOSIS = Diagnosis(NOW, (Finding("tags", "Tags", "missing_permission", "words", "Read tags", None),))


async def test_reports_and_diagnoses_come_back_and_go_with_the_data(stores: Stores) -> None:
    """They survive whole; the removal forgets them; a late one is dropped, and so is a stranger's."""
    connection = a_connection()
    await stores.connections.insert(connection)
    assert await stores.connections.report("acme", "c-1") == SyncReport()
    assert await stores.connections.diagnosis("acme", "c-1") is None
    for organization in ("acme", "other"):
        await stores.connections.save_report(organization, "c-1", REPORT)
        await stores.connections.save_diagnosis(organization, "c-1", DIAGNOSIS)
    assert await stores.connections.report("acme", "c-1") == REPORT
    assert await stores.connections.diagnosis("acme", "c-1") == DIAGNOSIS
    assert await stores.connections.report("other", "c-1") == SyncReport()
    assert await stores.connections.diagnosis("other", "c-1") is None
    await stores.connections.replace(connection, replace(connection, revision=2, state="removed"))
    await stores.connections.save_report("acme", "c-1", REPORT)
    await stores.connections.save_diagnosis("acme", "c-1", DIAGNOSIS)
    assert await stores.connections.report("acme", "c-1") == SyncReport()
    assert await stores.connections.diagnosis("acme", "c-1") is None


async def test_removals_are_confirmed_once_by_each_service(stores: Stores) -> None:
    """A repeated word changes nothing; a word on another removal is not taken."""
    removal = Removal("rm-1", "Ines", NOW)
    await stores.connections.insert(a_connection(state="removed", removal=removal))
    for removal_id, service, documents in (
        ("rm-1", "syncer", 5),
        ("rm-1", "syncer", 0),
        ("rm-0", "notifier", 1),
        ("rm-1", "detector", 2),
    ):
        await stores.connections.confirm_removal("acme", "c-1", removal_id, service, documents)
    await stores.connections.confirm_removal("other", "c-1", "rm-1", "notifier", 1)
    found = await stores.connections.get("acme", "c-1")
    assert found is not None
    assert found.removal is not None
    assert found.removal.confirmed == (("syncer", 5), ("detector", 2))
    ordered = found.removal.requested_at
    assert await stores.connections.being_removed(ordered, 9) == []
    assert await stores.connections.being_removed(ordered + timedelta(hours=1), 9) == [found]
    for service in ("connector", "notifier"):
        await stores.connections.confirm_removal("acme", "c-1", "rm-1", service, 1)
    assert await stores.connections.being_removed(ordered + timedelta(hours=1), 9) == []


async def test_credentials_are_walked_in_order_and_changed_only_as_seen(stores: Stores) -> None:
    """Connections without one are passed over; one that changed meanwhile stays."""
    for number in range(3):
        await stores.connections.insert(
            a_connection(id=f"c-{number}", organization_id=f"o-{number}", credential=f"secret {number}")
        )
    await stores.connections.insert(a_connection(id="c-x", organization_id="o-x", credential=None))
    first = await stores.connections.credentials("", 2)
    rest = await stores.connections.credentials(first[-1].connection_id, 2)
    assert [each.encrypted for each in first + rest] == ["secret 0", "secret 1", "secret 2"]
    assert await stores.connections.reencrypted(first[0], "new")
    assert not await stores.connections.reencrypted(first[0], "newer")
    found = await stores.connections.get("o-0", "c-0")
    assert found is not None
    assert (found.credential, found.revision) == ("new", 1)


async def test_what_lies_further_ahead_than_its_interval_is_brought_forward(stores: Stores) -> None:
    """By each connection's own interval; looks by theirs; what is not due ever stays so."""
    spare, look = timedelta(seconds=60), timedelta(seconds=45)
    ahead = {"next_sync_at": NOW + timedelta(seconds=361), "next_look_at": NOW + timedelta(seconds=106)}
    slow = ConnectionSettings(sync_interval_seconds=600)
    kept = [
        a_connection(**ahead),
        a_connection(id="c-2", organization_id="o2", settings=slow, **ahead),
        a_connection(id="c-3", organization_id="o3", next_sync_at=NOW + timedelta(seconds=360)),
        a_connection(
            id="c-4", organization_id="o4", state="disconnected", next_sync_at=None, next_look_at=None
        ),
    ]
    for one in kept:
        await stores.connections.insert(one)
    assert await stores.connections.bring_forward(NOW, look=look, spare=spare) == 1
    assert await stores.connections.bring_forward(NOW, look=look, spare=spare) == 0
    found = [await stores.connections.get(one.organization_id, one.id) for one in kept]
    assert found == [
        replace(kept[0], next_sync_at=NOW, next_look_at=NOW),
        replace(kept[1], next_look_at=NOW),
        *kept[2:],
    ]


async def test_the_census_counts_states_over_all_organizations(stores: Stores) -> None:
    """Each state that occurs has its number."""
    assert await stores.connections.census() == {}
    await stores.connections.insert(a_connection())
    await stores.connections.insert(a_connection(id="c-2", organization_id="o2"))
    await stores.connections.insert(a_connection(id="c-3", organization_id="o3", state="disconnected"))
    assert await stores.connections.census() == {"connected": 2, "disconnected": 1}


async def test_a_state_is_good_for_one_use(stores: Stores) -> None:
    """Of many callbacks at once, one gets it; nobody gets one that was never there."""
    state = OAuthState("s-1", "acme", "Ines", "browser", LATER)
    await stores.states.add(state)
    taken = await asyncio.gather(*(stores.states.take("s-1") for _ in range(4)))
    assert [each for each in taken if each is not None] == [state]
    assert await stores.states.take("s-2") is None


@pytest.mark.parametrize("chosen", [None, ConnectionSettings(lookback_days=365, lifecycle_events=True)])
async def test_a_state_keeps_what_was_chosen(stores: Stores, chosen: ConnectionSettings | None) -> None:
    """What was left out is still left out, so that the installation's choice fills it in."""
    await stores.states.add(OAuthState("s-1", "acme", "Ines", "browser", LATER, chosen))
    taken = await stores.states.take("s-1")
    assert taken is not None
    assert taken.settings == chosen
    if chosen is not None and taken.settings is not None:
        assert taken.settings.model_fields_set == chosen.model_fields_set


async def test_states_of_an_organization_are_forgotten_together(stores: Stores) -> None:
    """Those that end before a time; others keep theirs."""
    for number, organization in enumerate(("acme", "acme", "other")):
        await stores.states.add(OAuthState(f"s-{number}", organization, "Ines", "browser", LATER))
    moment = timedelta(seconds=1)
    assert await stores.states.forget("acme", ending_before=LATER) == 0
    await stores.states.add(OAuthState("s-3", "acme", "Ines", "browser", LATER + moment))
    assert await stores.states.forget("acme", ending_before=LATER + moment) == 2
    assert await stores.states.take("s-0") is None
    assert await stores.states.take("s-2") is not None
    assert await stores.states.take("s-3") is not None


@pytest.mark.parametrize("settings", [None, ConnectionSettings(lookback_days=365)])
async def test_an_offer_waits_for_its_own_organization(
    stores: Stores, settings: ConnectionSettings | None
) -> None:
    """It can be looked at, is taken once, and is nobody else's."""
    offer = Offer("o-1", "acme", "Ines", "oauth", a_workspace(), "encrypted", LATER, settings)
    await stores.offers.add(offer)
    assert await stores.offers.get("other", "o-1") is None
    assert await stores.offers.take("other", "o-1") is None
    assert await stores.offers.get("acme", "o-1") == offer
    taken = await asyncio.gather(*(stores.offers.take("acme", "o-1") for _ in range(3)))
    assert [each for each in taken if each is not None] == [offer]
    assert await stores.offers.get("acme", "o-1") is None


async def test_a_notice_is_taken_once_and_keeps_its_fact(stores: Stores) -> None:
    """Duplicates that come at once make one request, which waits where the bus is away."""
    connection = a_connection()
    took = await asyncio.gather(
        *(stores.notices.take(connection, "n-1", _request(connection), NOW) for _ in range(3))
    )
    assert sorted(took) == [False, False, True]
    stores.publisher.fail_next(TransientError("away"))
    with pytest.raises(TransientError):
        await stores.notices.publish_pending("acme", "n-1")
    await stores.notices.publish_pending("acme", "n-1")
    await stores.notices.publish_pending("acme", "n-1")
    assert stores.publisher.published == [_request(connection)]


async def test_notices_go_with_their_connection(stores: Stores) -> None:
    """Those of another connection or organization stay."""
    mine, others = a_connection(), a_connection(id="c-2", organization_id="other")
    for connection in (mine, others):
        assert await stores.notices.take(connection, "n-1", _request(connection), NOW)
    assert await stores.notices.forget("acme", "c-2") == 0
    assert await stores.notices.forget("acme", "c-1") == 1
    assert await stores.notices.take(mine, "n-1", _request(mine), NOW)
    assert not await stores.notices.take(others, "n-1", _request(others), NOW)


async def test_revocations_are_kept_for_as_long_as_the_key_would_be_good(stores: Stores) -> None:
    """Of all organizations, for a bus that lost them."""
    for number, days in enumerate((30, 1, 30)):
        await stores.keys.add(
            ApiKeyRecord(f"r-{number}", "acme", "export", "member", "Ann", NOW, NOW + timedelta(days=days))
        )
    for number in range(2):
        await stores.keys.revoke("acme", f"r-{number}", by="Ann", now=NOW)
    found = await stores.keys.revocations(NOW + timedelta(days=2))
    assert [(fact.key_id, fact.organization_id, fact.revoked_at) for fact in found] == [("r-0", "acme", NOW)]


async def test_a_key_that_opens_is_listed_behind_however_many_that_do_not(stores: Stores) -> None:
    """A key a run, as pipelines make them, must not hide the one for a year: nobody could revoke it."""
    year = ApiKeyRecord("k-1", "acme", "export", "admin", "Ines", NOW, NOW + timedelta(days=366))
    await stores.keys.add(year)
    for number in range(510):
        made = NOW + timedelta(minutes=1 + number)
        run = ApiKeyRecord(f"r-{number}", "acme", "run", "member", "Ines", made, made + timedelta(days=1))
        await stores.keys.add(run)
    listed = list(await stores.keys.list_of("acme"))
    assert listed[-1] == year
    assert [key.created_at for key in listed] == sorted((key.created_at for key in listed), reverse=True)


async def test_keys_are_listed_newest_first_and_revoked_once(stores: Stores) -> None:
    """The fact is told once; another organization's key cannot be revoked."""
    old = ApiKeyRecord("k-1", "acme", "export", "member", "Ines", NOW, LATER)
    new = ApiKeyRecord("k-2", "acme", "import", "admin", "Ines", LATER, LATER)
    await stores.keys.add(old)
    await stores.keys.add(new)
    assert list(await stores.keys.list_of("acme")) == [new, old]
    assert list(await stores.keys.list_of("other")) == []
    assert await stores.keys.revoke("other", "k-1", by="Eve", now=NOW) is None
    for moment in (NOW, LATER):
        revoked = await stores.keys.revoke("acme", "k-1", by="Ines", now=moment)
        assert revoked == replace(old, revoked_at=NOW)
        await stores.keys.publish_pending("acme", "k-1")
    fact = ApiKeyRevoked(organization_id="acme", key_id="k-1", revoked_by="Ines", revoked_at=NOW)
    assert stores.publisher.published == [fact]


OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.mark.parametrize(
    ("vault", "old"),
    [
        (MirrorVault(), "v1:terces"),
        (FernetVault(SecretStr(f"{NEW}, {OLD}")), FernetVault(SecretStr(OLD)).encrypt("secret")),
    ],
    ids=["memory", "fernet"],
)
def test_a_vault_opens_what_any_key_made_and_knows_the_newest(vault: Vault, old: str) -> None:
    """Old encryption opens but is not current; what no key made is told with the setting's name."""
    fresh = vault.encrypt("secret")
    assert "secret" not in fresh
    assert (vault.decrypt(fresh), vault.decrypt(old)) == ("secret", "secret")
    assert (vault.is_current(fresh), vault.is_current(old)) == (True, False)
    with pytest.raises(ConfigurationError, match="EARSHOT_CREDENTIAL_KEYS"):
        vault.decrypt("nothing of ours")
