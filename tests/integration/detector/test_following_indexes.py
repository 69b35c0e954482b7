"""What follows a busy contact or company costs no more than the slice read, or the number counted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from services.detector.adapters import mongo_people
from services.detector.adapters.mongo_mirror import MongoMirror
from services.detector.adapters.mongo_people import MongoPeopleCounts
from shared.documents.collection import ScopedCollection
from tests.unit.services.detector.rig import NOW

if TYPE_CHECKING:
    from pymongo.asynchronous.database import AsyncDatabase

ORG, BUSY = "acme", "ws1:busy"
CONVERSATIONS = 40


@pytest.fixture
async def database(database: AsyncDatabase[dict[str, Any]]) -> AsyncDatabase[dict[str, Any]]:
    """A database with the mirror's indexes, and one contact and one company with many conversations."""
    await MongoMirror(database).prepare()
    await database["conversations"].insert_many(
        {
            "_id": f"{ORG}/ws1/{number}",
            "organization_id": ORG,
            "key": f"ws1:{number:03}",
            "contact_keys": [BUSY, f"ws1:{number}"],
            "company_keys": [BUSY, "ws1:other"],
            "updated_at": -number,
        }
        for number in range(CONVERSATIONS)
    )
    return database


@pytest.mark.parametrize("whose", ["contacts", "companies"])
async def test_a_slice_is_read_in_order_from_an_index(
    database: AsyncDatabase[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    """A slice begins where the one before it ended: what was read already is not looked at again."""
    plans: list[dict[str, Any]] = []
    plain = ScopedCollection.find

    async def find(self: ScopedCollection, query: Any, **how: Any) -> list[dict[str, Any]]:
        plans.append(await self._collection.find(self._scoped(query), sort=how.get("sort")).explain())
        return await plain(self, query, **how)

    monkeypatch.setattr(ScopedCollection, "find", find)
    ask = getattr(MongoMirror(database), f"keys_by_{whose}")
    assert await ask(ORG, [BUSY], after="ws1:035", limit=2) == ["ws1:036", "ws1:037"]
    (told,) = plans
    assert told["queryPlanner"]["winningPlan"]["stage"] != "SORT"
    assert told["executionStats"]["totalDocsExamined"] == CONVERSATIONS - 36


@pytest.mark.parametrize("whose", ["contacts", "companies"])
async def test_what_is_left_is_counted_from_an_index(
    database: AsyncDatabase[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    """Nothing is examined but what is counted: the page asks every few seconds."""
    examined: list[int] = []
    plain = ScopedCollection.count

    async def count(self: ScopedCollection, query: Any, **how: Any) -> int:
        told = await self._collection.find(self._scoped(query)).explain()
        examined.append(told["executionStats"]["totalDocsExamined"])
        return await plain(self, query, **how)

    monkeypatch.setattr(ScopedCollection, "count", count)
    ask = getattr(MongoMirror(database), f"count_by_{whose}")
    assert await ask(ORG, {BUSY: "ws1:035"}) == CONVERSATIONS - 36
    assert examined == [CONVERSATIONS - 36]


async def test_a_busy_person_is_counted_from_an_index(
    database: AsyncDatabase[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many conversations somebody takes part in, so many are looked at; the index counts the rest."""
    monkeypatch.setattr(mongo_people, "_TOGETHER", 10)
    returned: list[int] = []
    plain = ScopedCollection.find

    async def find(self: ScopedCollection, query: Any, **how: Any) -> list[dict[str, Any]]:
        found = await plain(self, query, **how)
        returned.append(len(found))
        return found

    monkeypatch.setattr(ScopedCollection, "find", find)
    counts = MongoPeopleCounts(database)
    assert await counts.count(ORG, {BUSY, "ws1:3", "ws1:nobody"}) == {BUSY: 40, "ws1:3": 1, "ws1:nobody": 0}
    assert await counts.count(ORG, {"ws1:3", "ws1:4"}) == {"ws1:3": 1, "ws1:4": 1}
    assert returned == [11, 2]


async def test_whoever_waits_is_found_by_an_index(
    database: AsyncDatabase[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """People of other organizations who have waited longer are not looked at."""
    counts = MongoPeopleCounts(database)
    await counts.prepare()
    await database["connections"].insert_one({"_id": "zeta/con1", "organization_id": "zeta"})
    people = [*((ORG, number) for number in range(20)), ("zeta", 20)]
    await database["contacts"].insert_many(
        {
            "_id": f"{owner}/ws1/contact/{number}",
            "organization_id": owner,
            "key": f"ws1:{number}",
            "count_from": NOW + timedelta(seconds=number),
            "count_marks": 1,
        }
        for owner, number in people
    )
    examined: list[int] = []
    plain = ScopedCollection.find

    async def find(self: ScopedCollection, query: Any, **how: Any) -> list[dict[str, Any]]:
        told = await self._collection.find(self._scoped(query), sort=how.get("sort")).explain()
        examined.append(told["executionStats"]["totalDocsExamined"])
        return await plain(self, query, **how)

    monkeypatch.setattr(ScopedCollection, "find", find)
    (found,) = await counts.due(NOW + timedelta(hours=1), 5, after=ORG)
    assert (found.organization_id, found.key, examined) == ("zeta", "ws1:20", [1])
