"""Collections, databases, indexes and explain through PyMongo."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import CollectionInvalid, DuplicateKeyError, OperationFailure

Collection = AsyncCollection[dict[str, Any]]
Database = AsyncDatabase[dict[str, Any]]


async def test_the_greeting_is_a_standalone_server(database: Database) -> None:
    """Drivers see sessions, but no replica set, so they send no retryable writes."""
    greeting = await database.command("hello")
    assert greeting["isWritablePrimary"] is True
    assert greeting["maxWireVersion"] >= 9
    assert "setName" not in greeting
    assert (await database.command("ping"))["ok"] == 1.0
    assert "version" in await database.client.server_info()


async def test_collections_are_made_listed_and_dropped(database: Database) -> None:
    """A collection exists after its first write or by command, and is gone when dropped."""
    await database["b"].insert_one({})
    await database.create_collection("a")
    with pytest.raises(CollectionInvalid):
        await database.create_collection("a")
    assert await database.list_collection_names() == ["a", "b"]
    assert await database.list_collection_names(filter={"name": "b"}) == ["b"]
    assert database.name in await database.client.list_database_names()
    await database.drop_collection("a")
    await database.drop_collection("never there")
    assert await database.list_collection_names() == ["b"]
    await database.client.drop_database(database.name)
    assert database.name not in await database.client.list_database_names()
    assert await database["b"].find_one() is None


async def test_a_dropped_collection_comes_back_empty(things: Collection) -> None:
    """A new collection of the same name has neither the old documents nor the old indexes."""
    await things.create_index("n", unique=True)
    await things.insert_one({"_id": 1, "n": 1})
    await things.drop()
    await things.insert_many([{"_id": 1, "n": 1}, {"_id": 2, "n": 1}])
    assert sorted(await things.index_information()) == ["_id_"]


async def test_indexes_are_made_once_and_described(things: Collection) -> None:
    """Making the same index again is harmless; another one of the same name is refused."""
    names = await things.create_indexes(
        [
            IndexModel([("org", ASCENDING), ("at", DESCENDING)]),
            IndexModel("key", unique=True, sparse=True, name="keys"),
            IndexModel("at", expireAfterSeconds=3600),
        ]
    )
    assert names == ["org_1_at_-1", "keys", "at_1"]
    assert await things.create_index([("org", 1), ("at", -1)]) == "org_1_at_-1"
    described = await things.index_information()
    assert described["keys"]["unique"] is True
    assert described["keys"]["sparse"] is True
    assert described["at_1"]["expireAfterSeconds"] == 3600
    with pytest.raises(OperationFailure) as caught:
        await things.create_index("other", name="keys")
    assert caught.value.code == 86
    with pytest.raises(OperationFailure) as caught:
        await things.create_index("key", name="keys")
    assert caught.value.code in {85, 86}
    await things.drop_index("keys")
    with pytest.raises(OperationFailure) as caught:
        await things.drop_index("keys")
    assert caught.value.code == 27
    await things.drop_indexes()
    assert sorted(await things.index_information()) == ["_id_"]


@pytest.mark.parametrize(
    ("keys", "options", "named"),
    [
        ([("a", "text")], {}, "text"),
        ([("a", "2dsphere")], {}, "2dsphere"),
        ([("a", 1)], {"partialFilterExpression": {"a": 1}}, "partialFilterExpression"),
        ([("a", 1)], {"collation": {"locale": "de"}}, "collation"),
        ([("$**", 1)], {}, "$**"),
    ],
)
async def test_unsupported_indexes_are_named(things: Collection, keys: Any, options: Any, named: str) -> None:
    """An index that would answer differently is refused by name."""
    with pytest.raises(OperationFailure) as caught:
        await things.create_index(keys, **options)
    assert named in str(caught.value)


async def test_unique_index(things: Collection) -> None:
    """A taken key is refused with its pattern and value, in inserts, updates and when the index is made."""
    await things.create_index([("org", 1), ("key", 1)], unique=True)
    await things.insert_many([{"_id": 1, "org": 1, "key": "a"}, {"_id": 2, "org": 1, "key": "b"}])
    with pytest.raises(DuplicateKeyError) as caught:
        await things.insert_one({"org": 1, "key": "a"})
    assert caught.value.details is not None
    assert caught.value.details["keyPattern"] == {"org": 1, "key": 1}
    assert caught.value.details["keyValue"] == {"org": 1, "key": "a"}
    with pytest.raises(DuplicateKeyError):
        await things.update_one({"_id": 2}, {"$set": {"key": "a"}})
    await things.update_one({"_id": 1}, {"$set": {"key": "a", "v": 1}})
    await things.insert_one({"_id": 3, "org": 2})
    with pytest.raises(DuplicateKeyError):
        await things.insert_one({"org": 2, "key": None})
    await things.insert_many([{"_id": 10, "dup": 1}, {"_id": 11, "org": 9, "dup": 1}])
    with pytest.raises(DuplicateKeyError):
        await things.create_index("dup", unique=True)
    assert "dup_1" not in await things.index_information()


async def test_unique_index_over_arrays_and_sparse(things: Collection) -> None:
    """Every element of an array is a key; a sparse unique index takes any number of documents without it."""
    await things.create_index("k", unique=True, sparse=True)
    await things.insert_many([{"_id": 1}, {"_id": 2}, {"_id": 3, "k": ["a", "b"]}])
    with pytest.raises(DuplicateKeyError) as caught:
        await things.insert_one({"k": ["c", "b"]})
    assert caught.value.details is not None
    assert caught.value.details["keyValue"] == {"k": "b"}
    assert sorted([row["_id"] async for row in things.find({"k": None})]) == [1, 2]


async def test_parallel_arrays_are_refused(things: Collection) -> None:
    """Two arrays cannot meet in one index."""
    await things.create_index([("a", 1), ("b", 1)])
    with pytest.raises(OperationFailure) as caught:
        await things.insert_one({"a": [1, 2], "b": [3]})
    assert caught.value.code == 171


async def plan_of(cursor: Any) -> tuple[str, dict[str, Any]]:
    """The stages of a plan from the outside in, and its innermost stage."""
    stage = (await cursor.explain())["queryPlanner"]["winningPlan"]
    names = [stage["stage"]]
    while "inputStage" in stage:
        stage = stage["inputStage"]
        names.append(stage["stage"])
    return " ".join(names), stage


async def test_explain_shows_index_use(things: Collection) -> None:
    """Equality, range and sort on indexed fields are answered by the index; others are seen to scan."""
    await things.insert_many([{"_id": n, "org": n % 3, "at": n, "k": str(n)} for n in range(50)])
    await things.create_index([("org", 1), ("at", -1)])
    await things.create_index("k", unique=True)
    names, scan = await plan_of(things.find({"org": 1, "at": {"$gt": 5}}).sort("at", 1))
    assert (names, scan["indexName"], scan["direction"]) == ("FETCH IXSCAN", "org_1_at_-1", "backward")
    names, scan = await plan_of(things.find({"k": "7", "org": 1}))
    assert (names, scan["indexName"]) == ("FETCH IXSCAN", "k_1")
    names, scan = await plan_of(things.find({"_id": {"$in": [1, 2]}}))
    assert (names, scan["indexName"]) == ("FETCH IXSCAN", "_id_")
    assert (await plan_of(things.find({"org": 1}).sort("k", 1)))[0] == "SORT FETCH IXSCAN"
    assert (await plan_of(things.find({"x": 1})))[0] == "COLLSCAN"
    assert (await plan_of(things.find({"x": 1}).hint("k_1")))[0] == "FETCH IXSCAN"
    stats = (await things.find({"org": 1, "at": {"$lt": 10}}).explain())["executionStats"]
    assert stats["nReturned"] == stats["totalDocsExamined"] == stats["totalKeysExamined"] == 3


async def test_alternatives_beside_equality_use_the_index(things: Collection) -> None:
    """Equality decides the index, and alternatives beside it are asked of what it holds, in its order."""
    await things.insert_many([{"_id": f"{n:02}", "org": n % 2, "at": n // 4, "k": n % 5} for n in range(60)])
    await things.create_index([("org", 1), ("at", -1), ("_id", -1)])
    beyond = {"$or": [{"at": {"$lt": 3}}, {"at": 3, "_id": {"$lt": "14"}}]}
    asked = things.find({"$and": [{"org": 0, "k": {"$gte": 0}}, beyond]}).sort([("at", -1), ("_id", -1)])
    names, scan = await plan_of(asked.clone())
    assert (names, scan["indexName"]) == ("FETCH IXSCAN", "org_1_at_-1__id_-1")
    assert [one["_id"] for one in await asked.to_list()] == ["12", "10", "08", "06", "04", "02", "00"]
    apart = things.find({"org": 1, "$or": [{"k": 1}, {"at": {"$lt": 2}}]})
    assert (await plan_of(apart.clone()))[1]["indexName"] == "org_1_at_-1__id_-1"


async def test_unknown_hint_is_refused(things: Collection) -> None:
    """A hint that names no index is an error, not a guess."""
    await things.insert_one({})
    with pytest.raises(OperationFailure) as caught:
        await things.find({"a": 1}).hint("absent").to_list()
    assert caught.value.code == 2


async def test_unknown_command_and_option_are_named(database: Database) -> None:
    """What the server does not know, it says by name."""
    with pytest.raises(OperationFailure) as caught:
        await database.command("mapReduce", "x")
    assert caught.value.code == 59
    assert "mapReduce" in str(caught.value)


@pytest.mark.parametrize("name", ["", "a$b", ".a", "system.users"])
async def test_bad_collection_names(database: Database, name: str) -> None:
    """Names that MongoDB does not take are refused with code 73."""
    with pytest.raises(OperationFailure) as caught:
        await database.command({"insert": name, "documents": [{"_id": 1}]})
    assert caught.value.code == 73


async def test_expired_documents_disappear(things: Collection) -> None:
    """A TTL index removes what is old enough, and only that."""
    now = datetime.now(UTC)
    await things.create_index("at", expireAfterSeconds=60)
    await things.insert_many(
        [
            {"_id": "old", "at": now - timedelta(seconds=120)},
            {"_id": "new", "at": now},
            {"_id": "none"},
            {"_id": "text", "at": "yesterday"},
            {"_id": "several", "at": [now, now - timedelta(days=1)]},
        ]
    )
    for _ in range(200):
        if await things.count_documents({}) == 3:
            break
        await asyncio.sleep(0.05)
    assert sorted([row["_id"] async for row in things.find()]) == ["new", "none", "text"]
