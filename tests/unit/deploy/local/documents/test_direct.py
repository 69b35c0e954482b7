"""The short way of the commonest update, beside the long way that all others go: same answers, same bytes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from bson import Int64
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.local.documents.codec import decode, encode
from deploy.local.documents.commands import writing
from deploy.local.documents.commands.brevity import is_brief
from deploy.local.documents.commands.call import Call
from deploy.local.documents.commands.cursors import CursorStore
from deploy.local.documents.commands.direct import update_alone
from deploy.local.documents.commands.indexing import create_indexes
from deploy.local.documents.settings import Settings
from deploy.local.documents.storage.directory import Directory
from deploy.local.documents.storage.engine import _roll_back
from deploy.local.documents.storage.sessions import ReaderConnections, WriteSession
from deploy.local.documents.wire import Request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_INDEXES = [
    {"key": {"a": 1}, "name": "a"},
    {"key": {"b": -1}, "name": "b", "sparse": True},
    {"key": {"c": 1}, "name": "c", "unique": True, "sparse": True},
    {"key": {"a": 1, "b": 1}, "name": "ab"},
]
_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.floats(-2, 2), st.text("ab\0", max_size=2),
    st.builds(Int64, st.integers(-3, 3)),
)  # fmt: skip
_VALUES = st.one_of(_SCALARS, st.lists(_SCALARS, max_size=2), st.dictionaries(st.just("x"), _SCALARS))
_FIELDS = st.dictionaries(st.sampled_from(["a", "b", "c", "d", "_id"]), _VALUES, max_size=3)
_SETTING = st.fixed_dictionaries({}, optional={"$set": _FIELDS, "$setOnInsert": _FIELDS}).filter(bool)
_IDENTITIES = st.sampled_from([1, "one", 2])


class Server:
    """The commands over one folder, without connections."""

    def __init__(self, folder: Path) -> None:
        self._settings = Settings(directory=folder)
        self._directory = Directory(self._settings)
        self._directory.open()
        self._readers = ReaderConnections(self._directory)

    def close(self) -> None:
        self._readers.close()
        self._directory.close()

    def call(self, body: dict[str, Any], **sequences: list[dict[str, Any]]) -> Call:
        raw = encode(body)
        request = Request(1, raw, {name: list(map(encode, many)) for name, many in sequences.items()})
        cursors = CursorStore(time.monotonic, 60, 10)
        return Call(next(iter(body)), body["$db"], decode(raw), request, cursors, self._settings, 1)

    def write(self, command: Any, body: dict[str, Any], **sequences: list[dict[str, Any]]) -> Any:
        session = WriteSession(self._directory)
        answer = decode(command(self.call(body, **sequences), session))
        for database in session.begun:
            database.connection.execute("COMMIT")
            database.publish()
        return answer

    def take_back(self, identity: Any, name: str) -> None:
        """Change a document by the short way in a group that fails and is rolled back."""
        session = WriteSession(self._directory)
        statement = {"q": {"_id": identity}, "u": {"$set": {"a": "never"}}}
        writing.update(self.call({"update": name, "$db": "shop"}, updates=[statement]), session)
        for database in session.begun:
            _roll_back(database)

    def stored(self, name: str) -> tuple[list[bytes], list[list[tuple[bytes, int]]]]:
        """Return every document's bytes and every index's entries."""
        database = self._directory.get("shop")
        assert database is not None
        collection = database.catalog[name]
        bodies = database.connection.execute(f"SELECT body FROM {collection.table} ORDER BY rid")  # noqa: S608 - a number
        entries = [
            database.connection.execute(f"SELECT key, rid FROM {index.table} ORDER BY key, rid").fetchall()  # noqa: S608 - a number
            for index in collection.indexes
        ]
        return [body for (body,) in bodies], entries


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path)
    yield running
    running.close()


@given(
    updates=st.lists(st.tuples(_IDENTITIES, _SETTING, st.booleans()), min_size=1, max_size=6),
    number=st.integers(0, 1 << 60),
)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_short_way_answers_as_the_long_way(
    server: Server, updates: list[tuple[Any, dict[str, Any], bool]], number: int
) -> None:
    """Replies, refusals, stored bytes and index entries are the same."""
    short, long = f"short{number}", f"long{number}"
    for name in (short, long):
        server.write(create_indexes, {"createIndexes": name, "indexes": _INDEXES, "$db": "shop"})
    for identity, change, upsert in updates:
        query = {"_id": identity}
        # A field that no document has: it changes nothing, and makes the update one for the long way.
        longer = {**change, "$unset": {"nowhere": 1}}
        one = {"q": query, "u": change, "upsert": upsert}
        other = {"q": {"$and": [query]}, "u": longer, "upsert": upsert}
        mine = server.write(writing.update, {"update": short, "$db": "shop"}, updates=[one])
        theirs = server.write(writing.update, {"update": long, "$db": "shop"}, updates=[other])
        assert repr(mine).replace(short, "N") == repr(theirs).replace(long, "N")
    assert server.stored(short) == server.stored(long)


_STEPS = st.one_of(
    st.tuples(st.just("set"), _IDENTITIES, _SETTING, st.booleans()),
    st.tuples(st.just("push"), _IDENTITIES, _SCALARS, st.booleans()),
    st.tuples(st.just("replace"), _IDENTITIES, _FIELDS, st.booleans()),
    st.tuples(st.just("delete"), _IDENTITIES, st.none(), st.booleans()),
)


@given(steps=st.lists(_STEPS, min_size=2, max_size=12), number=st.integers(0, 1 << 60))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_remembered_of_a_document_is_what_is_stored(
    server: Server, steps: list[tuple[str, Any, Any, bool]], number: int
) -> None:
    """Whatever else changes, removes or takes back a document meanwhile, the short way goes on from there."""
    short, long = f"short{number}", f"long{number}"
    for name in (short, long):
        server.write(create_indexes, {"createIndexes": name, "indexes": _INDEXES, "$db": "shop"})
    for kind, identity, operand, taken_back in steps:
        for name in (short, long):
            query = {"_id": identity} if name == short else {"$and": [{"_id": identity}]}
            body = {"delete" if kind == "delete" else "update": name, "$db": "shop"}
            change = operand if kind in {"set", "replace"} else {"$push": {"d": operand}}
            if name == short and taken_back:
                server.take_back(identity, name)
            if kind == "delete":
                server.write(writing.delete, body, deletes=[{"q": query, "limit": 1}])
            else:
                server.write(writing.update, body, updates=[{"q": query, "u": change, "upsert": True}])
    assert server.stored(short) == server.stored(long)


@pytest.mark.parametrize("change", [{"$set": {"b": 1}}, {"$set": {"c": 7}}, {"$set": {"_id": 5}}])
@pytest.mark.parametrize("identity", [1, 2, 3])
@pytest.mark.parametrize("ordered", [True, False])
def test_a_command_that_is_one_update_answers_as_any_other(
    server: Server, change: dict[str, Any], identity: int, *, ordered: bool
) -> None:
    """Changed, made, refused by a unique index or by a rule: the same reply whichever way it went."""
    answers = []
    for name in ("short", "long"):
        server.write(create_indexes, {"createIndexes": name, "indexes": _INDEXES, "$db": "shop"})
        documents = [{"_id": 1, "b": 1}, {"_id": 2, "c": 7}]
        server.write(writing.insert, {"insert": name, "$db": "shop"}, documents=documents)
        body = {"update": name, "ordered": ordered, "$db": "shop"}
        statement = {"q": {"_id": identity}, "u": change, "upsert": True}

        def command(call: Call, session: WriteSession, name: str = name) -> bytes:
            alone = update_alone(call, writing.update) if name == "short" else None
            return alone(session) if alone is not None else writing.update(call, session)

        answers.append(repr(server.write(command, body, updates=[statement])).replace(name, "N"))
    assert answers[0] == answers[1]
    assert server.stored("short") == server.stored("long")


@pytest.mark.parametrize(
    ("body", "statements"),
    [
        ({"update": "t"}, [{"q": {"_id": 1}, "u": {"$set": {"a": 1}}}] * 2),
        ({"update": "t"}, [{"q": {"_id": 1, "v": 1}, "u": {"$set": {"a": 1}}}]),
        ({"update": "t"}, [{"q": {"_id": 1}, "u": {"$inc": {"a": 1}}}]),
        ({"update": "t"}, [{"q": {"_id": 1}, "u": {"$set": {"a": "x" * 100_000}}}]),
        ({"update": "t", "ordered": "yes"}, [{"q": {"_id": 1}, "u": {"$set": {"a": 1}}}]),
    ],
)
def test_anything_else_is_not_read_as_one_update(
    server: Server, body: dict[str, Any], statements: list[dict[str, Any]]
) -> None:
    """Several statements, a guard, another operator, a great document and an odd option go the long way."""
    assert update_alone(server.call({**body, "$db": "shop"}, updates=statements), writing.update) is None


def test_documents_that_cannot_be_written_again_are_refused(server: Server) -> None:
    """A stored symbol is not turned into a string by the short way either."""
    symbol = b"\x0e\x00\x00\x00\x0es\x00\x02\x00\x00\x00x\x00\x00"
    body = encode({"_id": 1})
    stored = (len(body) + len(symbol) - 5).to_bytes(4, "little") + body[4:-1] + symbol[4:]
    call = server.call({"insert": "things", "$db": "shop"})
    call.request.sequences["documents"] = [stored]
    session = WriteSession(server._directory)
    writing.insert(call, session)
    for database in session.begun:
        database.connection.execute("COMMIT")
        database.publish()
    answer = server.write(
        writing.update,
        {"update": "things", "$db": "shop"},
        updates=[{"q": {"_id": 1}, "u": {"$set": {"a": 1}}}],
    )
    assert answer["n"] == 0
    assert "symbol" in answer["writeErrors"][0]["errmsg"]
    assert server.stored("things")[0] == [stored]


@pytest.mark.parametrize(
    ("body", "sequences", "brief"),
    [
        ({"insert": "t"}, {"documents": [{"a": 1}]}, True),
        ({"insert": "t"}, {"documents": [{"a": 1}] * 50}, False),
        ({"insert": "t"}, {"documents": [{"a": "x" * 100_000}]}, False),
        ({"update": "t"}, {"updates": [{"q": {"_id": "x", "v": 1}, "u": {"$set": {"a": 1}}}]}, True),
        ({"update": "t"}, {"updates": [{"q": {"a": 1}, "u": {"$set": {"a": 1}}}]}, False),
        ({"update": "t"}, {"updates": [{"q": {"_id": {"$gt": 1}}, "u": {"$set": {"a": 1}}}]}, False),
        ({"update": "t"}, {"updates": [{"q": {"_id": 1}, "u": {"$set": {"a": 1}}, "hint": "a"}]}, False),
        ({"delete": "t"}, {"deletes": [{"q": {"_id": 1}, "limit": 1}]}, True),
        ({"delete": "t"}, {"deletes": [{"q": {}, "limit": 0}]}, False),
        ({"findAndModify": "t", "query": {"_id": 1}, "remove": True}, {}, True),
        ({"findAndModify": "t", "query": {"a": 1}, "remove": True}, {}, False),
        ({"find": "t", "filter": {"_id": "x", "v": 1}}, {}, True),
        ({"find": "t", "filter": {"v": 1}}, {}, False),
        ({"find": "t", "filter": {"_id": {"$in": ["x"]}}}, {}, False),
        ({"count": "t", "query": {"_id": "x"}}, {}, False),
        ({"dropDatabase": 1}, {}, False),
    ],
)
def test_only_what_finds_its_documents_by_key_is_brief(
    server: Server, body: dict[str, Any], sequences: dict[str, list[dict[str, Any]]], *, brief: bool
) -> None:
    """A search, a great batch and a great document are for the writer's thread."""
    assert is_brief(server.call({**body, "$db": "shop"}, **sequences)) is brief
