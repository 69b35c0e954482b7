"""Our document server and another engine are asked the same at random: result, error code, stored bytes.

Where they differ, MongoDB's manual decides; `differences` lists what is left, with the reason.
"""

from __future__ import annotations

import uuid
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

import bson
import pytest
from hypothesis import HealthCheck, given, settings
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from tests.engines.choice import missing, running_engine
from tests.engines.differences import is_known
from tests.engines.documents import documents, filters, pipelines, sorts, updates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pymongo.collection import Collection

    from tests.engines.choice import EngineName

    Things = Collection[dict[str, Any]]

_EXAMPLES = settings(
    max_examples=400,
    deadline=None,
    # The same examples in each run: what was green stays green until somebody changes something.
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Pair(NamedTuple):
    """A collection on our engine and one on another."""

    ours: Things
    theirs: Things
    other: EngineName


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Yield a pair on engines that run; MongoDB is the other one where it can be had."""
    candidates: tuple[EngineName, ...] = ("mongodb", "java")
    others = [name for name in candidates if missing(name) is None]
    if not others:
        pytest.skip(f"no other engine: {missing('mongodb')}; {missing('java')}")
    with ExitStack() as stack:
        found = []
        pair: tuple[EngineName, ...] = ("earshot", others[0])
        for name in pair:
            address = stack.enter_context(running_engine(name, tmp_path_factory.mktemp(name)))
            client = stack.enter_context(
                MongoClient[dict[str, Any]](address, tz_aware=True, retryWrites=False)
            )
            found.append(client[f"agree_{uuid.uuid4().hex[:8]}"]["things"])
        yield Pair(found[0], found[1], others[0])


def _answer(things: Things, ask: Callable[[Things], Any]) -> tuple[Any, int | None]:
    """Return what is answered as bytes, or the code of the refusal."""
    try:
        answered = ask(things)
    except OperationFailure as error:
        return None, error.code
    except PyMongoError as error:
        raise AssertionError(f"The engine broke: {error!r}") from error
    return bson.encode({"answer": answered}), None


def _stored(things: Things) -> list[bytes]:
    return [bson.encode(row) for row in things.find({}).sort("_id", 1)]


def _fill(engines: Sequence[Things], rows: list[dict[str, Any]], indexes: Sequence[str] = ()) -> None:
    for things in engines:
        things.drop()
        for field in indexes:
            things.create_index(field)
        things.insert_many([dict(row) for row in rows])


def _agree(engines: Pair, what: str, ask: Callable[[Things], Any], detail: Any) -> None:
    ours, theirs = _answer(engines.ours, ask), _answer(engines.theirs, ask)
    if ours == theirs or is_known(engines.other, what, detail, ours[1], theirs[1]):
        return
    shown = [
        bson.decode(each[0])["answer"] if each[0] is not None else f"code {each[1]}"
        for each in (ours, theirs)
    ]
    raise AssertionError(f"{what} {detail}: ours {shown[0]}, theirs {shown[1]}")


@_EXAMPLES
@given(rows=documents(), query=filters, order=sorts)
def test_finds_agree(engines: Pair, rows: list[dict[str, Any]], query: dict[str, Any], order: Any) -> None:
    """The same documents are found, in the same order, byte for byte."""
    _fill(engines[:2], rows)
    _agree(engines, "find", lambda things: list(things.find(query).sort(order)), (query, order, rows))


@_EXAMPLES
@given(rows=documents(), query=filters)
def test_an_index_changes_no_answer(engines: Pair, rows: list[dict[str, Any]], query: dict[str, Any]) -> None:
    """Our engine finds by indexes what it finds without."""
    ours = engines.ours
    _fill([ours], rows)
    plain, code = _answer(ours, lambda things: list(things.find(query).sort("_id", 1)))
    _fill([ours], rows, ("a", "b", "c", "a.x"))
    by_index = _answer(ours, lambda things: list(things.find(query).sort("_id", 1)))
    assert by_index == (plain, code)


@_EXAMPLES
@given(rows=documents(), query=filters, change=updates)
def test_updates_agree(
    engines: Pair,
    rows: list[dict[str, Any]],
    query: dict[str, Any],
    change: dict[str, Any],
) -> None:
    """The same documents are changed to the same bytes, or the same is refused."""
    _fill(engines[:2], rows)

    def update(things: Things) -> Any:
        # One at a time: an engine may change some of many before it refuses one.
        done = [
            things.update_one(
                {"$and": [{"_id": row["_id"]}, query]} if query else {"_id": row["_id"]}, change
            )
            for row in rows
        ]
        return {"matched": sum(each.matched_count for each in done), "stored": _stored(things)}

    _agree(engines, "update", update, (query, change, rows))


@_EXAMPLES
@given(rows=documents(), pipeline=pipelines)
def test_pipelines_agree(engines: Pair, rows: list[dict[str, Any]], pipeline: list[dict[str, Any]]) -> None:
    """The same results come out of a pipeline, in the same order."""
    _fill(engines[:2], rows)
    _agree(engines, "aggregate", lambda things: list(things.aggregate(pipeline)), (pipeline, rows))
