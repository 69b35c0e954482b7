"""Writes that yield to newer state without an error.

A guarded upsert that meets newer state is refused by the unique `_id`, and that refusal is the wanted result.
Documents that are probably new are inserted first: an insert costs a server a third of an upsert, and the
unique `_id` shows which documents existed already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError

from shared.documents.database import DUPLICATE_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from shared.documents.collection import ScopedCollection, Write
    from shared.documents.database import Document

_WRITES_AT_ONCE = 1_000
"""Writes in one command; PyMongo cuts by size as well."""


async def write_newer(collection: ScopedCollection, writes: Sequence[Write]) -> list[int]:
    """Run guarded upserts; return the positions of those that met newer state, which are dropped.

    Raises on every other write error.
    """
    dropped: list[int] = []
    for start in range(0, len(writes), _WRITES_AT_ONCE):
        try:
            await collection.bulk_write(writes[start : start + _WRITES_AT_ONCE], ordered=False)
        except BulkWriteError as error:
            dropped += [start + position for position in _taken(error)]
    return dropped


async def store_newer(
    collection: ScopedCollection,
    documents: Sequence[Document],
    *,
    grave: str,
    first: Mapping[str, Any] | None = None,
) -> None:
    """Store documents, each unless a newer one with its `_id` exists; fields that it does not name stay.

    Each has `_id` and `observed_at`; `grave` is the field that marks a deleted one, and is removed. `first`
    are fields for new documents only. No two may have the same `_id`.
    """
    for start in range(0, len(documents), _WRITES_AT_ONCE):
        portion = documents[start : start + _WRITES_AT_ONCE]
        try:
            new = [{**(first or {}), **document} for document in portion] if first else portion
            await collection.insert_many(new, ordered=False)
        except BulkWriteError as error:
            refused = [portion[position] for position in _taken(error)]
            await write_newer(collection, [_guarded(document, grave) for document in refused])


def _guarded(document: Document, grave: str) -> UpdateOne:
    fields = {name: value for name, value in document.items() if name != "_id"}
    return UpdateOne(
        {"_id": document["_id"], "observed_at": {"$lte": document["observed_at"]}},
        {"$set": fields, "$unset": {grave: ""}},
        upsert=True,
    )


def _taken(error: BulkWriteError) -> list[int]:
    """Return which writes met an existing `_id`. Raises the error if there was any other reason."""
    problems = (error.details or {}).get("writeErrors", [])
    if not problems or any(problem.get("code") != DUPLICATE_KEY for problem in problems):
        raise error
    return [problem["index"] for problem in problems]


async def upsert_newer(
    collection: ScopedCollection, query: Mapping[str, Any], update: Mapping[str, Any]
) -> bool:
    """Run one guarded upsert; return False when it met newer state."""
    try:
        await collection.update_one(query, update, upsert=True)
    except DuplicateKeyError:
        return False
    return True
