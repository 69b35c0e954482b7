"""The inbox and the delivery log are read from an index, and what is unread without what was read."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr
from pymongo.asynchronous.collection import AsyncCollection

from services.notifier.adapters.mongo_inbox import MongoInbox
from services.notifier.adapters.mongo_known_signals import MongoKnownSignals
from services.notifier.adapters.mongo_notifications import MongoNotifications
from services.notifier.domain.notification import Notification, notification_id
from services.notifier.domain.rule import Recipient
from services.notifier.ports import InboxReader, LogFilter, Place
from shared.clock import ManualClock
from shared.config import ServiceSettings
from shared.documents.collection import ScopedCollection
from shared.documents.database import create_client, database_of
from shared.messaging.recording import RecordingPublisher
from tests.unit.services.notifier.fakes import a_signal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pymongo.asynchronous.database import AsyncDatabase

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
READER = InboxReader("acme", "u-1", "ann@acme.example")


@pytest.fixture
async def database(mongodb_uri: str) -> AsyncIterator[AsyncDatabase[dict[str, Any]]]:
    """A database of its own, empty."""
    settings = ServiceSettings(
        http_port=1,
        signing_key=SecretStr("k" * 40),
        mongodb_uri=SecretStr(mongodb_uri),
        database_prefix=f"t{secrets.token_hex(6)}",
    )
    async with create_client(settings, service="notifier") as client:
        made = database_of(client, settings, service="notifier")
        yield made
        await client.drop_database(made.name)


def notification(number: int) -> Notification:
    """Return one for everybody's inbox that is due."""
    signal = a_signal(signal_id=f"s-{number}")
    return Notification(
        id=notification_id("acme", signal.signal_id, "inbox", "everyone"),
        organization_id="acme",
        connection_id="c-1",
        signal=signal,
        rule_id="r-1",
        channel="inbox",
        recipient=Recipient("everyone", "everyone"),
        state="pending",
        created_at=NOW,
        next_attempt_at=NOW,
    )


