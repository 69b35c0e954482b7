"""Aggregation through PyMongo: stages, accumulators and expressions that repositories rely on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import OperationFailure

Collection = AsyncCollection[dict[str, Any]]

ORDERS: list[dict[str, Any]] = [
    {"_id": 1, "who": "ann", "spend": 10, "tags": ["a", "b"], "at": datetime(2026, 1, 5, 9, 30, tzinfo=UTC)},
    {"_id": 2, "who": "bob", "spend": 5.5, "tags": [], "at": datetime(2026, 1, 31, 23, 0, tzinfo=UTC)},
    {"_id": 3, "who": "ann", "spend": 2, "tags": ["b"], "at": datetime(2026, 2, 1, 0, 0, tzinfo=UTC)},
    {"_id": 4, "who": "cid", "spend": None, "at": datetime(2026, 3, 9, 12, 0, tzinfo=UTC)},
]


@pytest.fixture
async def orders(things: Collection) -> Collection:
    await things.insert_many([dict(order) for order in ORDERS])
    return things


async def run(collection: Collection, *stages: dict[str, Any]) -> list[dict[str, Any]]:
    return await (await collection.aggregate(list(stages))).to_list()


async def value_of(collection: Collection, expression: Any) -> Any:
    """What an expression gives for the first order; absent results are left out."""
    (row,) = await run(collection, {"$match": {"_id": 1}}, {"$project": {"_id": 0, "value": expression}})
    return row.get("value", "nothing")


async def test_group_accumulators(orders: Collection) -> None:
    """Each accumulator sees the documents in order and skips what MongoDB skips."""
    rows = await run(
        orders,
        {"$sort": {"_id": 1}},
        {
            "$group": {
                "_id": "$who",
                "sum": {"$sum": "$spend"},
                "avg": {"$avg": "$spend"},
                "min": {"$min": "$spend"},
                "max": {"$max": "$spend"},
                "first": {"$first": "$_id"},
                "last": {"$last": "$_id"},
                "ids": {"$push": "$_id"},
                "set": {"$addToSet": "$who"},
                "n": {"$count": {}},
                "one": {"$sum": 1},
            }
        },
        {"$sort": {"_id": 1}},
    )
    assert rows == [
        {"_id": "ann", "sum": 12, "avg": 6.0, "min": 2, "max": 10, "first": 1, "last": 3, "ids": [1, 3],
         "set": ["ann"], "n": 2, "one": 2},
        {"_id": "bob", "sum": 5.5, "avg": 5.5, "min": 5.5, "max": 5.5, "first": 2, "last": 2, "ids": [2],
         "set": ["bob"], "n": 1, "one": 1},
        {"_id": "cid", "sum": 0, "avg": None, "min": None, "max": None, "first": 4, "last": 4, "ids": [4],
         "set": ["cid"], "n": 1, "one": 1},
    ]  # fmt: skip


async def test_group_by_several_fields_and_none(orders: Collection) -> None:
    """A document as the group's identity works; a missing field groups under null."""
    rows = await run(orders, {"$group": {"_id": {"who": "$who"}}}, {"$sort": {"_id.who": 1}})
    assert [row["_id"] for row in rows] == [{"who": "ann"}, {"who": "bob"}, {"who": "cid"}]
    assert await run(orders, {"$group": {"_id": "$absent", "n": {"$sum": 1}}}) == [{"_id": None, "n": 4}]


async def test_unwind_with_its_options(orders: Collection) -> None:
    """Empty and missing arrays vanish unless they are preserved; positions are given on demand."""
    rows = await run(orders, {"$unwind": "$tags"}, {"$project": {"tags": 1}})
    assert rows == [{"_id": 1, "tags": "a"}, {"_id": 1, "tags": "b"}, {"_id": 3, "tags": "b"}]
    kept = await run(
        orders,
        {"$unwind": {"path": "$tags", "includeArrayIndex": "at", "preserveNullAndEmptyArrays": True}},
        {"$project": {"tags": 1, "at": 1}},
    )
    assert kept == [
        {"_id": 1, "tags": "a", "at": 0},
        {"_id": 1, "tags": "b", "at": 1},
        {"_id": 2, "at": None},
        {"_id": 3, "tags": "b", "at": 0},
        {"_id": 4, "at": None},
    ]


