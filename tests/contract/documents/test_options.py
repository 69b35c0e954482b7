"""Options that drivers and tools send beside a command, and that no other file comes to."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import OperationFailure

Collection = AsyncCollection[dict[str, Any]]


async def _five(things: Collection) -> None:
    await things.insert_many([{"_id": number, "n": -number} for number in range(5)])


async def test_a_single_batch_keeps_no_cursor(things: Collection) -> None:
    """`singleBatch` gives the first batch alone."""
    await _five(things)
    asked = {"find": things.name, "sort": {"_id": 1}, "batchSize": 2, "singleBatch": True}
    cursor = (await things.database.command(asked))["cursor"]
    assert [row["_id"] for row in cursor["firstBatch"]] == [0, 1]
    assert cursor["id"] == 0


@pytest.mark.parametrize("option", ["allowDiskUse", "allowPartialResults", "noCursorTimeout"])
async def test_what_changes_no_answer_is_taken(things: Collection, option: str) -> None:
    """One server with a disk of its own is asked the same with and without."""
    await _five(things)
    cursor = (await things.database.command({"find": things.name, "sort": {"n": 1}, option: True}))["cursor"]
    assert [row["_id"] for row in cursor["firstBatch"]] == [4, 3, 2, 1, 0]


async def test_a_pipeline_may_use_the_disk(things: Collection) -> None:
    """`allowDiskUse` of an aggregation."""
    await _five(things)
    rows = await (await things.aggregate([{"$sort": {"n": 1}}, {"$limit": 1}], allowDiskUse=True)).to_list()
    assert rows == [{"_id": 4, "n": -4}]


async def test_documents_come_as_they_lie(things: Collection) -> None:
    """`$natural` is the order in which they were stored, without an index, whatever indexes there are."""
    await _five(things)
    await things.create_index("n")
    found = [row["_id"] async for row in things.find({"n": {"$lt": 0}}).sort("$natural", 1)]
    assert found == [1, 2, 3, 4]


@pytest.mark.parametrize("option", ["returnKey", "showRecordId", "let"])
async def test_what_would_change_the_answer_is_refused(things: Collection, option: str) -> None:
    """By name; said to be off, it is harmless."""
    await _five(things)
    value: Any = {"x": 1} if option == "let" else True
    with pytest.raises(OperationFailure) as caught:
        await things.database.command({"find": things.name, option: value})
    assert caught.value.code == 238
    assert option in str(caught.value)
    off: Any = {} if option == "let" else False
    assert (await things.database.command({"find": things.name, option: off}))["ok"] == 1


async def test_names_are_listed_alone(things: Collection) -> None:
    """`nameOnly`, with which shells ask also for what they are allowed to see."""
    await _five(things)
    asked = {"listCollections": 1, "nameOnly": True, "authorizedCollections": True}
    (row,) = (await things.database.command(asked))["cursor"]["firstBatch"]
    assert row == {"name": things.name, "type": "collection"}
    asked = {"listDatabases": 1, "nameOnly": True, "authorizedDatabases": True}
    databases = (await things.database.client["admin"].command(asked))["databases"]
    assert {"name": things.database.name} in databases


async def test_a_collection_is_made_with_the_index_that_it_has_anyway(things: Collection) -> None:
    """Tools that copy a collection send the specification of the index of `_id` along."""
    specification = {"v": 2, "key": {"_id": 1}, "name": "_id_"}
    await things.database.command({"create": things.name, "idIndex": specification})
    assert list(await things.index_information()) == ["_id_"]


async def test_find_and_modify_removes(things: Collection) -> None:
    """`remove` gives the document that is gone."""
    await _five(things)
    asked = {"findAndModify": things.name, "query": {}, "sort": {"n": 1}, "remove": True}
    assert (await things.database.command(asked))["value"] == {"_id": 4, "n": -4}
    assert await things.count_documents({}) == 4


@pytest.mark.parametrize("verbosity", ["queryPlanner", "executionStats"])
async def test_a_plan_is_as_detailed_as_asked(things: Collection, verbosity: str) -> None:
    """Numbers of an execution are there only where they were asked for."""
    await _five(things)
    asked = {"explain": {"find": things.name, "filter": {"n": -1}}, "verbosity": verbosity}
    plan = await things.database.command(asked)
    assert plan["queryPlanner"]["winningPlan"]
    assert ("executionStats" in plan) == (verbosity == "executionStats")
