"""Inserts, updates, deletes and findAndModify through PyMongo."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import bson
import pytest
from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.datetime_ms import DatetimeMS
from bson.raw_bson import RawBSONDocument
from pymongo import DeleteOne, InsertOne, ReplaceOne, ReturnDocument, UpdateMany, UpdateOne, WriteConcern
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure, WriteError

Collection = AsyncCollection[dict[str, Any]]


async def test_every_type_comes_back_byte_for_byte(things: Collection) -> None:
    """What is stored is what was sent, also through an update of another field."""
    document = {
        "_id": ObjectId(), "int": 1, "long": Int64(1), "double": 1.0, "negative zero": -0.0,
        "nan": float("nan"),
        "decimal": Decimal128("1.10"), "string": "h\u00e9\0llo", "binary": b"\x00\xff",
        "uuid": Binary(b"0" * 16, 4),
        "date": datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC), "far date": DatetimeMS(1 << 60),
        "timestamp": Timestamp(1, 2), "regex": Regex("^a", "im"), "code": Code("x"),
        "scope": Code("x", {"y": 1}),
        "min": MinKey(), "max": MaxKey(), "null": None, "true": True, "array": [1, [2, {"a": []}], {}],
        "nested": {"z": 1, "a": {"b": Int64(2)}}, "": "empty name",
    }  # fmt: skip
    raw = bson.encode(document)
    await things.insert_one(RawBSONDocument(raw))
    options = things.codec_options.with_options(document_class=RawBSONDocument)
    exact = things.with_options(codec_options=options)
    stored: Any = await exact.find_one()
    assert stored.raw == raw
    await things.update_one({}, {"$set": {"int": 2}})
    await things.update_one({}, {"$set": {"int": 1}})
    again: Any = await exact.find_one()
    assert again.raw == raw


async def test_insert_makes_an_id_and_refuses_a_second(things: Collection) -> None:
    """A taken _id is code 11000 with the key, and the first document stays."""
    await things.insert_one({"_id": 1, "v": "first"})
    with pytest.raises(DuplicateKeyError) as caught:
        await things.insert_one({"_id": 1.0, "v": "second"})
    assert caught.value.details is not None
    assert caught.value.details["keyPattern"] == {"_id": 1}
    assert await things.find_one() == {"_id": 1, "v": "first"}
    reply = await things.database.command({"insert": things.name, "documents": [{"v": 2}]})
    assert reply["n"] == 1
    assert isinstance((await things.find({"v": 2}).to_list())[0]["_id"], ObjectId)


UPDATES: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({"a": 1}, {"$set": {"b.c": 2}}, {"a": 1, "b": {"c": 2}}),
    ({"a": 1, "b": 2}, {"$unset": {"a": ""}}, {"b": 2}),
    ({"a": [1, 2, 3]}, {"$unset": {"a.1": ""}}, {"a": [1, None, 3]}),
    ({"a": 1}, {"$inc": {"a": 2, "n": 5}}, {"a": 3, "n": 5}),
    ({"a": 1}, {"$inc": {"a": 0.5}}, {"a": 1.5}),
    ({"a": 2147483647}, {"$inc": {"a": 1}}, {"a": 2147483648}),
    ({"a": 3}, {"$mul": {"a": 2, "n": 7}}, {"a": 6, "n": 0}),
    ({"a": 3}, {"$min": {"a": 2, "b": 9}}, {"a": 2, "b": 9}),
    ({"a": 3}, {"$max": {"a": 2, "b": 9}}, {"a": 3, "b": 9}),
    ({"a": 1}, {"$rename": {"a": "b.c"}}, {"b": {"c": 1}}),
    ({"a": [1]}, {"$push": {"a": 2, "b": 3}}, {"a": [1, 2], "b": [3]}),
    ({"a": [1]}, {"$push": {"a": {"$each": [5, 3], "$sort": 1}}}, {"a": [1, 3, 5]}),
    ({"a": [1]}, {"$push": {"a": {"$each": [2, 3, 4], "$slice": -2}}}, {"a": [3, 4]}),
    ({"a": [1, 9]}, {"$push": {"a": {"$each": [2, 3], "$position": 1}}}, {"a": [1, 2, 3, 9]}),
    (
        {"a": [{"k": 2}]},
        {"$push": {"a": {"$each": [{"k": 1}], "$sort": {"k": 1}}}},
        {"a": [{"k": 1}, {"k": 2}]},
    ),
    ({"a": [1]}, {"$addToSet": {"a": {"$each": [1, 1.0, 2]}, "b": 4}}, {"a": [1, 2], "b": [4]}),
    ({"a": [1, 2, 3]}, {"$pop": {"a": 1}}, {"a": [1, 2]}),
    ({"a": [1, 2, 3]}, {"$pop": {"a": -1}}, {"a": [2, 3]}),
    ({"a": [1, 2, 3, 2]}, {"$pull": {"a": 2}}, {"a": [1, 3]}),
    ({"a": [1, 5, 9]}, {"$pull": {"a": {"$gte": 5}}}, {"a": [1]}),
    ({"a": [{"k": 1, "v": 2}, {"k": 2}]}, {"$pull": {"a": {"k": 1}}}, {"a": [{"k": 2}]}),
    ({"a": [1, 2, 3]}, {"$pullAll": {"a": [1, 3]}}, {"a": [2]}),
    ({"a": [1, 2]}, {"$set": {"a.3": 9}}, {"a": [1, 2, None, 9]}),
    ({"a": [{"b": 1}]}, {"$set": {"a.0.b": 5}}, {"a": [{"b": 5}]}),
    ({"a": [1, 2]}, {"$inc": {"a.$[]": 10}}, {"a": [11, 12]}),
    ({"a": [{"b": [1]}, {"b": [2, 3]}]}, {"$inc": {"a.$[].b.$[]": 1}}, {"a": [{"b": [2]}, {"b": [3, 4]}]}),
    ({"a": 1}, {"$setOnInsert": {"b": 1}}, {"a": 1}),
    ({"a": 1}, {}, {}),
    ({"a": 1}, {"b": 2}, {"b": 2}),
]


@pytest.mark.parametrize(("before", "change", "after"), UPDATES, ids=str)
async def test_update_operator(
    things: Collection, before: dict[str, Any], change: dict[str, Any], after: dict[str, Any]
) -> None:
    """Each operator changes the document as MongoDB does, and reports whether it did."""
    await things.insert_one({"_id": 1, **before})
    reply = await things.database.command(
        {"update": things.name, "updates": [{"q": {"_id": 1}, "u": change}]}
    )
    assert (reply["n"], reply["nModified"]) == (1, int(before != after))
    assert await things.find_one() == {"_id": 1, **after}


async def test_positional_operator_changes_the_matched_element(things: Collection) -> None:
    """``$`` is the first element that the filter accepts."""
    await things.insert_one({"_id": 1, "items": [{"k": "a", "n": 1}, {"k": "b", "n": 2}, {"k": "b", "n": 3}]})
    await things.update_one({"items.k": "b"}, {"$set": {"items.$.n": 20}})
    await things.update_one({"items": {"$elemMatch": {"k": "b", "n": 3}}}, {"$inc": {"items.$.n": 100}})
    document = await things.find_one()
    assert document is not None
    assert [item["n"] for item in document["items"]] == [1, 20, 103]


async def test_array_filters_choose_elements(things: Collection) -> None:
    """``$[name]`` changes the elements that its filter accepts, and only those."""
    await things.insert_one({"_id": 1, "items": [{"k": "a", "n": 1}, {"k": "b", "n": 2}], "g": [1, 5, 9]})
    await things.update_one({}, {"$set": {"items.$[one].n": 7}}, array_filters=[{"one.k": "b"}])
    await things.update_one({}, {"$inc": {"g.$[big]": 1}}, array_filters=[{"big": {"$gte": 5}}])
    assert await things.find_one() == {
        "_id": 1,
        "items": [{"k": "a", "n": 1}, {"k": "b", "n": 7}],
        "g": [1, 6, 10],
    }


async def test_current_date(things: Collection) -> None:
    """The server's clock is written as a date."""
    await things.insert_one({"_id": 1})
    await things.update_one({}, {"$currentDate": {"at": True, "stamp": {"$type": "timestamp"}}})
    document = await things.find_one()
    assert document is not None
    assert isinstance(document["at"], datetime)
    assert isinstance(document["stamp"], Timestamp)


