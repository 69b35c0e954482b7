"""Organizations stay apart in every query, and facts on documents survive a crash."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from pymongo import DeleteMany, DeleteOne, InsertOne, ReplaceOne, UpdateMany, UpdateOne
from pymongo.errors import DuplicateKeyError
from structlog.testing import capture_logs

from shared.clock import ManualClock
from shared.config import ServiceSettings
from shared.contracts.sync import SyncRequested
from shared.documents import pending as pending_module
from shared.documents.collection import Collection, Index
from shared.documents.database import create_client, database_of
from shared.documents.pending import PENDING_INDEX, PendingFacts, pending_facts, sweep_forever
from shared.errors import PermanentError, TransientError
from shared.messaging.recording import RecordingPublisher

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from shared.contracts.event import Event

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
async def collection(mongodb_uri: str) -> AsyncIterator[Collection]:
    settings = ServiceSettings.model_validate(
        {
            "http_port": 8701,
            "signing_key": "k" * 48,
            "mongodb_uri": mongodb_uri,
            "database_prefix": f"t{uuid.uuid4().hex[:12]}",
        }
    )
    client = create_client(settings, service="connector")
    database = database_of(client, settings, service="connector")
    made = Collection(database, "things")
    await made.ensure_indexes(Index((("organization_id", 1), ("name", 1)), unique=True), PENDING_INDEX)
    yield made
    await client.drop_database(database.name)
    await client.close()


def request(name: str) -> SyncRequested:
    return SyncRequested(
        organization_id="acme", connection_id="c1", request_id=name, reason="manual", requested_at=START
    )


async def test_one_organization_never_meets_another(collection: Collection) -> None:
    """Reads, changes, deletions, counts and aggregations stay inside."""
    acme, globex = collection.of("acme"), collection.of("globex")
    await acme.insert_one({"_id": "acme/1", "name": "one"})
    await globex.insert_one({"_id": "globex/1", "name": "one"})
    assert [found["_id"] for found in await acme.find({})] == ["acme/1"]
    assert await acme.find_one({"_id": "globex/1"}) is None
    assert (await acme.update_many({}, {"$set": {"seen": True}})).matched_count == 1
    assert (await acme.delete_many({"_id": "globex/1"})).deleted_count == 0
    assert await acme.count({}) == 1
    assert await acme.distinct("_id", {}) == ["acme/1"]
    grouped = await acme.aggregate([{"$group": {"_id": "$name", "count": {"$sum": 1}}}])
    assert grouped == [{"_id": "one", "count": 1}]
    assert [found["_id"] async for found in globex.stream({})] == ["globex/1"]


async def test_bulk_writes_are_scoped_one_by_one(collection: Collection) -> None:
    """No kind of write in a batch reaches another organization's documents."""
    acme, globex = collection.of("acme"), collection.of("globex")
    await globex.insert_many([{"_id": f"g{n}", "name": f"g{n}"} for n in range(4)])
    writes: list[Any] = [
        InsertOne({"_id": "a", "name": "a"}),
        UpdateOne({"_id": "g0"}, {"$set": {"taken": True}}),
        UpdateMany({"name": {"$ne": "a"}}, {"$set": {"taken": True}}),
        ReplaceOne({"_id": "g1"}, {"name": "taken"}),
        DeleteOne({"_id": "g2"}),
        DeleteMany({"name": "g3"}),
        UpdateOne({"_id": "b"}, {"$set": {"name": "b"}}, upsert=True),
    ]
    await acme.bulk_write(writes, ordered=True)
    assert await acme.bulk_write([]) is None
    assert await globex.count({"taken": True}) == 0
    assert await globex.count({}) == 4
    assert {found["_id"]: found["organization_id"] for found in await acme.find({})} == {
        "a": "acme",
        "b": "acme",
    }


async def test_a_bulk_write_keeps_its_options_and_may_be_used_again(collection: Collection) -> None:
    """Array filters come through; what the caller made names no organization afterwards."""
    acme, globex = collection.of("acme"), collection.of("globex")
    for scope, key in ((acme, "a"), (globex, "g")):
        await scope.insert_one({"_id": key, "parts": [{"n": 1}, {"n": 2}]})
    write = UpdateOne({}, {"$set": {"parts.$[one].seen": True}}, array_filters=[{"one.n": 2}])
    for scope in (acme, globex):
        await scope.bulk_write([write])
        found = await scope.find_one({})
        assert found is not None
        assert found["parts"] == [{"n": 1}, {"n": 2, "seen": True}]