async def test_facet_counts_and_pages(orders: Collection) -> None:
    """One pass gives a page and the number of all."""
    (row,) = await run(
        orders,
        {"$match": {"spend": {"$gt": 1}}},
        {"$facet": {"page": [{"$sort": {"spend": -1}}, {"$limit": 1}], "total": [{"$count": "n"}]}},
    )
    assert [one["_id"] for one in row["page"]] == [1]
    assert row["total"] == [{"n": 3}]


async def test_sort_by_count_and_bucket(orders: Collection) -> None:
    """Counting by value and by interval."""
    rows = await run(orders, {"$unwind": "$tags"}, {"$sortByCount": "$tags"})
    assert rows == [{"_id": "b", "count": 2}, {"_id": "a", "count": 1}]
    buckets = await run(
        orders, {"$bucket": {"groupBy": "$spend", "boundaries": [0, 5, 20], "default": "other"}}
    )
    assert buckets == [{"_id": 0, "count": 1}, {"_id": 5, "count": 2}, {"_id": "other", "count": 1}]


async def test_shaping_stages(orders: Collection) -> None:
    """$set, $unset, $project and $replaceRoot give what they say, in the fields' order."""
    rows = await run(
        orders,
        {"$match": {"_id": 1}},
        {"$set": {"total.sum": {"$add": ["$spend", 1]}, "who": {"$toUpper": "$who"}}},
        {"$unset": ["tags", "at"]},
    )
    assert rows == [{"_id": 1, "who": "ANN", "spend": 10, "total": {"sum": 11}}]
    assert await run(orders, {"$match": {"_id": 1}}, {"$replaceRoot": {"newRoot": {"a": "$who"}}}) == [
        {"a": "ann"}
    ]
    assert await run(orders, {"$match": {"_id": 1}}, {"$project": {"_id": 0, "x.y": "$who"}}) == [
        {"x": {"y": "ann"}}
    ]


