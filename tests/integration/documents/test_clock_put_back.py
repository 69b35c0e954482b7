"""The wall clock is put back by an hour while work is under way: nothing is lost, nothing is done twice.

What somebody holds stays theirs, what nobody holds any more is due again at the latest when the clock has
caught up, and what a time to live says is kept at least that long.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient

from services.detector.adapters.mongo_connections import MongoLeases, MongoRereads
from services.detector.domain.mirror import Progress
from services.notifier.adapters.mongo_notifications import MongoNotifications
from services.notifier.domain.notification import Attempt, Notification, Settlement, notification_id
from services.notifier.domain.rule import Recipient
from services.syncer.adapters.mongo_runs import MongoRuns
from services.syncer.domain.connection import ConnectionKey
from shared.clock import ManualClock
from shared.contracts.sync import SyncRequested
from shared.documents.collection import Collection
from shared.documents.pending import PENDING_INDEX, PendingFacts, pending_facts
from shared.messaging.recording import RecordingPublisher
from tests.unit.services.notifier.fakes import a_signal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pymongo.asynchronous.database import AsyncDatabase

    from services.syncer.domain.run import Run

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEASE = timedelta(seconds=60)
HOUR = timedelta(hours=1)


@pytest.fixture
async def database(mongodb_uri: str) -> AsyncIterator[AsyncDatabase[dict[str, Any]]]:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(mongodb_uri)
    name = f"clock_{uuid.uuid4().hex}"
    yield client.get_database(name, codec_options=CodecOptions(tz_aware=True, tzinfo=UTC))
    await client.drop_database(name)
    await client.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


def put_back(clock: ManualClock) -> None:
    clock.set_wall_time(clock.now() - HOUR)


async def held_then_put_back(
    database: AsyncDatabase[dict[str, Any]], clock: ManualClock
) -> tuple[MongoRuns, Run]:
    """Return the store, and a run that was claimed before the clock was put back."""
    runs = MongoRuns(database)
    await runs.request(ConnectionKey("acme", "c1"), request_id="r1", reason="manual", now=clock.now())
    run = await runs.claim("main", now=clock.now(), until=clock.now() + LEASE)
    assert run is not None
    put_back(clock)
    return runs, run


async def test_a_run_that_is_held_is_not_read_twice(
    database: AsyncDatabase[dict[str, Any]], clock: ManualClock
) -> None:
    """Its holder goes on and renews by the new time; from then on its death costs a lease as ever."""
    runs, run = await held_then_put_back(database, clock)
    assert await runs.renew(run, until=clock.now() + LEASE)
    assert await runs.claim("main", now=clock.now(), until=clock.now() + LEASE) is None
    clock.advance(LEASE.total_seconds())
    taken = await runs.claim("main", now=clock.now(), until=clock.now() + LEASE)
    assert taken is not None
    assert not await runs.checkpoint(run, wake_at=clock.now())


async def test_a_run_is_taken_from_a_holder_that_does_not_renew(
    database: AsyncDatabase[dict[str, Any]], clock: ManualClock
) -> None:
    """Nobody knows a lease from a clock that was ahead from one of the dead; the former holder is refused."""
    runs, run = await held_then_put_back(database, clock)
    assert await runs.claim("main", now=clock.now(), until=clock.now() + LEASE) is not None
    assert not await runs.renew(run, until=clock.now() + LEASE)
    assert not await runs.checkpoint(run, wake_at=clock.now())


async def test_a_run_whose_holder_died_is_due_when_the_clock_has_caught_up(
    database: AsyncDatabase[dict[str, Any]], clock: ManualClock
) -> None:
    """It is late, and not lost; and requests of the meantime are remembered with it."""
    runs, key = MongoRuns(database), ConnectionKey("acme", "c1")
    await runs.request(key, request_id="r1", reason="manual", now=clock.now())
    assert await runs.claim("main", now=clock.now(), until=clock.now() + LEASE) is not None
    put_back(clock)
    await runs.request(key, request_id="r2", reason="manual", now=clock.now())
    clock.advance((HOUR + LEASE).total_seconds())
    taken = await runs.claim("main", now=clock.now(), until=clock.now() + LEASE)
    assert taken is not None
    assert await runs.finish(taken, interrupted=False, now=clock.now())
    again = await runs.claim("main", now=clock.now(), until=clock.now() + LEASE)
    assert again is not None
    assert again.run_id == "r2"


async def test_background_work_has_one_owner(
    database: AsyncDatabase[dict[str, Any]], clock: ManualClock
) -> None:
    """A lease that was taken at a time to come is whoever's asks next, and theirs alone from then on."""
    leases = MongoLeases(database)
    assert await leases.take("health", "one", clock.now(), LEASE.total_seconds())
    assert await leases.hold("accounts", "one", clock.now(), (6 * HOUR).total_seconds(), place="half")
    put_back(clock)
    assert await leases.take("health", "two", clock.now(), LEASE.total_seconds())
    assert not await leases.take("health", "one", clock.now(), LEASE.total_seconds())
    assert await leases.take("accounts", "two", clock.now(), LEASE.total_seconds())
    assert await leases.place("accounts") == "half"
    clock.advance(LEASE.total_seconds())
    assert await leases.hold("accounts", "one", clock.now(), (6 * HOUR).total_seconds())
    assert not await leases.take("accounts", "two", clock.now(), LEASE.total_seconds())


