"""Filters, sorts, projections and cursors through PyMongo."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pymongo import ASCENDING, DESCENDING
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import OperationFailure

Collection = AsyncCollection[dict[str, Any]]

DOCUMENTS: list[dict[str, Any]] = [
    {"_id": 1, "n": 1, "s": "apple", "tags": ["red", "round"], "in": {"a": 1, "b": [1, 2]}},
    {
        "_id": 2,
        "n": 2.5,
        "s": "Banana",
        "tags": ["yellow"],
        "items": [{"k": "x", "v": 1}, {"k": "y", "v": 9}],
    },
    {"_id": 3, "n": None, "s": "cherry", "tags": [], "items": [{"k": "x", "v": 9}]},
    {"_id": 4, "s": "date", "tags": "red", "in": {"a": None}},
    {"_id": 5, "n": "5", "s": "egg", "deep": [{"x": [{"y": 3}]}, {"x": [{"y": 4}]}]},
    {"_id": 6, "n": [7, 12], "s": "fig", "flag": True},
    {"_id": 7, "n": 1.0, "flag": False, "items": []},
]


FILTERS: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [1, 2, 3, 4, 5, 6, 7]),
    ({"n": 1}, [1, 7]),
    ({"n": {"$eq": 2.5}}, [2]),
    ({"n": None}, [3, 4]),
    ({"n": {"$ne": None}}, [1, 2, 5, 6, 7]),
    ({"n": {"$exists": False}}, [4]),
    ({"n": {"$exists": True}}, [1, 2, 3, 5, 6, 7]),
    ({"n": {"$gt": 1}}, [2, 6]),
    ({"n": {"$gte": 1, "$lt": 3}}, [1, 2, 7]),
    ({"n": {"$gt": 8, "$lt": 10}}, [6]),
    ({"n": {"$lte": "5"}}, [5]),
    ({"n": {"$gt": 1, "$lt": "9"}}, []),
    ({"n": {"$in": [1, "5", None]}}, [1, 3, 4, 5, 7]),
    ({"n": {"$nin": [1, None]}}, [2, 5, 6]),
    ({"n": {"$in": []}}, []),
    ({"n": [7, 12]}, [6]),
    ({"n": 12}, [6]),
    ({"flag": True}, [6]),
    ({"flag": {"$ne": True}}, [1, 2, 3, 4, 5, 7]),
    ({"s": re.compile("^b", re.IGNORECASE)}, [2]),
    ({"s": {"$regex": "e$"}}, [1, 4]),
    ({"s": {"$regex": "^APP", "$options": "i"}}, [1]),
    ({"s": {"$in": [re.compile("^f"), "egg"]}}, [5, 6]),
    ({"s": {"$not": re.compile("a")}}, [3, 5, 6, 7]),
    ({"tags": "red"}, [1, 4]),
    ({"tags": []}, [3]),
    ({"tags": ["yellow"]}, [2]),
    ({"tags": {"$all": ["red", "round"]}}, [1]),
    ({"tags": {"$size": 2}}, [1]),
    ({"tags.0": "red"}, [1]),
    ({"tags": {"$type": "array"}}, [1, 2, 3]),
    ({"n": {"$type": "number"}}, [1, 2, 6, 7]),
    ({"n": {"$type": ["string", "null"]}}, [3, 5]),
    ({"n": {"$mod": [5, 2]}}, [2, 6]),
    ({"in.a": 1}, [1]),
    ({"in.a": None}, [2, 3, 4, 5, 6, 7]),
    ({"in.b": 2}, [1]),
    ({"in": {"a": 1, "b": [1, 2]}}, [1]),
    ({"items.k": "x"}, [2, 3]),
    ({"items.k": "x", "items.v": 1}, [2]),
    ({"items": {"$elemMatch": {"k": "x", "v": 9}}}, [3]),
    ({"items": {"$elemMatch": {"k": "x", "v": {"$gt": 5}}}}, [3]),
    ({"n": {"$elemMatch": {"$gt": 5, "$lt": 10}}}, [6]),
    ({"n": {"$not": {"$elemMatch": {"$gt": 5}}}}, [1, 2, 3, 4, 5, 7]),
    ({"deep.x.y": 4}, [5]),
    ({"deep.0.x.0.y": 3}, [5]),
    ({"deep.1.x.0.y": 3}, []),
    ({"$or": [{"n": 1}, {"s": "egg"}]}, [1, 5, 7]),
    ({"$and": [{"n": 1}, {"flag": False}]}, [7]),
    ({"$nor": [{"n": 1}, {"tags": "red"}]}, [2, 3, 5, 6]),
    ({"n": 1, "$or": [{"flag": False}, {"s": "zebra"}]}, [7]),
    ({"$expr": {"$eq": ["$n", 1]}}, [1, 7]),
    ({"_id": {"$in": [2, 4, 99]}}, [2, 4]),
    ({"_id": {"$gt": 5}}, [6, 7]),
]

INDEXES: list[list[tuple[str, int]]] = [
    [],
    [("n", 1)],
    [("n", -1)],
    [("s", 1)],
    [("tags", 1), ("n", -1)],
    [("items.k", 1), ("items.v", 1)],
    [("in.a", 1), ("in.b", 1)],
    [("deep.x.y", 1)],
    [("flag", -1), ("n", 1)],
]


@pytest.mark.parametrize("keys", INDEXES, ids=str)
async def test_filters_with_and_without_indexes(things: Collection, keys: list[tuple[str, int]]) -> None:
    """An index changes how documents are found, never which ones."""
    await things.insert_many(DOCUMENTS)
    if keys:
        await things.create_index(keys)
    for query, expected in FILTERS:
        found = sorted([row["_id"] async for row in things.find(query)])
        assert found == expected, query
        assert await things.count_documents(query) == len(expected), query


SORTS: list[tuple[list[tuple[str, int]], list[int]]] = [
    ([("n", ASCENDING), ("_id", ASCENDING)], [3, 4, 1, 7, 2, 6, 5]),
    ([("n", DESCENDING), ("_id", ASCENDING)], [5, 6, 2, 1, 7, 3, 4]),
    ([("tags", ASCENDING), ("_id", DESCENDING)], [3, 7, 6, 5, 4, 1, 2]),
    ([("flag", DESCENDING), ("n", ASCENDING), ("_id", ASCENDING)], [6, 7, 3, 4, 1, 2, 5]),
]


@pytest.mark.parametrize("keys", [[], [("n", 1), ("_id", 1)], [("flag", -1), ("n", 1), ("_id", 1)]], ids=str)
async def test_sorts_with_and_without_indexes(things: Collection, keys: list[tuple[str, int]]) -> None:
    """The order of unlike types and of arrays is MongoDB's, by an index or without."""
    await things.insert_many(DOCUMENTS)
    if keys:
        await things.create_index(keys)
    for order, expected in SORTS:
        assert [row["_id"] async for row in things.find().sort(order)] == expected, order
        window = [row["_id"] async for row in things.find().sort(order).skip(2).limit(3)]
        assert window == expected[2:5], order


