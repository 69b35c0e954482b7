"""How fast the document server is: ``python tests/benchmarks/documents_bench.py [--documents 1000000]``.

Starts a server of its own on a free port and a temporary directory, speaks to it through PyMongo's asyncio
client, and prints one table. The lookups are timed at a small and at a large collection, because what they
cost must not depend on its size.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from pymongo import AsyncMongoClient, InsertOne, UpdateOne

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pymongo.asynchronous.collection import AsyncCollection

    Collection = AsyncCollection[dict[str, Any]]

ROOT = Path(__file__).parents[2]
SMALL = 1000
BATCH = 5000
KINDS = 50


def document(number: int) -> dict[str, Any]:
    """A document of the size that signals and parts have, about 600 bytes."""
    return {
        "_id": f"item-{number:08}",
        "organization_id": "org-1",
        "key": f"key-{number * 7919 % 1_000_003:07}",
        "kind": f"kind-{number % KINDS}",
        "rank": number,
        "customer": {"id": f"customer-{number % 997}", "name": "A customer of some length"},
        "tags": ["one", "two", f"tag-{number % 13}"],
        "text": "The export keeps failing since the last update, could somebody please look at it. " * 4,
    }


async def fill(collection: Collection, start: int, end: int) -> float:
    """Insert documents in bulk; gives the seconds it took."""
    begun = time.perf_counter()
    for first in range(start, end, BATCH):
        numbers = range(first, min(first + BATCH, end))
        await collection.bulk_write([InsertOne(document(number)) for number in numbers], ordered=False)
    return time.perf_counter() - begun


async def timed(repeat: int, action: Callable[[int], Awaitable[Any]]) -> tuple[float, float]:
    """Run an action one after another; gives operations per second and the median in milliseconds."""
    times = []
    for number in range(repeat):
        begun = time.perf_counter()
        await action(number)
        times.append(time.perf_counter() - begun)
    return repeat / sum(times), statistics.median(times) * 1000


async def lookups(collection: Collection, size: int, rows: list[tuple[str, str, str]]) -> None:
    """Time what is answered by an index at this size of collection."""

    def number_of(step: int) -> int:
        return step * 104_729 % size

    async def by_id(step: int) -> None:
        assert await collection.find_one({"_id": document(number_of(step))["_id"]})

    async def by_index(step: int) -> None:
        assert await collection.find_one(
            {"organization_id": "org-1", "key": document(number_of(step))["key"]}
        )

    async def page(step: int) -> None:
        query = {"organization_id": "org-1", "kind": f"kind-{step % KINDS}"}
        assert await collection.find(query).sort("rank", -1).limit(20).to_list()

    async def by_range(step: int) -> None:
        low = min(number_of(step), size - 10)
        query = {"organization_id": "org-1", "rank": {"$gte": low, "$lt": low + 10}}
        assert len(await collection.find(query).to_list()) == min(10, size)

    for name, action in (
        ("find by _id", by_id),
        ("find by unique index", by_index),
        ("page of 20, filtered and sorted by index", page),
        ("range of 10 by index", by_range),
    ):
        rate, median = await timed(1000, action)
        rows.append((f"{name}, {size:,} documents", f"{rate:,.0f}/s", f"{median:.2f} ms"))


async def measure(address: str, documents: int, pid: int) -> list[tuple[str, str, str]]:
    """All measurements, as rows of the table."""
    rows: list[tuple[str, str, str]] = []
    async with AsyncMongoClient[dict[str, Any]](address) as client:
        idle = psutil.Process(pid).memory_info().rss / 1e6
        rows.append(("resident memory, idle", f"{idle:.0f} MB", ""))
        collection = client["bench"]["items"]
        await collection.create_index([("organization_id", 1), ("key", 1)], unique=True)
        await collection.create_index([("organization_id", 1), ("kind", 1), ("rank", -1)])
        await collection.create_index([("organization_id", 1), ("rank", 1)])

        plain = client["bench"]["plain"]

        async def upsert(number: int) -> None:
            await plain.update_one(
                {"_id": number % 2000}, {"$set": {"v": number, "text": "x" * 300}}, upsert=True
            )

        rate, median = await timed(4000, upsert)
        rows.append(("upsert, one client", f"{rate:,.0f}/s", f"{median:.2f} ms"))
        begun = time.perf_counter()
        for _ in range(10):
            await asyncio.gather(*[upsert(number) for number in range(400)])
        rows.append(("upsert, 100 connections at once", f"{4000 / (time.perf_counter() - begun):,.0f}/s", ""))
        begun = time.perf_counter()
        for first in range(0, 40_000, BATCH):
            operations = [
                UpdateOne({"_id": number}, {"$set": {"v": number, "text": "x" * 300}}, upsert=True)
                for number in range(first, first + BATCH)
            ]
            await plain.bulk_write(operations, ordered=False)
        rows.append(("upsert in bulk", f"{40_000 / (time.perf_counter() - begun):,.0f}/s", ""))

        await fill(collection, 0, SMALL)
        await lookups(collection, SMALL, rows)
        seconds = await fill(collection, SMALL, documents)
        rows.append(("insert in bulk, three indexes", f"{(documents - SMALL) / seconds:,.0f}/s", ""))
        await lookups(collection, documents, rows)

        begun = time.perf_counter()
        counted = await collection.count_documents({"organization_id": "org-1", "kind": "kind-7"})
        seconds = time.perf_counter() - begun
        rows.append((f"count {counted:,} by index", f"{seconds * 1000:,.0f} ms", ""))
        begun = time.perf_counter()
        pipeline: list[dict[str, Any]] = [
            {"$match": {"organization_id": "org-1", "kind": {"$in": ["kind-1", "kind-2"]}}},
            {"$group": {"_id": "$customer.id", "n": {"$sum": 1}, "last": {"$max": "$rank"}}},
            {"$sort": {"n": -1}},
            {"$limit": 10},
        ]
        assert len(await (await collection.aggregate(pipeline)).to_list()) == 10
        seconds = time.perf_counter() - begun
        matched = 2 * documents // KINDS
        rows.append(
            (
                f"group {matched:,} matched by index",
                f"{matched / seconds:,.0f}/s",
                f"{seconds * 1000:,.0f} ms",
            )
        )
        used = psutil.Process(pid).memory_info().rss / 1e6
        rows.append(("resident memory, at the end", f"{used:.0f} MB", ""))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--synchronous", choices=("FULL", "NORMAL"), default="NORMAL")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        begun = time.perf_counter()
        server = subprocess.Popen(  # noqa: S603 - our own module with our own arguments
            [
                sys.executable,
                "-m",
                "deploy.local.documents",
                "--port",
                "0",
                "--directory",
                directory,
                "--synchronous",
                options.synchronous,
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert server.stdout is not None
            address = server.stdout.readline().split()[1]
            started = time.perf_counter() - begun
            rows = asyncio.run(measure(address, options.documents, server.pid))
        finally:
            server.terminate()
            server.wait(timeout=60)
    rows.insert(0, ("start until it listens", f"{started * 1000:.0f} ms", ""))
    for name, value, median in rows:
        sys.stdout.write(f"| {name:<58} | {value:>12} | {median:>10} |\n")


if __name__ == "__main__":
    main()