async def test_sort_skip_limit(orders: Collection) -> None:
    """A sort followed by skip and limit takes the right window."""
    rows = await run(orders, {"$sort": {"spend": 1}}, {"$skip": 1}, {"$limit": 2}, {"$project": {"_id": 1}})
    assert rows == [{"_id": 3}, {"_id": 2}]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ({"$ifNull": ["$absent", None, "x"]}, "x"),
        ({"$cond": [{"$gt": ["$spend", 5]}, "big", "small"]}, "big"),
        ({"$cond": {"if": "$absent", "then": 1, "else": 2}}, 2),
        ({"$switch": {"branches": [{"case": {"$eq": ["$who", "bob"]}, "then": 1}], "default": 9}}, 9),
        ({"$add": [1, 2.5]}, 3.5),
        ({"$subtract": ["$spend", 1]}, 9),
        ({"$multiply": ["$spend", 3]}, 30),
        ({"$divide": [10, 4]}, 2.5),
        ({"$mod": [-7, 3]}, -1),
        ({"$round": [2.5]}, 2.0),
        ({"$round": [2.345, 2]}, 2.35),
        ({"$floor": -1.5}, -2.0),
        ({"$abs": -4}, 4),
        ({"$add": ["$absent", 1]}, None),
        ({"$concat": ["$who", "-", "x"]}, "ann-x"),
        ({"$concat": ["$who", None]}, None),
        ({"$toLower": "ABC"}, "abc"),
        ({"$split": ["a,b", ","]}, ["a", "b"]),
        ({"$substrCP": ["hello", 1, 3]}, "ell"),
        ({"$strLenCP": "héllo"}, 5),
        ({"$toString": "$spend"}, "10"),
        ({"$toInt": "42"}, 42),
        ({"$toDouble": "1.5"}, 1.5),
        ({"$size": "$tags"}, 2),
        ({"$in": ["a", "$tags"]}, True),
        ({"$arrayElemAt": ["$tags", -1]}, "b"),
        ({"$arrayElemAt": ["$tags", 5]}, "nothing"),
        ({"$slice": ["$tags", 1]}, ["a"]),
        ({"$map": {"input": "$tags", "as": "t", "in": {"$concat": ["$$t", "!"]}}}, ["a!", "b!"]),
        ({"$filter": {"input": "$tags", "cond": {"$ne": ["$$this", "a"]}}}, ["b"]),
        ({"$reduce": {"input": [1, 2, 3], "initialValue": 0, "in": {"$add": ["$$value", "$$this"]}}}, 6),
        ({"$let": {"vars": {"x": 2}, "in": {"$multiply": ["$$x", "$$x"]}}}, 4),
        ({"$concatArrays": ["$tags", ["c"]]}, ["a", "b", "c"]),
        ({"$setUnion": ["$tags", ["a"]]}, ["a", "b"]),
        ({"$max": ["$spend", 99]}, 99),
        ({"$min": [[3, 1, 2]]}, 1),
        ({"$sum": [[1, 2, "x"]]}, 3),
        ({"$mergeObjects": [{"a": 1}, {"b": 2}]}, {"a": 1, "b": 2}),
        ({"$objectToArray": {"a": 1}}, [{"k": "a", "v": 1}]),
        ({"$and": [True, "$spend"]}, True),
        ({"$or": [False, 0]}, False),
        ({"$not": [None]}, True),
        ({"$eq": [1, 1.0]}, True),
        ({"$eq": ["$absent", None]}, False),
        ({"$cmp": ["a", 1]}, 1),
        ({"$type": "$absent"}, "missing"),
        ({"$type": "$at"}, "date"),
        ({"$literal": "$who"}, "$who"),
        ({"$year": "$at"}, 2026),
        ({"$hour": {"date": "$at", "timezone": "Europe/Berlin"}}, 10),
        ({"$dayOfWeek": "$at"}, 2),
        ({"$dateToString": {"date": "$at", "format": "%Y-%m-%d %H:%M"}}, "2026-01-05 09:30"),
        ({"$dateTrunc": {"date": "$at", "unit": "week", "startOfWeek": "monday"}}, datetime(2026, 1, 5)),  # noqa: DTZ001 - drivers give naive UTC
        ({"$dateTrunc": {"date": "$at", "unit": "month"}}, datetime(2026, 1, 1)),  # noqa: DTZ001 - as above
        ({"$dateDiff": {"startDate": "$at", "endDate": datetime(2026, 2, 1, tzinfo=UTC), "unit": "day"}}, 27),
        ({"$dateAdd": {"startDate": datetime(2026, 1, 31, tzinfo=UTC), "unit": "month", "amount": 1}},
         datetime(2026, 2, 28)),  # noqa: DTZ001 - as above
        ({"$regexMatch": {"input": "$who", "regex": "^A", "options": "i"}}, True),
    ],
)  # fmt: skip
async def test_expression(orders: Collection, expression: Any, expected: Any) -> None:
    """Each expression operator gives MongoDB's value."""
    assert await value_of(orders, expression) == expected


@pytest.mark.parametrize(
    ("stage", "named"),
    [
        ({"$lookup": {"from": "x", "as": "y"}}, "$lookup"),
        ({"$out": "x"}, "$out"),
        ({"$project": {"x": {"$function": {}}}}, "$function"),
        ({"$group": {"_id": None, "x": {"$accumulator": {}}}}, "$accumulator"),
        ({"$nonsense": 1}, "$nonsense"),
    ],
)
async def test_unsupported_is_named(
    engine: str, orders: Collection, stage: dict[str, Any], named: str
) -> None:
    """What is not supported is refused by name, before any document is read."""
    with pytest.raises(OperationFailure) as caught:
        await run(orders, stage)
    assert named in str(caught.value)


async def test_large_result_comes_in_batches(things: Collection) -> None:
    """A pipeline's result is read through a cursor like any other."""
    await things.insert_many([{"_id": number, "n": number % 7} for number in range(1000)])
    rows = await run(things, {"$match": {"n": {"$ne": 3}}}, {"$set": {"m": "$n"}})
    assert len(rows) == 1000 - len(range(3, 1000, 7))
