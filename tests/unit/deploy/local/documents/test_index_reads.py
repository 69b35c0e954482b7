"""Whatever the plan, what is found is what the filter accepts one by one, in the wanted order."""

from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from deploy.local.documents.codec import encode
from deploy.local.documents.errors import CommandError
from deploy.local.documents.query.clauses import parse_filter
from deploy.local.documents.query.execution import count, run, run_sorted
from deploy.local.documents.query.planner import plan
from deploy.local.documents.query.sorting import parse_sort, sort_key
from deploy.local.documents.settings import Settings
from deploy.local.documents.storage import records
from deploy.local.documents.storage.database import Database
from deploy.local.documents.storage.scan import Source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deploy.local.documents.storage.catalog import Collection

SCALARS = st.sampled_from([None, 0, 1, 2, 2.5, "a", "ab", "b", True, False])
INNER = st.fixed_dictionaries({}, optional={"x": SCALARS, "y": SCALARS})
FIELD = st.one_of(
    SCALARS, st.lists(SCALARS, max_size=3), INNER, st.lists(INNER, max_size=3), st.lists(st.lists(SCALARS))
)
DOCUMENTS = st.lists(
    st.fixed_dictionaries({}, optional={"a": FIELD, "b": FIELD, "c": SCALARS}), min_size=1, max_size=12
)
PATHS = ["a", "b", "c", "a.x", "a.y", "b.x"]
CONDITIONS = st.one_of(
    SCALARS,
    st.builds(
        lambda name, value: {name: value},
        st.sampled_from(["$eq", "$gt", "$gte", "$lt", "$lte", "$ne"]),
        SCALARS,
    ),
    st.builds(lambda low, high: {"$gte": low, "$lt": high}, SCALARS, SCALARS),
    st.builds(lambda values: {"$in": values}, st.lists(SCALARS, max_size=3)),
    st.builds(lambda values: {"$nin": values}, st.lists(SCALARS, max_size=3)),
    st.builds(lambda value: {"$exists": value}, st.booleans()),
    st.builds(
        lambda inner: {"$elemMatch": inner}, st.dictionaries(st.sampled_from(["x", "y"]), SCALARS, min_size=1)
    ),
    st.builds(lambda value: {"$elemMatch": {"$gte": value}}, SCALARS),
    st.builds(lambda value: {"$not": {"$gt": value}}, SCALARS),
    st.builds(lambda values: {"$all": values}, st.lists(SCALARS, max_size=2)),
    st.lists(SCALARS, max_size=2),
    INNER,
    st.sampled_from(
        [{"$regex": "^a"}, {"$regex": "^ab"}, {"$regex": "b$"}, {"$size": 1}, {"$type": "string"}]
    ),
)
SIMPLE = st.dictionaries(st.sampled_from(PATHS), CONDITIONS, max_size=3)
FILTERS = st.one_of(
    SIMPLE,
    st.builds(
        lambda base, branches: {**base, "$or": branches}, SIMPLE, st.lists(SIMPLE, min_size=1, max_size=3)
    ),
    st.builds(lambda base, more: {"$and": [base, more]}, SIMPLE, SIMPLE),
)
DIRECTIONS = st.sampled_from([1, -1])
KEYS = st.dictionaries(st.sampled_from(PATHS), DIRECTIONS, min_size=1, max_size=3)
SORTS = st.dictionaries(st.sampled_from(PATHS), DIRECTIONS, max_size=2)

_names = itertools.count()


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    directory: Path = tmp_path_factory.mktemp("reads")
    made = Database("reads", Settings(directory=directory, synchronous="NORMAL"))
    yield made
    made.connection.close()


