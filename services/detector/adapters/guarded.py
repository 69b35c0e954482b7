"""Writes that lose to newer state without an error.

A guarded upsert that finds newer state is refused by the unique `_id`, and that refusal is the answer wanted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo.errors import BulkWriteError, DuplicateKeyError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from shared.documents.collection import ScopedCollection, Write

_DUPLICATE_KEY = 11_000
_WRITES_AT_ONCE = 1_000
"""Writes in one command; PyMongo cuts by size as well."""


async def write_newer(collection: ScopedCollection, writes: Sequence[Write]) -> None:
    """Run guarded upserts; those that meet newer state are dropped. Raises on every other write error."""
    for start in range(0, len(writes), _WRITES_AT_ONCE):
        try:
            await collection.bulk_write(writes[start : start + _WRITES_AT_ONCE], ordered=False)
        except BulkWriteError as error:
            problems = (error.details or {}).get("writeErrors", [])
            if not problems or any(problem.get("code") != _DUPLICATE_KEY for problem in problems):
                raise


async def upsert_newer(
    collection: ScopedCollection, query: Mapping[str, Any], update: Mapping[str, Any]
) -> bool:
    """Run one guarded upsert; return False when it met newer state."""
    try:
        await collection.update_one(query, update, upsert=True)
    except DuplicateKeyError:
        return False
    return True