PROJECTIONS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"s": 1}, {"_id": 1, "s": "apple"}),
    ({"s": 1, "_id": 0}, {"s": "apple"}),
    ({"_id": 1}, {"_id": 1}),
    ({"in.a": 1, "_id": 0}, {"in": {"a": 1}}),
    ({"tags": 0, "in": 0, "n": 0}, {"_id": 1, "s": "apple"}),
    ({"in.b": 0, "tags": 0}, {"_id": 1, "n": 1, "s": "apple", "in": {"a": 1}}),
    ({"_id": 0, "n": 0, "tags": 0, "in": 0}, {"s": "apple"}),
    ({"tags": {"$slice": -1}, "s": 1}, {"_id": 1, "s": "apple", "tags": ["round"]}),
    ({"tags": {"$slice": [0, 1]}, "in": 0, "n": 0}, {"_id": 1, "s": "apple", "tags": ["red"]}),
    ({"tags": {"$elemMatch": {"$eq": "round"}}}, {"_id": 1, "tags": ["round"]}),
    ({"absent": 1}, {"_id": 1}),
    ({"upper": {"$toUpper": "$s"}, "_id": 0}, {"upper": "APPLE"}),
]


@pytest.mark.parametrize(("projection", "expected"), PROJECTIONS, ids=str)
async def test_projection(things: Collection, projection: dict[str, Any], expected: dict[str, Any]) -> None:
    """A projection keeps what it names, in the document's order."""
    await things.insert_many(DOCUMENTS)
    assert await things.find_one({"_id": 1}, projection) == expected


async def test_projection_reaches_into_arrays(things: Collection) -> None:
    """A dotted projection applies to every document of an array."""
    await things.insert_many(DOCUMENTS)
    assert await things.find_one({"_id": 2}, {"items.k": 1}) == {"_id": 2, "items": [{"k": "x"}, {"k": "y"}]}


async def test_cursor_reads_everything_once(things: Collection) -> None:
    """Small batches give all documents once, in order, while others are added and removed behind them."""
    await things.insert_many([{"_id": number, "n": number % 10} for number in range(500)])
    await things.create_index("n")
    seen = []
    async for row in things.find({"n": {"$gte": 5}}).sort("n", 1).batch_size(7):
        seen.append(row["_id"])
        if len(seen) == 20:
            await things.delete_one({"_id": seen[0]})
            await things.insert_one({"_id": 1000, "n": 0})
    assert len(seen) == len(set(seen)) == 250
    assert [number % 10 for number in seen] == sorted(number % 10 for number in seen)


