"""Our document server beside mongo-java-server: `python -m tests.benchmarks.engines_bench [--short]`.

Both are asked the same by the same client, in turns, so that whatever else the machine does weighs on both.
The other engine keeps everything in memory and survives nothing; ours acknowledges what is with the operating
system. Ours is asked over its Unix socket, as local mode asks it; the other one has TCP alone. Lookups are
timed at a small and at a large collection: what they cost must not depend on its size.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pymongo import InsertOne, MongoClient, UpdateOne

from tests.engines.choice import TITLES, missing, running_engine

if TYPE_CHECKING:
    from collections.abc import Callable

    from pymongo.collection import Collection

    from tests.engines.choice import EngineName

    Things = Collection[dict[str, Any]]

_SMALL = 1_000
_BATCH = 1_000
_ROUNDS = 5
"""Turns; the median of their rates is shown."""


def _document(number: int) -> dict[str, Any]:
    return {
        "_id": f"item-{number:08}",
        "organization_id": "org-1",
        "key": f"key-{number * 7919 % 1_000_003:07}",
        "kind": f"kind-{number % 50}",
        "rank": number,
        "tags": ["one", "two", f"tag-{number % 13}"],
        "text": "The export keeps failing since the last update, could somebody please look at it. " * 4,
    }


def _fill(things: Things, start: int, end: int) -> None:
    for first in range(start, end, _BATCH):
        things.bulk_write(
            [InsertOne(_document(number)) for number in range(first, min(first + _BATCH, end))], ordered=False
        )


def _upsert(things: Things, step: int) -> int:
    things.update_one({"_id": f"single-{step % 500}"}, {"$set": {"rank": step, "kind": "x"}}, upsert=True)
    return 1


def _upserts(things: Things, step: int) -> int:
    things.bulk_write(
        [
            UpdateOne({"_id": f"bulk-{number}"}, {"$set": {"rank": step, "kind": "x"}}, upsert=True)
            for number in range(500)
        ],
        ordered=False,
    )
    return 500


def _find(size: int) -> Callable[[Things, int], int]:
    def find(things: Things, step: int) -> int:
        key = _document(step * 104_729 % size)["key"]
        assert things.find_one({"organization_id": "org-1", "key": key})
        return 1

    return find


def _group(things: Things, step: int) -> int:
    del step
    rows = list(
        things.aggregate(
            [
                {"$match": {"rank": {"$lt": _SMALL}}},
                {"$group": {"_id": "$kind", "n": {"$sum": 1}, "top": {"$max": "$rank"}}},
                {"$sort": {"n": -1}},
            ]
        )
    )
    assert len(rows) >= 50
    return _SMALL


def _rate(things: Things, ask: Callable[[Things, int], int], seconds: float, start: int) -> float:
    """Return units a second, over at least that long."""
    begun, done, step = time.perf_counter(), 0, start
    while time.perf_counter() - begun < seconds:
        done += ask(things, step)
        step += 1
    return done / (time.perf_counter() - begun)


def _compared(pair: list[Things], ask: Callable[[Things, int], int], seconds: float) -> tuple[float, float]:
    rates: tuple[list[float], list[float]] = ([], [])
    for turn in range(_ROUNDS):
        for things, found in zip(pair, rates, strict=True):
            found.append(_rate(things, ask, seconds, turn * 10_007))
    return statistics.median(rates[0]), statistics.median(rates[1])


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--short", action="store_true", help="50,000 documents, short turns")
    parser.add_argument("--tcp", action="store_true", help="ask ours over TCP too, not as local mode")
    arguments = parser.parse_args()
    large = 50_000 if arguments.short else arguments.documents
    seconds = 0.4 if arguments.short else 2.0
    reason = missing("java")
    if reason is not None:
        sys.stdout.write(f"{TITLES['java']} is not here: {reason}\n")
        return 1
    names: tuple[EngineName, ...] = ("earshot", "java")
    with ExitStack() as stack:
        pair = []
        for name in names:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            address = stack.enter_context(running_engine(name, folder, on_socket=not arguments.tcp))
            client = stack.enter_context(MongoClient[dict[str, Any]](address, retryWrites=False))
            things = client["bench"]["things"]
            things.create_index([("organization_id", 1), ("key", 1)])
            things.create_index("rank")
            pair.append(things)
        rows = []
        for first, size in ((0, _SMALL), (_SMALL, large)):
            for things in pair:
                _fill(things, first, size)
            # What the fill left to be written, by one of them, is no part of what is asked afterwards.
            os.sync()
            rows += [
                (f"{what}, {size:,} documents", _compared(pair, ask, seconds))
                for what, ask in (
                    ("find by index", _find(size)),
                    ("upserts, one by one", _upsert),
                    ("upserts, 500 at once", _upserts),
                    (f"group {_SMALL:,} of them", _group),
                )
            ]
    sys.stdout.write("| a second | ours | mongo-java-server | ratio |\n| --- | --- | --- | --- |\n")
    for what, (ours, theirs) in rows:
        sys.stdout.write(f"| {what} | {ours:,.0f} | {theirs:,.0f} | {ours / theirs:.2f} |\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