async def test_upsert_takes_equalities_from_the_filter(things: Collection) -> None:
    """The new document has the filter's equal fields, the update's, and those only for inserts."""
    result = await things.update_one(
        {"_id": "x", "org": 1, "n": {"$gt": 5}, "$and": [{"a.b": 2}]},
        {"$set": {"v": 1}, "$setOnInsert": {"made": True}},
        upsert=True,
    )
    assert result.upserted_id == "x"
    assert await things.find_one() == {"_id": "x", "org": 1, "a": {"b": 2}, "v": 1, "made": True}
    result = await things.replace_one({"_id": "y", "org": 9}, {"v": 2}, upsert=True)
    assert result.upserted_id == "y"
    assert await things.find_one({"_id": "y"}) == {"_id": "y", "v": 2}


async def test_guarded_update_loses_to_a_newer_version(things: Collection) -> None:
    """Of many writers that expect the same version, exactly one wins."""
    await things.insert_one({"_id": 1, "version": 0})

    async def bump() -> int:
        result = await things.update_one({"_id": 1, "version": 0}, {"$set": {"version": 1}})
        return result.modified_count

    assert sum(await asyncio.gather(*[bump() for _ in range(20)])) == 1


async def test_concurrent_upserts_make_one_document(things: Collection) -> None:
    """Under a unique index, racing upserts increment one document."""
    await things.create_index([("org", 1), ("key", 1)], unique=True)
    await asyncio.gather(
        *[things.update_one({"org": 1, "key": "a"}, {"$inc": {"n": 1}}, upsert=True) for _ in range(50)]
    )
    rows = await things.find({}, {"_id": 0}).to_list()
    assert rows == [{"org": 1, "key": "a", "n": 50}]