def filled(database: Database, documents: list[dict[str, Any]], indexes: list[dict[str, Any]]) -> Collection:
    """A new collection with the documents and as many of the indexes as their arrays allow."""
    name = f"c{next(_names)}"
    database.create_collection(name)
    for number, document in enumerate(documents):
        stored = {"_id": number, **document}
        records.insert(database, database.catalog[name], stored, encode(stored))
    for number, specification in enumerate(indexes):
        database.connection.execute("SAVEPOINT one")
        try:
            index = database.create_index(
                database.catalog[name], {"v": 2, "name": f"i{number}", **specification}
            )
            records.fill_index(database, database.catalog[name], index)
        except CommandError as error:
            assert error.code == 171  # noqa: PT017 - parallel arrays are drawn now and then
            database.connection.execute("ROLLBACK TO one")
            database.load_catalog()
        database.connection.execute("RELEASE one")
    return database.catalog[name]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    documents=DOCUMENTS,
    indexes=st.lists(
        st.builds(lambda key, sparse: {"key": key, "sparse": sparse}, KEYS, st.booleans()), max_size=2
    ),
    query=FILTERS,
    order=SORTS,
)
@example(
    documents=[{"a": [0, 2.5]}],
    indexes=[{"key": {"a": 1}, "sparse": False}],
    query={"a": {"$gte": 1, "$lt": 2}},
    order={},
)
@example(
    documents=[{"a": [{"x": 1, "y": 0}, {"x": 0, "y": 1}]}, {"a": [{"x": 1, "y": 1}]}],
    indexes=[{"key": {"a.x": 1, "a.y": -1}, "sparse": False}],
    query={"a.x": 1, "a.y": 1},
    order={"a.y": 1},
)
@example(
    documents=[{"a": [{"x": 1, "y": 0}, {"x": 0, "y": 1}]}, {"a": [{"x": 1, "y": 1}]}],
    indexes=[{"key": {"a.x": 1, "a.y": -1}, "sparse": False}],
    query={"a": {"$elemMatch": {"x": 1, "y": 1}}},
    order={},
)
@example(
    documents=[{"c": 1}, {"a": None}, {"a": 1}],
    indexes=[{"key": {"a": 1}, "sparse": True}],
    query={"a": None},
    order={"a": 1},
)
@example(
    documents=[{"a": [2, 0]}, {"a": 1}],
    indexes=[{"key": {"a": -1}, "sparse": False}],
    query={},
    order={"a": 1},
)
def test_every_plan_finds_the_same(
    database: Database,
    documents: list[dict[str, Any]],
    indexes: list[dict[str, Any]],
    query: dict[str, Any],
    order: dict[str, int],
) -> None:
    """Indexes of any shape, over arrays and missing fields, sparse or not, change no answer."""
    with contextlib.ExitStack() as stack:
        database.connection.execute("BEGIN")
        stack.callback(database.load_catalog)
        stack.callback(database.connection.execute, "ROLLBACK")
        collection = filled(database, documents, indexes)
        node, sort = parse_filter(query), parse_sort(order)
        source = Source(database.connection)
        stored = [{"_id": number, **document} for number, document in enumerate(documents)]
        expected = [document for document in stored if node.matches(document)]

        chosen = plan(collection, node, ())
        assert sorted(match.rid - 1 for match in run(source, collection, chosen)) == [
            row["_id"] for row in expected
        ]
        assert count(source, collection, chosen) == len(expected)

        ordered = plan(collection, node, sort)
        found = [match.decoded() for match in run_sorted(source, collection, ordered, sort, 0, 1 << 30)]
        assert sorted(row["_id"] for row in found) == [row["_id"] for row in expected]
        keys = [sort_key(row, sort) for row in found]
        assert keys == sorted(keys)


def entries(database: Database, table: str) -> list[tuple[bytes, int]]:
    query = f"SELECT key, rid FROM {table} ORDER BY key, rid"  # noqa: S608 - the name of a table of ours
    return database.connection.execute(query).fetchall()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=DOCUMENTS,
    after=st.lists(st.fixed_dictionaries({}, optional={"a": FIELD, "b": FIELD, "c": SCALARS}), max_size=12),
    key=KEYS,
)
def test_entries_follow_their_documents(
    database: Database, before: list[dict[str, Any]], after: list[dict[str, Any]], key: dict[str, int]
) -> None:
    """After updates and deletes an index holds exactly the entries that a new index would."""
    database.connection.execute("BEGIN")
    try:
        collection = filled(database, before, [{"key": key}])
        if not collection.indexes:
            return
        for number, old in enumerate(before):
            stored = {"_id": number, **old}
            if number < len(after):
                new = {"_id": number, **after[number]}
                # An update by operators names the fields that it may change; a replacement changes any.
                named = frozenset(
                    name
                    for name in "abc"
                    if encode({name: old[name]} if name in old else {})
                    != encode({name: new[name]} if name in new else {})
                )
                with contextlib.suppress(CommandError):
                    records.replace(
                        database,
                        collection,
                        number + 1,
                        old=stored,
                        new=new,
                        body=encode(new),
                        touched=None if number % 2 else named,
                    )
            else:
                records.delete(database, collection, number + 1, stored)
        kept = entries(database, collection.indexes[0].table)
        again = database.create_index(collection, {"v": 2, "name": "again", "key": key})
        records.fill_index(database, database.catalog[collection.name], again)
        assert kept == entries(database, again.table)
    finally:
        database.connection.execute("ROLLBACK")
        database.load_catalog()


@pytest.mark.parametrize(
    ("alternatives", "found", "read"),
    [
        ([{"a": {"$lt": 3}}, {"a": 3, "b": {"$lt": 1}}], 7, 8),
        ([{"a": 1}, {"a": 9}], 4, 4),
        ([{"a": {"$lt": 2}}, {"a": {"$gt": 12}}], 8, 30),
        ([{"a": 1}, {"c": 0}], 7, 30),
    ],
    ids=["the next portion of a list", "two values", "a hole between them", "no common field"],
)
def test_alternatives_bound_what_is_read(
    database: Database, alternatives: list[dict[str, Any]], found: int, read: int
) -> None:
    """Beside equality, the index is read where some alternative can hold; with a hole, all that is equal."""
    documents = [
        {"org": number % 2, "a": number // 4, "b": number % 4 // 2, "c": number % 7} for number in range(60)
    ]
    with contextlib.ExitStack() as stack:
        database.connection.execute("BEGIN")
        stack.callback(database.load_catalog)
        stack.callback(database.connection.execute, "ROLLBACK")
        collection = filled(database, documents, [{"key": {"org": 1, "a": -1, "b": -1}}])
        chosen = plan(
            collection, parse_filter({"org": 0, "$or": alternatives}), parse_sort({"a": -1, "b": -1})
        )
        source = Source(database.connection)
        assert chosen.index_names == ["i0"]
        assert count(source, collection, chosen) == found
        assert count(source, collection, chosen._replace(residual=None, dedupe=False)) == read
