"""Random documents, filters, updates and pipelines for comparing engines, inside the portable subset.

What is left out here because the engines are known to differ is listed with its reason in `differences`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bson import Int64, ObjectId
from hypothesis import strategies as st

Document = dict[str, Any]

FIELDS = ("a", "b", "c")
_BIG = (2**40, -(2**53) - 1, 2**63 - 1, -(2**63))

numbers = st.one_of(
    st.integers(-3, 9),
    st.sampled_from([1.5, -0.5, 2.0, 1e12]),
    st.sampled_from([Int64(number) for number in _BIG]),
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    numbers,
    st.sampled_from(["", "a", "B", "ab", "é", "zz"]),
    st.sampled_from([datetime(2026, 1, day, 12, 30, tzinfo=UTC) for day in (1, 2, 31)]),
    st.sampled_from([ObjectId(f"{number:024x}") for number in (1, 2, 99)]),
)
nested = st.dictionaries(st.sampled_from("xy"), scalars, max_size=2)
arrays = st.one_of(
    st.lists(scalars, max_size=3),
    st.lists(nested, max_size=3),
    st.lists(st.lists(scalars, max_size=2), max_size=2),
)
values = st.one_of(scalars, scalars, nested, arrays)


def documents(field_values: st.SearchStrategy[Any] = values) -> st.SearchStrategy[list[Document]]:
    """Return lists of documents with their place as `_id`."""
    fields = st.dictionaries(st.sampled_from(FIELDS), field_values, max_size=3)
    return st.lists(fields, min_size=1, max_size=6).map(
        lambda rows: [{"_id": number, **row} for number, row in enumerate(rows)]
    )


paths = st.sampled_from((*FIELDS, "a.x", "b.y"))
_bounded = st.one_of(numbers, st.sampled_from(["a", "ab"]), st.just(datetime(2026, 1, 2, tzinfo=UTC)))
conditions = st.one_of(
    scalars,
    st.builds(lambda name, value: {name: value}, st.sampled_from(["$gt", "$gte", "$lt", "$lte"]), _bounded),
    st.builds(lambda name, value: {name: value}, st.sampled_from(["$eq", "$ne"]), scalars),
    st.builds(
        lambda name, listed: {name: listed}, st.sampled_from(["$in", "$nin"]), st.lists(scalars, max_size=3)
    ),
    st.builds(lambda there: {"$exists": there}, st.booleans()),
    st.builds(lambda size: {"$size": size}, st.integers(0, 3)),
    st.builds(lambda listed: {"$all": listed}, st.lists(scalars, min_size=1, max_size=2)),
    st.builds(lambda name: {"$type": name}, st.sampled_from(["string", "date", "objectId", "bool", "array"])),
)
_simple = st.dictionaries(paths, conditions, max_size=2)
filters = st.one_of(
    _simple,
    st.builds(
        lambda name, parts: {name: parts},
        st.sampled_from(["$and", "$or", "$nor"]),
        st.lists(_simple, min_size=1, max_size=3),
    ),
)

sorts = st.lists(
    st.tuples(st.sampled_from(FIELDS), st.sampled_from([1, -1])), max_size=2, unique_by=lambda pair: pair[0]
).map(lambda pairs: [*pairs, ("_id", 1)])


def _one(name: str, argument: st.SearchStrategy[Any]) -> st.SearchStrategy[Document]:
    return st.builds(lambda path, value: {name: {path: value}}, st.sampled_from(FIELDS), argument)


updates = st.one_of(
    _one("$set", values),
    _one("$unset", st.just("")),
    _one("$inc", st.integers(-5, 5)),
    _one("$mul", st.sampled_from([2, 0, -1])),
    _one("$min", scalars),
    _one("$max", scalars),
    _one("$push", scalars),
    _one("$push", st.lists(scalars, max_size=2).map(lambda each: {"$each": each})),
    _one("$addToSet", st.sampled_from(["a", "zz", None, True])),
    _one("$pull", scalars),
    _one("$pop", st.sampled_from([1, -1])),
    _one("$setOnInsert", scalars),
    st.builds(
        lambda pair: {"$rename": {pair[0]: pair[1]}},
        st.sampled_from([("a", "b"), ("c", "d")]),
    ),
)

_group_keys = st.one_of(st.just(None), st.sampled_from([f"${field}" for field in FIELDS]))
_accumulators = st.dictionaries(
    st.sampled_from(["x", "y"]),
    st.builds(
        lambda name, field: {name: f"${field}"},
        st.sampled_from(["$sum", "$min", "$max", "$first", "$last", "$push"]),
        st.sampled_from(FIELDS),
    ),
    max_size=2,
)
stages = st.one_of(
    filters.map(lambda query: {"$match": query}),
    st.sampled_from(FIELDS).map(lambda field: {"$unwind": f"${field}"}),
    st.sampled_from(FIELDS).map(
        lambda field: {"$unwind": {"path": f"${field}", "preserveNullAndEmptyArrays": True}}
    ),
    st.integers(1, 4).map(lambda count: {"$limit": count}),
    st.integers(0, 3).map(lambda count: {"$skip": count}),
    st.sampled_from(FIELDS).map(lambda field: {"$project": {field: 1}}),
    st.sampled_from(FIELDS).map(lambda field: {"$project": {field: 0}}),
)
pipelines = st.builds(
    lambda before, end: [{"$sort": {"_id": 1}}, *before, *end],
    st.lists(stages, max_size=3),
    st.one_of(
        st.just([]),
        st.builds(
            lambda key, accumulators: [
                {"$sort": {"_id": 1}},
                {"$group": {"_id": key, "n": {"$sum": 1}, **accumulators}},
                {"$sort": {"_id": 1}},
            ],
            _group_keys,
            _accumulators,
        ),
    ),
)
