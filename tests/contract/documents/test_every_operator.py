"""One example of each expression, stage and small command that the other files do not come to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Decimal128, Int64, ObjectId
from pymongo.asynchronous.collection import AsyncCollection

Collection = AsyncCollection[dict[str, Any]]

_MONDAY = datetime(2026, 1, 5, 9, 30, 15, 250_000, tzinfo=UTC)
_HEX = "5f3a1b2c3d4e5f6071829304"

_EXAMPLES: dict[str, tuple[Any, Any]] = {
    "$arrayToObject": ({"$literal": [{"k": "a", "v": 1}]}, {"a": 1}),
    "$ceil": (1.2, 2.0),
    "$exp": (0, 1.0),
    "$ln": (1, 0.0),
    "$log10": (100, 2.0),
    "$pow": ([2, 3], 8),
    "$sqrt": (25, 5.0),
    "$trunc": ([7.85], 7.0),
    "$dateSubtract": (
        {"startDate": datetime(2026, 3, 31, tzinfo=UTC), "unit": "month", "amount": 1},
        datetime(2026, 2, 28),  # noqa: DTZ001 - drivers give naive UTC
    ),
    "$month": (_MONDAY, 1),
    "$dayOfMonth": (_MONDAY, 5),
    "$dayOfYear": (_MONDAY, 5),
    "$isoDayOfWeek": (_MONDAY, 1),
    "$isoWeek": (_MONDAY, 2),
    "$isoWeekYear": (_MONDAY, 2026),
    "$week": (_MONDAY, 1),
    "$minute": (_MONDAY, 30),
    "$second": (_MONDAY, 15),
    "$millisecond": (_MONDAY, 250),
    "$indexOfCP": (["hello", "l"], 2),
    "$ltrim": ({"input": "  x "}, "x "),
    "$rtrim": ({"input": "  x "}, "  x"),
    "$trim": ({"input": "--x--", "chars": "-"}, "x"),
    "$replaceAll": ({"input": "a-b-c", "find": "-", "replacement": "+"}, "a+b+c"),
    "$strLenBytes": ("héllo", 6),
    "$isArray": ("$tags", True),
    "$range": ([0, 10, 3], [0, 3, 6, 9]),
    "$reverseArray": ("$tags", ["b", "a"]),
    "$setDifference": (["$tags", ["a"]], ["b"]),
    "$setIntersection": ([["a", "c", "a"], "$tags"], ["a"]),
    "$setIsSubset": ([["a"], "$tags"], True),
    "$toBool": (0, False),
    "$toDecimal": ("1.5", Decimal128("1.5")),
    "$toLong": ("42", Int64(42)),
    "$toObjectId": (_HEX, ObjectId(_HEX)),
}


@pytest.mark.parametrize("operator", _EXAMPLES)
async def test_example(things: Collection, operator: str) -> None:
    """Each gives MongoDB's value."""
    operand, expected = _EXAMPLES[operator]
    await things.insert_one({"_id": 1, "tags": ["a", "b"]})
    (row,) = await (await things.aggregate([{"$project": {"value": {operator: operand}}}])).to_list()
    assert row["value"] == expected
    assert isinstance(row["value"], type(expected))


async def test_fields_are_added_and_roots_replaced(things: Collection) -> None:
    """$addFields keeps what is there, $replaceWith takes an inner document; a comment is no filter."""
    await things.insert_one({"_id": 1, "inner": {"a": 1}})
    stages: list[dict[str, Any]] = [
        {"$match": {"_id": 1, "$comment": "who asks"}},
        {"$addFields": {"inner.b": 2}},
        {"$replaceWith": "$inner"},
    ]
    assert await (await things.aggregate(stages)).to_list() == [{"a": 1, "b": 2}]


@pytest.mark.parametrize(
    "command",
    [
        {"hostInfo": 1},
        {"whatsmyuri": 1},
        {"connectionStatus": 1},
        {"buildInfo": 1},
        {"buildinfo": 1},
        {"isMaster": 1},
        {"ismaster": 1},
        {"getParameter": "*"},
        {"endSessions": []},
        {"refreshSessions": []},
        {"killSessions": []},
    ],
    ids=str,
)
async def test_small_command(engine: str, things: Collection, command: dict[str, Any]) -> None:
    """What drivers and tools ask in passing is answered."""
    answer = await things.database.client["admin"].command(command)
    assert answer["ok"] == 1


async def test_a_cursor_is_killed(things: Collection) -> None:
    """A killed cursor is told as killed, and cannot be read on."""
    await things.insert_many([{"_id": number} for number in range(10)])
    opened = await things.database.command({"find": things.name, "batchSize": 2})
    number = opened["cursor"]["id"]
    killed = await things.database.command({"killCursors": things.name, "cursors": [number]})
    assert killed["cursorsKilled"] == [number]
    again = await things.database.command({"killCursors": things.name, "cursors": [number]})
    assert again["cursorsNotFound"] == [number]