async def test_multikey_index_gives_a_document_once(things: Collection) -> None:
    """A document whose array has many keys in a range is found once."""
    await things.insert_many(
        [{"_id": number, "n": list(range(number, number + 50))} for number in range(300)]
    )
    await things.create_index("n")
    seen = [row["_id"] async for row in things.find({"n": {"$gte": 0}}).batch_size(50)]
    assert sorted(seen) == list(range(300))
    assert await things.count_documents({"n": {"$gte": 10, "$lt": 12}}) == 12


async def test_large_documents_are_split_over_batches(things: Collection) -> None:
    """A batch stays below the size a message may have."""
    await things.insert_many([{"_id": number, "pad": "x" * 3_000_000} for number in range(8)])
    assert [row["_id"] async for row in things.find({}, {"pad": 0})] == list(range(8))
    assert len([row async for row in things.find()]) == 8


async def test_killed_cursor_is_gone(things: Collection) -> None:
    """Closing a cursor early frees it; an unknown cursor is answered with code 43."""
    await things.insert_many([{"_id": number} for number in range(300)])
    cursor = things.find().batch_size(10)
    await cursor.next()
    number = cursor.cursor_id
    await cursor.close()
    with pytest.raises(OperationFailure) as caught:
        await things.database.command({"getMore": number, "collection": things.name})
    assert caught.value.code == 43


async def test_distinct(things: Collection) -> None:
    """Distinct opens arrays and keeps one of equal values."""
    await things.insert_many(DOCUMENTS)
    assert await things.distinct("tags") == ["red", "round", "yellow"]
    assert await things.distinct("items.k") == ["x", "y"]
    assert await things.distinct("n", {"_id": {"$in": [1, 7]}}) == [1]


async def test_estimated_count(things: Collection) -> None:
    """The count of a whole collection, and of one that does not exist."""
    assert await things.estimated_document_count() == 0
    await things.insert_many(DOCUMENTS)
    assert await things.estimated_document_count() == len(DOCUMENTS)


async def test_or_is_answered_by_indexes_of_its_branches(things: Collection) -> None:
    """Every branch by its own index, without giving a document twice."""
    await things.insert_many([{"_id": number, "a": number % 5, "b": number % 7} for number in range(200)])
    await things.create_index("a")
    await things.create_index("b")
    query = {"$or": [{"a": 1}, {"b": 2}]}
    found = [row["_id"] async for row in things.find(query)]
    assert sorted(found) == [number for number in range(200) if number % 5 == 1 or number % 7 == 2]


@pytest.mark.parametrize("direction", [1, -1])
async def test_in_with_a_sort_merges_intervals(things: Collection, direction: int) -> None:
    """Several values of one field, sorted by the next field of the index, come out in order."""
    await things.insert_many([{"_id": n, "o": 1, "k": n % 3, "at": (n * 37) % 101} for n in range(101)])
    await things.create_index([("o", 1), ("k", 1), ("at", 1)])
    cursor = things.find({"o": 1, "k": {"$in": [0, 2]}}).sort("at", direction)
    found = [row["at"] async for row in cursor]
    assert found == sorted(((n * 37) % 101 for n in range(101) if n % 3 != 1), reverse=direction < 0)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"$where": "1"}, "$where"),
        ({"$text": {"$search": "x"}}, "$text"),
        ({"a": {"$near": [1, 2]}}, "$near"),
        ({"a": {"$bitsAllSet": 1}}, "$bitsAllSet"),
        ({"a": {"$nonsense": 1}}, "$nonsense"),
        ({"$nonsense": 1}, "$nonsense"),
        ({"a": {"$regex": "("}}, "egular expression"),
        ({"a": {"$in": 1}}, "$in"),
        ({"$or": []}, "$or"),
    ],
)
async def test_what_cannot_be_answered_is_named(
    things: Collection, query: dict[str, Any], named: str
) -> None:
    """What is unknown, unsupported or malformed is refused by name, on an empty collection too."""
    with pytest.raises(OperationFailure) as caught:
        await things.find_one(query)
    assert named in str(caught.value)


async def test_collation_is_refused(things: Collection) -> None:
    """A collation would change which documents match, so it is refused rather than ignored."""
    with pytest.raises(OperationFailure) as caught:
        await things.find_one({"a": 1}, collation={"locale": "de"})
    assert "collation" in str(caught.value)


async def test_a_cursor_does_not_read_on_in_a_new_collection(things: Collection) -> None:
    """After its collection was dropped and made again, an open cursor is gone rather than wrong."""
    database = things.database
    await things.insert_many([{"_id": number} for number in range(300)])
    cursor = things.find().batch_size(10)
    await cursor.next()
    await database.client.drop_database(database.name)
    await things.insert_many([{"_id": f"new-{number}"} for number in range(300)])
    with pytest.raises(OperationFailure) as caught:
        await cursor.to_list()
    assert caught.value.code in {43, 175}
