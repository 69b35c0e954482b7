"""Who is due for a review, and who reviews: the same over memory and over documents."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import pytest
from pydantic import SecretStr

from services.detector.adapters.mongo_connections import MongoLeases
from services.detector.adapters.mongo_due_subjects import MongoDueSubjects
from services.detector.domain.identity import Subject
from services.detector.domain.mirror import ConnectionView
from services.detector.settings import Settings
from shared.documents.database import create_client, database_of
from tests.unit.services.detector.fakes.leases import MemoryLeases
from tests.unit.services.detector.fakes.reviews import MemoryDueSubjects

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from services.detector.ports import DueSubjects, Leases

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DANA, NORTHWIND = Subject("person", "ws1:dana"), Subject("customer", "c1")
VIEW = ConnectionView("con1", "acme")


class Stores(NamedTuple):
    due: DueSubjects
    leases: Leases


@pytest.fixture(params=["memory", "documents"])
async def stores(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    """Both adapters of each port, empty."""
    if request.param == "memory":
        yield Stores(MemoryDueSubjects(), MemoryLeases())
        return
    settings = Settings(
        mongodb_uri=SecretStr(request.getfixturevalue("mongodb_uri")),
        database_prefix=f"t{secrets.token_hex(6)}",
        signing_key=SecretStr("k" * 40),
    )
    client = create_client(settings, service="detector")
    database = database_of(client, settings, service="detector")
    due = MongoDueSubjects(database)
    await due.prepare()
    yield Stores(due, MongoLeases(database))
    await client.drop_database(database.name)
    await client.close()


async def _due(stores: Stores, quiet_since: datetime, first_before: datetime) -> list[Subject]:
    return [one.subject for one in await stores.due.due(quiet_since, first_before, 10)]


async def test_a_subject_is_due_when_it_is_quiet_or_has_waited(stores: Stores) -> None:
    """Touched again and again it is not quiet; once it has waited long enough it is due all the same."""
    for seconds in range(3):
        await stores.due.mark("acme", {DANA: VIEW}, at=NOW + seconds * SECOND, known_before=None)
    assert await _due(stores, NOW + SECOND, NOW - SECOND) == []
    assert await _due(stores, NOW + 2 * SECOND, NOW - SECOND) == [DANA]
    assert await _due(stores, NOW, NOW) == [DANA]


async def test_what_is_touched_while_it_is_reviewed_stays_due(stores: Stores) -> None:
    """Only the marks that were seen are taken away; the rest waits anew."""
    await stores.due.mark("acme", {DANA: VIEW, NORTHWIND: VIEW}, at=NOW, known_before=None)
    seen = await stores.due.due(NOW, NOW, 10)
    await stores.due.mark("acme", {DANA: VIEW}, at=NOW + SECOND, known_before=None)
    await stores.due.done("acme", seen, NOW + SECOND)
    assert await _due(stores, NOW, NOW) == []
    assert await _due(stores, NOW + SECOND, NOW) == [DANA]


async def test_the_latest_moment_of_what_is_known_holds(stores: Stores) -> None:
    """A subject that is re-read while news of it arrive is announced no earlier than the re-reading says."""
    await stores.due.mark("acme", {DANA: VIEW}, at=NOW, known_before=NOW - 5 * SECOND)
    await stores.due.mark("acme", {DANA: VIEW}, at=NOW, known_before=NOW - 9 * SECOND)
    await stores.due.mark("acme", {DANA: VIEW}, at=NOW, known_before=None)
    (found,) = await stores.due.due(NOW, NOW, 10)
    assert (found.known_before, found.marks) == (NOW - 5 * SECOND, 3)


async def test_organizations_are_apart_and_removal_takes_one_connection(stores: Stores) -> None:
    """The same subject of two organizations is two; removing a connection's data forgets its marks alone."""
    await stores.due.mark("acme", {DANA: VIEW}, at=NOW, known_before=None)
    await stores.due.mark("globex", {DANA: VIEW}, at=NOW, known_before=None)
    assert await stores.due.remove("acme", "con1") == 1
    assert [one.organization_id for one in await stores.due.due(NOW, NOW, 10)] == ["globex"]