@pytest.mark.parametrize("oldest_first", [False, True], ids=["newest", "oldest"])
@pytest.mark.parametrize("further", [False, True], ids=["first", "further"])
async def test_a_list_has_its_index(
    database: AsyncDatabase[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    *,
    further: bool,
    oldest_first: bool,
) -> None:
    """The first portion and the next ones come in order from an index, newest or oldest first."""
    inbox = MongoInbox(database, ManualClock(NOW))
    log = MongoNotifications(database, RecordingPublisher(), ManualClock(NOW))
    for store in (inbox, log):
        await store.ensure_indexes()
    plans: list[dict[str, Any]] = []
    plain = ScopedCollection.find

    async def find(self: ScopedCollection, query: Any, **how: Any) -> list[dict[str, Any]]:
        cursor = self._collection.find(self._scoped(query), sort=how.get("sort"))
        plans.append((await cursor.explain())["queryPlanner"]["winningPlan"])
        return await plain(self, query, **how)

    monkeypatch.setattr(ScopedCollection, "find", find)
    after = Place(NOW, "x") if further else None
    await inbox.page(READER, unread_only=False, after=after, limit=10, oldest_first=oldest_first)
    for wanted in (LogFilter(), LogFilter(state="pending"), LogFilter(channel="email")):
        await log.page("acme", wanted, after=after, limit=10, oldest_first=oldest_first)
    assert [(plan["stage"], plan["inputStage"]["stage"]) for plan in plans] == [("FETCH", "IXSCAN")] * 4


READ, UNREAD, NEW = 120, 7, 2


async def test_claims_are_found_without_what_waits(
    database: AsyncDatabase[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked for each second: neither a backlog nor the log is read for it, whoever wrote it."""
    log = MongoNotifications(database, RecordingPublisher(), ManualClock(NOW))
    await log.ensure_indexes()
    made = [notification(number) for number in range(READ)]
    for one in made:
        await log.add(one)
    for number, one in enumerate(made[:UNREAD]):
        assert await log.claim("acme", one.id, now=NOW, lease_seconds=20, token=f"t{number}") is not None
    # An earlier version left an empty lease where there was one, and did not say how long it lasts.
    others = {"id": {"$in": [one.id for one in made[UNREAD : READ // 2]]}}
    await database["notifications"].update_many(others, {"$set": {"lease": None}})
    await database["notifications"].update_one({"lease": "t0"}, {"$unset": {"lease_seconds": 1}})
    plain = AsyncCollection.find
    explained: list[Any] = []

    def find(self: AsyncCollection[dict[str, Any]], *what: Any, **how: Any) -> Any:
        explained.append(plain(self, *what, **how))
        return plain(self, *what, **how)

    monkeypatch.setattr(AsyncCollection, "find", find)
    found = await log.claims(1_000)
    examined = [(await cursor.explain())["executionStats"]["totalDocsExamined"] for cursor in explained]
    assert [claim.token for claim in found] == [f"t{number}" for number in range(UNREAD)]
    assert [claim.lease_seconds for claim in found] == [70.0, *([20.0] * (UNREAD - 1))]
    assert examined == [UNREAD]


async def test_counting_unread_entries_reads_none_that_were_read(
    database: AsyncDatabase[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the history: those that are unread, those that came since, and no others."""
    clock = ManualClock(NOW)
    inbox = MongoInbox(database, clock)
    await inbox.ensure_indexes()
    for number in range(READ + UNREAD):
        await inbox.put(a_signal(signal_id=f"s-{number}"), "everyone", clock.now())
    # The oldest and the newest stay unread, and some between.
    unread = {round(number * (READ + UNREAD - 1) / (UNREAD - 1)) for number in range(UNREAD)}
    everything = {f"acme/s-{number}" for number in range(READ + UNREAD) if number not in unread}
    await database["inbox"].update_many({"_id": {"$in": sorted(everything)}}, {"$set": {"read_by": ["u-1"]}})
    clock.advance(600)
    assert await inbox.unread(READER, at_most=1_000) == UNREAD

    examined: list[int] = []
    plain = ScopedCollection.find

    async def find(self: ScopedCollection, query: Any, **how: Any) -> list[dict[str, Any]]:
        told = await self._collection.find(self._scoped(query), sort=how.get("sort")).explain()
        examined.append(told["executionStats"]["totalDocsExamined"])
        return await plain(self, query, **how)

    async def counted(self: ScopedCollection, query: Any, **how: Any) -> int:
        raise AssertionError("a count of its own reads what was read")

    monkeypatch.setattr(ScopedCollection, "find", find)
    monkeypatch.setattr(ScopedCollection, "count", counted)
    assert await inbox.unread(READER, at_most=1_000) == UNREAD
    assert sum(examined) <= UNREAD
    examined.clear()
    for number in range(NEW):
        await inbox.put(a_signal(signal_id=f"n-{number}"), "everyone", clock.now())
    assert await inbox.unread(READER, at_most=1_000) == UNREAD + NEW
    assert sum(examined) <= UNREAD + NEW
    clock.advance(600)
    examined.clear()
    # The list looks what there is, sorts that, and reads it.
    assert len(await inbox.page(READER, unread_only=True, after=None, limit=30)) == UNREAD + NEW
    assert sum(examined) <= 4 * (UNREAD + NEW)
    assert await inbox.mark_read(READER, None) == UNREAD + NEW
    assert await inbox.unread(READER, at_most=1_000) == 0
    examined.clear()
    assert await inbox.unread(READER, at_most=1_000) == 0
    assert sum(examined) == 0
    # The same where an earlier version made them all, which did not say when they moved.
    await database["inbox"].update_many({}, {"$unset": {"moved_at": 1}})
    assert await inbox.unread(READER, at_most=1_000) == 0
    assert sum(examined) == 0


async def test_what_an_earlier_version_puts_into_an_inbox_is_unread(
    database: AsyncDatabase[dict[str, Any]],
) -> None:
    """While versions change both are at work; the earlier one does not say when an entry moved."""
    clock = ManualClock(NOW)
    inbox = MongoInbox(database, clock)
    await inbox.ensure_indexes()
    for number in range(READ):
        await inbox.put(a_signal(signal_id=f"s-{number}"), "everyone", clock.now())
    await database["inbox"].update_many({}, {"$set": {"read_by": ["u-1"]}, "$unset": {"moved_at": 1}})
    clock.advance(600)
    assert await inbox.unread(READER, at_most=9) == 0
    clock.advance(600)
    for number in range(12):
        await inbox.put(a_signal(signal_id=f"n-{number}"), "everyone", clock.now())
        clock.advance(60)
        await database["inbox"].update_one({"_id": f"acme/n-{number}"}, {"$unset": {"moved_at": 1}})
    assert await inbox.unread(READER, at_most=9) == 9
    assert len(await inbox.page(READER, unread_only=True, after=None, limit=30)) == 12
    assert await inbox.unread(READER, at_most=30) == 12
    assert await inbox.mark_read(READER, None) == 12
    assert await inbox.unread(READER, at_most=30) == 0


async def test_counting_stops_at_its_limit(
    database: AsyncDatabase[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who reads nothing costs no more than the limit: in order from an index, or by their ids."""
    clock = ManualClock(NOW)
    inbox = MongoInbox(database, clock)
    await inbox.ensure_indexes()
    for number in range(40):
        await inbox.put(a_signal(signal_id=f"s-{number}"), "everyone", clock.now())
        clock.advance(60)
    examined: list[int] = []
    plain = ScopedCollection.find

    async def find(self: ScopedCollection, query: Any, **how: Any) -> list[dict[str, Any]]:
        told = await self._collection.find(self._scoped(query), sort=how.get("sort")).explain()
        assert told["queryPlanner"]["winningPlan"]["inputStage"]["stage"] == "IXSCAN"
        # All are unread, so a portion in order ends at its limit; the plan counts on to the end.
        examined.append(min(how["limit"], told["executionStats"]["totalDocsExamined"]))
        return await plain(self, query, **how)

    monkeypatch.setattr(ScopedCollection, "find", find)
    for _ in range(3):
        examined.clear()
        assert await inbox.unread(READER, at_most=10) == 10
        assert sum(examined) <= 10


async def test_a_clock_that_is_put_back_hides_nothing_unread(database: AsyncDatabase[dict[str, Any]]) -> None:
    """What comes after it was ahead is counted at once."""
    clock = ManualClock(NOW + timedelta(days=1))
    inbox = MongoInbox(database, clock)
    await inbox.put(a_signal(), "everyone", clock.now())
    clock.advance(600)
    assert await inbox.unread(READER, at_most=9) == 1
    clock.set_wall_time(NOW)
    await inbox.put(a_signal(signal_id="s-2"), "everyone", clock.now())
    assert await inbox.unread(READER, at_most=9) == 2


async def test_what_is_let_go_of_has_its_index(database: AsyncDatabase[dict[str, Any]]) -> None:
    """What changed longest ago is found by an index; what an earlier version remembered counts from now."""
    await database["signals"].insert_one({"_id": "acme/old", "organization_id": "acme", "revision": 1})
    known = MongoKnownSignals(database)
    await known.ensure_indexes()
    old = await database["signals"].find_one({"_id": "acme/old"})
    assert old is not None
    assert isinstance(old["seen_at"], datetime)
    for number in range(9):
        at = NOW + timedelta(days=number)
        await known.remember(a_signal(signal_id=f"s-{number}"), over=False, at=at)
    before = NOW + timedelta(days=3)
    found = database["signals"].find({"seen_at": {"$lt": before}}, sort=[("seen_at", 1)])
    told = await found.explain()
    assert told["executionStats"]["totalDocsExamined"] == 3
    assert await known.unseen_since(before, 2) == [("acme", "s-0"), ("acme", "s-1")]