async def test_find_and_modify(things: Collection) -> None:
    """The old or the new state is given, by sort, by projection, with upsert and with removal."""
    await things.insert_many([{"_id": number, "n": number} for number in range(3)])
    old = await things.find_one_and_update({}, {"$inc": {"n": 10}}, sort=[("n", -1)])
    assert old == {"_id": 2, "n": 2}
    new = await things.find_one_and_update(
        {"_id": 2}, {"$inc": {"n": 1}}, projection={"_id": 0}, return_document=ReturnDocument.AFTER
    )
    assert new == {"n": 13}
    assert await things.find_one_and_delete({"_id": 0}) == {"_id": 0, "n": 0}
    assert await things.find_one_and_replace({"_id": 9}, {"z": 1}, upsert=True) is None
    made = await things.find_one_and_update(
        {"_id": 10}, {"$set": {"z": 2}}, upsert=True, return_document=ReturnDocument.AFTER
    )
    assert made == {"_id": 10, "z": 2}
    assert await things.find_one_and_delete({"_id": "absent"}) is None


async def test_deletes(things: Collection) -> None:
    """One or many; deleting what is not there is no error."""
    await things.insert_many([{"_id": number, "n": number % 2} for number in range(10)])
    assert (await things.delete_one({"n": 1})).deleted_count == 1
    assert (await things.delete_many({"n": 1})).deleted_count == 4
    assert (await things.delete_many({"n": 1})).deleted_count == 0
    assert (await things.delete_many({})).deleted_count == 5


async def test_update_many_does_not_chase_its_own_changes(things: Collection) -> None:
    """Documents that move inside the index that finds them are changed once."""
    await things.insert_many([{"_id": number, "n": number} for number in range(500)])
    await things.create_index("n")
    result = await things.update_many({"n": {"$gte": 0}}, {"$inc": {"n": 1000}})
    assert result.modified_count == 500
    assert await things.count_documents({"n": {"$gte": 1000, "$lt": 1500}}) == 500