async def test_the_limit_counts_both_reasons_together(stores: Stores) -> None:
    """A portion is no larger than asked for."""
    subjects = {Subject("person", f"ws1:{number}"): VIEW for number in range(5)}
    await stores.due.mark("acme", subjects, at=NOW, known_before=None)
    assert len(await stores.due.due(NOW, NOW, 3)) == 3


async def test_who_is_put_off_is_due_later(stores: Stores) -> None:
    """As if first marked then, with all that was marked before; others, and a new mark, are not put off."""
    await stores.due.mark("acme", {DANA: VIEW, NORTHWIND: VIEW}, at=NOW, known_before=NOW)
    await stores.due.put_off("acme", [DANA], NOW + 9 * SECOND)
    await stores.due.put_off("acme", [], NOW + 9 * SECOND)
    assert await _due(stores, NOW + 8 * SECOND, NOW + 8 * SECOND) == [NORTHWIND]
    later = await stores.due.due(NOW, NOW + 9 * SECOND, 10)
    assert {one.subject: (one.known_before, one.marks) for one in later} == dict.fromkeys(
        (DANA, NORTHWIND), (NOW, 1)
    )
    await stores.due.mark("acme", {DANA: VIEW}, at=NOW + 2 * SECOND, known_before=None)
    assert set(await _due(stores, NOW + 2 * SECOND, NOW)) == {DANA, NORTHWIND}


async def test_a_lease_is_prolonged_by_its_holder_alone(stores: Stores) -> None:
    """Nobody else gets it before it ends."""
    assert await stores.leases.hold("round", "one", NOW, 10)
    assert await stores.leases.hold("round", "one", NOW + 5 * SECOND, 10)
    assert not await stores.leases.hold("round", "two", NOW + 12 * SECOND, 10)
    assert await stores.leases.hold("round", "two", NOW + 15 * SECOND, 10)


async def test_a_lease_s_place_is_kept_for_whoever_has_it_next(stores: Stores) -> None:
    """Holding or taking the lease alone leaves the place, and who may not have the lease moves nothing."""
    leases = stores.leases
    assert await leases.place("round") == ""
    assert await leases.hold("round", "one", NOW, 10, place="acme/c1")
    assert not await leases.hold("round", "two", NOW, 10, place="acme/c9")
    assert await leases.take("round", "two", NOW + 10 * SECOND, 10)
    assert await leases.place("round") == "acme/c1"
    assert await leases.hold("round", "two", NOW + 11 * SECOND, 10, place="")
    assert await leases.place("round") == ""


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=365)], ids=["an hour", "a year"])
async def test_no_replica_is_kept_from_a_round_by_another_one_s_clock(
    stores: Stores, ahead: timedelta
) -> None:
    """A round is done by both where their clocks differ by much, rather than by neither."""
    day, leases = 86_400, stores.leases
    for right in (NOW, NOW + 60 * SECOND):
        assert await leases.take("round", "ahead", right + ahead, day)
        assert await leases.take("round", "right", right, 60)
        assert await leases.take("round", "behind", right - ahead, 60)
        assert await leases.hold("round", "right", right, 60, place="acme/c1")


async def test_a_clock_that_is_little_ahead_costs_as_much_when_its_replica_dies(stores: Stores) -> None:
    """Ten minutes at most: of a lease that ends later, nobody knows whose clock is wrong."""
    ahead = timedelta(minutes=9)
    assert await stores.leases.take("round", "ahead", NOW + ahead, 60)
    assert not await stores.leases.take("round", "right", NOW + 60 * SECOND, 60)
    assert await stores.leases.take("round", "right", NOW + 60 * SECOND + ahead, 60)


async def test_whom_a_clock_that_was_ahead_marked_is_due(stores: Stores) -> None:
    """Nobody would review who says no more, for as long as it was ahead; who is put off waits."""
    await stores.due.mark("acme", {DANA: VIEW}, at=NOW + timedelta(days=1), known_before=None)
    await stores.due.mark("acme", {NORTHWIND: VIEW}, at=NOW, known_before=None)
    await stores.due.put_off("acme", [NORTHWIND], NOW + timedelta(minutes=10))
    assert await _due(stores, NOW - SECOND, NOW - 5 * SECOND) == [DANA]