async def test_a_query_that_names_another_organization_is_refused(collection: Collection) -> None:
    """A mistake in a filter is an error, not a leak."""
    with pytest.raises(ValueError, match="another organization"):
        await collection.of("acme").find({"organization_id": "globex"})
    with pytest.raises(ValueError, match="everybody"):
        collection.of("")


async def test_unique_indexes_hold_and_times_are_aware(collection: Collection) -> None:
    """The driver's own error comes through, and dates come back in UTC."""
    acme = collection.of("acme")
    await acme.insert_one({"_id": "1", "name": "one", "at": START})
    with pytest.raises(DuplicateKeyError):
        await acme.insert_one({"_id": "2", "name": "one"})
    found = await acme.find_one({"_id": "1"})
    assert found is not None
    assert found["at"] == START


async def test_a_server_that_is_away_is_transient() -> None:
    """The bus tries again; nothing is put aside because a database restarts."""
    settings = ServiceSettings.model_validate(
        {
            "http_port": 8701,
            "signing_key": "k" * 48,
            "mongodb_uri": "mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=100",
        }
    )
    client = create_client(settings, service="connector")
    away = Collection(database_of(client, settings, service="connector"), "things")
    with pytest.raises(TransientError):
        await away.of("acme").find_one({})
    await client.close()


async def test_facts_left_behind_by_a_crash_are_published_once(collection: Collection) -> None:
    """Killed between store and publish, the fact is found by the sweeper, published in order, and cleared."""
    clock, publisher = ManualClock(START), RecordingPublisher()
    pending = PendingFacts(collection, publisher, clock)
    facts = pending_facts(request("one"), request("two"), at=clock.now())
    await collection.of("acme").insert_one({"_id": "1", "name": "one", "pending": facts})
    assert await pending.sweep() == 0  # Young facts belong to the process that is about to publish them.
    clock.advance(60)
    assert await pending.sweep() == 1
    assert [event.fact() for event in publisher.published] == ["one", "two"]
    assert await pending.sweep() == 0
    found = await collection.of("acme").find_one({"_id": "1"})
    assert found is not None
    assert found["pending"] == []


async def test_a_bus_that_is_away_keeps_the_facts(collection: Collection) -> None:
    """What could not be published stays on its document."""
    clock, publisher = ManualClock(START), RecordingPublisher()
    pending = PendingFacts(collection, publisher, clock)
    document = {"_id": "1", "name": "one", "pending": pending_facts(request("one"), at=clock.now())}
    await collection.of("acme").insert_one(document)
    publisher.fail_next(TransientError("away"))
    with pytest.raises(TransientError):
        await pending.publish({**document, "organization_id": "acme"})
    clock.advance(60)
    assert await pending.sweep() == 1
    assert [event.fact() for event in publisher.published] == ["one"]


async def test_a_fact_added_while_others_are_published_stays(collection: Collection) -> None:
    """Clearing takes exactly what was published, not what came meanwhile."""
    clock, publisher = ManualClock(START), RecordingPublisher()
    pending = PendingFacts(collection, publisher, clock)
    document = {"_id": "1", "name": "one", "pending": pending_facts(request("one"), at=clock.now())}
    await collection.of("acme").insert_one(document)
    later = pending_facts(request("two"), at=clock.now())
    await collection.of("acme").update_one({"_id": "1"}, {"$push": {"pending": {"$each": later}}})
    await pending.publish({**document, "organization_id": "acme"})
    found = await collection.of("acme").find_one({"_id": "1"})
    assert found is not None
    assert [fact["id"] for fact in found["pending"]] == [request("two").event_id()]


async def test_what_is_published_while_a_sweep_goes_on_is_not_published_behind_newer_facts(
    collection: Collection,
) -> None:
    """A sweep takes documents one after another; what it read of the last one is old by then."""
    clock = ManualClock(START)
    for document_id, name in (("1", "one"), ("2", "older")):
        facts = pending_facts(request(name), at=clock.now())
        await collection.of("acme").insert_one({"_id": document_id, "name": name, "pending": facts})

    class Busy(RecordingPublisher):
        async def publish(self, *events: Event) -> None:
            await super().publish(*events)
            if len(self.published) == 1:
                # Whoever else serves the other document is done with it, and has said something newer.
                other = "2" if events[0].fact() == "one" else "1"
                await collection.of("acme").update_one({"_id": other}, {"$set": {"pending": []}})
                await super().publish(request("newer"))

    publisher = Busy()
    clock.advance(60)
    assert await PendingFacts(collection, publisher, clock).sweep() == 1
    assert [event.fact() for event in publisher.published][1:] == ["newer"]