async def test_a_re_reading_goes_on(database: AsyncDatabase[dict[str, Any]], clock: ManualClock) -> None:
    """What was free from a time to come on is free now."""
    rereads = MongoRereads(database)
    await rereads.ask(
        Progress(connection_id="c1", organization_id="acme", fingerprint="f", started_at=clock.now()),
        again=False,
    )
    held = await rereads.claim("one", clock.now(), LEASE.total_seconds(), {"f"})
    assert held is not None
    await rereads.advance(held.after(["k1"], most=1, now=clock.now()), "one", clock.now())
    put_back(clock)
    claims = [await rereads.claim(name, clock.now(), LEASE.total_seconds(), {"f"}) for name in ("a", "b")]
    assert [claim and claim.cursor for claim in claims] == ["k1", None]


async def test_a_notification_under_way_is_sent_by_one(
    database: AsyncDatabase[dict[str, Any]], clock: ManualClock
) -> None:
    """Nobody else claims it, also when the clock has caught up, and its outcome is stored with its fact."""
    publisher = RecordingPublisher()
    notifications = MongoNotifications(database, publisher, clock)
    await notifications.ensure_indexes()
    signal = a_signal(signal_id="s-1")
    one = Notification(
        id=notification_id("acme", "s-1", "inbox", "everyone"),
        organization_id="acme",
        connection_id="c-1",
        signal=signal,
        rule_id="r-1",
        channel="inbox",
        recipient=Recipient("everyone", "everyone"),
        state="pending",
        created_at=clock.now(),
        next_attempt_at=clock.now(),
    )
    assert await notifications.add(one)

    async def claim(token: str) -> Notification | None:
        return await notifications.claim(
            "acme", one.id, now=clock.now(), lease_seconds=LEASE.total_seconds(), token=token
        )

    assert await claim("a") is not None
    put_back(clock)
    assert await claim("b") is None
    clock.advance((HOUR + LEASE).total_seconds())
    assert await claim("b") is None
    attempt = Attempt(
        number=1, at=clock.now(), seconds=0.1, outcome="delivered", detail="said", reason=None, status=200
    )
    assert await notifications.settle(one, Settlement("delivered", attempt), token="a", facts=[])
    clock.advance((HOUR + LEASE).total_seconds())
    assert await notifications.due(clock.now(), 10) == []


async def test_a_fact_that_a_dead_process_left_is_told_at_once(
    database: AsyncDatabase[dict[str, Any]], clock: ManualClock
) -> None:
    """It bears a time to come, so that nobody can be about to publish it."""
    publisher, collection = RecordingPublisher(), Collection(database, "things")
    await collection.ensure_indexes(PENDING_INDEX)
    pending = PendingFacts(collection, publisher, clock)
    fact = SyncRequested(
        organization_id="acme", connection_id="c1", request_id="r1", reason="manual", requested_at=START
    )
    await collection.of("acme").insert_one({"_id": "1", "pending": pending_facts(fact, at=clock.now())})
    assert await pending.sweep() == 0
    put_back(clock)
    assert await pending.sweep() == 1
    assert await pending.sweep() == 0
    assert publisher.published == [fact]