async def test_bulk_write_reports_each_operation(things: Collection) -> None:
    """An unordered bulk goes on after a refusal, an ordered one stops, and both say which one it was."""
    await things.create_index("u", unique=True)
    result = await things.bulk_write(
        [
            InsertOne({"_id": 1, "u": 1}),
            UpdateOne({"_id": 2}, {"$set": {"u": 2}}, upsert=True),
            ReplaceOne({"_id": 1}, {"u": 10}),
            UpdateMany({}, {"$set": {"z": 1}}),
            DeleteOne({"_id": 2}),
        ]
    )
    assert (result.inserted_count, result.upserted_count, result.modified_count, result.deleted_count) == (
        1,
        1,
        3,
        1,
    )
    with pytest.raises(BulkWriteError) as caught:
        await things.bulk_write([InsertOne({"u": 10}), InsertOne({"_id": 7, "u": 7})], ordered=False)
    assert [error["code"] for error in caught.value.details["writeErrors"]] == [11000]
    assert await things.count_documents({"_id": 7}) == 1
    with pytest.raises(BulkWriteError):
        await things.bulk_write([InsertOne({"u": 10}), InsertOne({"_id": 8, "u": 8})], ordered=True)
    assert await things.count_documents({"_id": 8}) == 0


async def test_a_large_bulk_is_stored_whole(things: Collection) -> None:
    """Several messages' worth of upserts all arrive."""
    pad = "x" * 500
    operations = [UpdateOne({"_id": number}, {"$set": {"pad": pad}}, upsert=True) for number in range(5000)]
    result = await things.bulk_write(operations, ordered=False)
    assert result.upserted_count == 5000
    assert await things.count_documents({}) == 5000


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"$set": {"_id": 9}}, 66),
        ({"$inc": {"s": 1}}, 14),
        ({"$push": {"s": 1}}, 2),
        ({"$set": {"a": 1}, "$inc": {"a": 1}}, 40),
        ({"$set": {"a": 1, "a.b": 1}}, 40),
        ({"$set": {"s.x": 1}}, 28),
        ({"$nonsense": {"a": 1}}, 9),
        ({"$set": {"list.$[x]": 1}}, 2),
        ({"$set": {"list.$": 1}}, 2),
    ],
    ids=str,
)
async def test_update_that_is_refused(things: Collection, change: dict[str, Any], code: int) -> None:
    """A refused update has MongoDB's code and changes nothing."""
    before = {"_id": 1, "s": "text", "a": {"b": 0}, "list": [1]}
    await things.insert_one(before)
    with pytest.raises(WriteError) as caught:
        await things.update_one({"_id": 1}, change)
    assert caught.value.code == code
    assert await things.find_one() == before


async def test_pipeline_update_is_refused_by_name(things: Collection) -> None:
    """An update by a pipeline is outside the portable subset."""
    await things.insert_one({"_id": 1})
    with pytest.raises(WriteError) as caught:
        await things.update_one({}, [{"$set": {"a": 1}}])
    assert "pipeline" in str(caught.value)


async def test_transactions_are_refused_by_name(things: Collection) -> None:
    """A transaction is refused at its first command, never half done."""
    async with things.database.client.start_session() as session:
        await things.insert_one({"_id": 1}, session=session)
        with pytest.raises(OperationFailure) as caught:
            async with await session.start_transaction():
                await things.insert_one({"_id": 2}, session=session)
    assert "ransaction" in str(caught.value)
    assert await things.count_documents({}) == 1


async def test_unacknowledged_write_arrives(things: Collection) -> None:
    """A write without acknowledgement is still done, in its connection's order."""
    await things.with_options(write_concern=WriteConcern(w=0)).insert_one({"_id": 1})
    for _ in range(100):
        if await things.count_documents({}) == 1:
            break
        await asyncio.sleep(0.01)
    assert await things.count_documents({}) == 1


async def test_too_large_a_document_is_refused(things: Collection) -> None:
    """An update that would make a document too large is refused with its size's code."""
    await things.insert_one({"_id": 1, "pad": "x" * 10_000_000})
    with pytest.raises(WriteError) as caught:
        await things.update_one({}, {"$set": {"more": "y" * 7_000_000}})
    assert caught.value.code == 10334