async def test_a_fact_that_can_never_be_published_holds_up_no_other(collection: Collection) -> None:
    """It stays where it is, is logged, and the documents behind it are served."""
    clock, publisher = ManualClock(START), RecordingPublisher()
    pending = PendingFacts(collection, publisher, clock)
    broken = [{"id": "x", "type": "earshot.gone.v1", "data": "{}", "at": START}]
    await collection.of("acme").insert_one({"_id": "0", "name": "zero", "pending": broken})
    facts = pending_facts(request("one"), at=clock.now())
    await collection.of("acme").insert_one({"_id": "1", "name": "one", "pending": facts})
    clock.advance(60)
    await pending.sweep()
    assert [event.fact() for event in publisher.published] == ["one"]


class Narrow(RecordingPublisher):
    """Takes nothing that is large."""

    async def publish(self, *events: Event) -> None:
        if any(event.fact().startswith("large") for event in events):
            raise PermanentError("too large")
        await super().publish(*events)


async def test_a_fact_that_can_never_be_published_holds_up_no_fact_of_its_own_document(
    collection: Collection,
) -> None:
    """Those behind it go out in order; it stays alone."""
    clock, publisher = ManualClock(START), Narrow()
    facts = pending_facts(*map(request, ("one", "large", "two", "three")), at=clock.now())
    facts.insert(0, {"id": "x", "type": "earshot.gone.v1", "data": "{}", "at": START})
    await collection.of("acme").insert_one({"_id": "1", "name": "one", "pending": facts})
    clock.advance(60)
    await PendingFacts(collection, publisher, clock).sweep()
    assert [event.fact() for event in publisher.published] == ["one", "two", "three"]
    found = await collection.of("acme").find_one({"_id": "1"})
    assert found is not None
    assert [fact["id"] for fact in found["pending"]] == ["x", request("large").event_id()]


async def test_facts_that_can_never_be_published_do_not_fill_every_sweep(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More of them than a sweep takes: what is behind has its turn; they are told of once a sweep."""
    monkeypatch.setattr(pending_module, "_SWEPT_AT_ONCE", 3)
    # A service that ran in this process before has fixed where the module's own logger writes to.
    monkeypatch.setattr(pending_module, "_LOG", structlog.get_logger(pending_module.__name__))
    clock, publisher = ManualClock(START), Narrow()
    pending = PendingFacts(collection, publisher, clock)
    for number in range(5):
        facts = pending_facts(request(f"large {number}"), at=clock.now())
        await collection.of("acme").insert_one({"_id": f"{number}", "name": f"{number}", "pending": facts})
    clock.advance(1)
    facts = pending_facts(request("good"), at=clock.now())
    await collection.of("acme").insert_one({"_id": "9", "name": "good", "pending": facts})
    with capture_logs() as logs:
        for _ in range(2):
            clock.advance(10)
            assert await pending.sweep() == 3
    assert [event.fact() for event in publisher.published] == ["good"]
    assert [line["count"] for line in logs if line["event"] == "facts cannot be published"] == [3, 2]


async def test_a_backlog_is_published_without_a_pause_for_each_portion(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bus that was away for an hour leaves very many: behind a full sweep the next follows at once."""
    monkeypatch.setattr(pending_module, "_SWEPT_AT_ONCE", 3)
    clock, publisher = ManualClock(START), RecordingPublisher()
    for number in range(7):
        facts = pending_facts(request(f"{number}"), at=clock.now())
        await collection.of("acme").insert_one({"_id": f"{number}", "name": f"{number}", "pending": facts})
    clock.advance(60)
    published: list[int] = []

    async def sleep(_: float) -> None:
        published.append(len(publisher.published))
        if len(published) > 1:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await sweep_forever(PendingFacts(collection, publisher, clock), every_seconds=5, sleep=sleep)
    assert published == [0, 7]


async def test_a_clock_that_is_put_back_under_a_sweep_lets_it_end(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What can never be published is tried once for each setting of the clock, not until it has caught up."""
    monkeypatch.setattr(pending_module, "_SWEPT_AT_ONCE", 3)
    clock = ManualClock(START)
    tried: list[str] = []

    class Stuck(RecordingPublisher):
        async def publish(self, *events: Event) -> None:
            tried.extend(event.fact() for event in events)
            assert len(tried) < 50
            if len(tried) == 1:
                clock.set_wall_time(START - timedelta(hours=1))
            raise PermanentError("too large")

    for number in range(4):
        facts = pending_facts(request(f"{number}"), at=clock.now())
        await collection.of("acme").insert_one({"_id": f"{number}", "name": f"{number}", "pending": facts})
    clock.advance(60)
    assert await PendingFacts(collection, Stuck(), clock).sweep_all() == 4
    assert set(tried) == {"0", "1", "2", "3"}
