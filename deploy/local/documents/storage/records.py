"""Writing documents: the document's row and its index entries change together, or not at all.

Everything that can be refused (a unique key that is taken, parallel arrays) is checked before the first
row is written, so a refused document leaves no trace inside its transaction.
"""

# ruff: noqa: S608 - table names are a letter and a number from the catalog; every value is bound

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from deploy.local.documents.codec import decode
from deploy.local.documents.errors import DuplicateKeyError
from deploy.local.documents.keys import encode_key
from deploy.local.documents.paths import MISSING
from deploy.local.documents.storage.entries import EMPTY, Entries, encode_component, entries_of, value_tuples
from deploy.local.documents.storage.recent import Stored

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from deploy.local.documents.codec import Document
    from deploy.local.documents.storage.catalog import Collection, Index
    from deploy.local.documents.storage.database import Database

_NO_ENTRIES = Entries(frozenset(), frozenset())


def insert(database: Database, collection: Collection, document: Document, body: bytes) -> None:
    """Store a new document; raises `DuplicateKeyError` with nothing written."""
    entries = [
        _checked(database, collection, index, document, _NO_ENTRIES, -1) for index in collection.indexes
    ]
    key = encode_key(document["_id"])
    try:
        cursor = database.execute(f"INSERT INTO {collection.table} (key, body) VALUES (?, ?)", (key, body))
    except sqlite3.IntegrityError as error:
        raise DuplicateKeyError(collection.namespace, "_id_", {"_id": 1}, {"_id": document["_id"]}) from error
    rid = int(cursor.lastrowid or 0)
    for index, (added, _) in zip(collection.indexes, entries, strict=True):
        _write_entries(database, index, rid, added, frozenset())


def replace(
    database: Database,
    collection: Collection,
    rid: int,
    old: Document,
    new: Document,
    body: bytes,
    touched: AbstractSet[str] | None,
    key: bytes | None = None,
) -> None:
    """Store a document's new state; only index entries that differ are written.

    ``touched`` names the document's own fields that may differ, None where all may: indexes on others are
    not even looked at. ``key`` is its encoded ``_id``, where the caller has it: then the new state is
    remembered as recent, and must be just what its bytes decode to.
    """
    changes, moves = [], []
    for index in collection.indexes:
        if touched is not None and touched.isdisjoint(index.fields):
            continue
        moved = _moved(index, old, new)
        if moved is not None:
            moves.append(moved)
            continue
        before = entries_of(old, index.order, sparse=index.sparse)
        now = entries_of(new, index.order, sparse=index.sparse)
        if now != before:
            changes.append((index, *_differing(database, collection, index, new, before, now, rid)))
    if key is None:
        database.recent.forget(collection.table, encode_key(old["_id"]))
    else:
        database.recent.keep(collection.table, key, Stored(rid, body, new))
    execute = database.execute
    execute(f"UPDATE {collection.table} SET body = ? WHERE rid = ?", (body, rid))
    for table, now_at, was_at in moves:
        if now_at != was_at:
            execute(f"UPDATE {table} SET key = ? WHERE key = ? AND rid = ?", (now_at, was_at, rid))
    for index, added, removed in changes:
        _write_entries(database, index, rid, added, removed)


def _moved(index: Index, old: Document, new: Document) -> tuple[str, bytes, bytes] | None:
    """Table, new key and old key of the one entry in an index on one field that holds no array; else None."""
    if index.single is None or index.unique or index.sparse:
        return None
    name, direction = index.single
    was, now = old.get(name, MISSING), new.get(name, MISSING)
    if isinstance(was, list) or isinstance(now, list):
        return None
    return index.table, encode_component(now, direction), encode_component(was, direction)


def delete(database: Database, collection: Collection, rid: int, document: Document) -> None:
    for index in collection.indexes:
        removed = entries_of(document, index.order, sparse=index.sparse).keys
        _write_entries(database, index, rid, frozenset(), removed)
    database.recent.forget(collection.table, encode_key(document["_id"]))
    database.execute(f"DELETE FROM {collection.table} WHERE rid = ?", (rid,))


def body_of(database: Database, collection: Collection, rid: int) -> bytes:
    """The stored bytes of a document whose row number was found in the same transaction."""
    (body,) = database.execute(f"SELECT body FROM {collection.table} WHERE rid = ?", (rid,)).fetchone()
    return bytes(body)


def by_key(database: Database, collection: Collection, key: bytes) -> tuple[int, bytes] | None:
    """The row number and the stored bytes of the document with an encoded ``_id``."""
    row: tuple[int, bytes] | None = database.execute(
        f"SELECT rid, body FROM {collection.table} WHERE key = ?", (key,)
    ).fetchone()
    return row


def fill_index(database: Database, collection: Collection, index: Index) -> None:
    """Give a new index the entries of all documents there are; raises `DuplicateKeyError` at a conflict."""
    after = 0
    while True:
        rows = database.execute(
            f"SELECT rid, body FROM {collection.table} WHERE rid > ? ORDER BY rid LIMIT 1000", (after,)
        ).fetchall()
        for rid, body in rows:
            added, _ = _checked(database, collection, index, decode(body), _NO_ENTRIES, rid)
            _write_entries(database, index, rid, added, frozenset())
        if not rows:
            return
        after = rows[-1][0]


def _checked(
    database: Database, collection: Collection, index: Index, document: Document, before: Entries, rid: int
) -> tuple[frozenset[bytes], frozenset[bytes]]:
    """The keys to add and to remove, after the unique constraint was asked."""
    now = entries_of(document, index.order, sparse=index.sparse)
    return _differing(database, collection, index, document, before, now, rid)


def _differing(
    database: Database,
    collection: Collection,
    index: Index,
    document: Document,
    before: Entries,
    now: Entries,
    rid: int,
) -> tuple[frozenset[bytes], frozenset[bytes]]:
    added, removed = now.keys - before.keys, before.keys - now.keys
    if index.unique:
        for key in added:
            taken = database.execute(
                f"SELECT 1 FROM {index.table} WHERE key = ? AND rid <> ? LIMIT 1", (key, rid)
            ).fetchone()
            if taken:
                raise DuplicateKeyError(
                    collection.namespace, index.name, index.key_pattern, _colliding(index, document, key)
                )
    if not now.multikey <= index.multikey:
        database.mark_multikey(index, now.multikey)
    return added, removed


def _write_entries(
    database: Database, index: Index, rid: int, added: frozenset[bytes], removed: frozenset[bytes]
) -> None:
    execute = database.execute
    if len(added) == len(removed) == 1:
        (key,), (before,) = added, removed
        execute(f"UPDATE {index.table} SET key = ? WHERE key = ? AND rid = ?", (key, before, rid))
        return
    for key in removed:
        execute(f"DELETE FROM {index.table} WHERE key = ? AND rid = ?", (key, rid))
    for key in added:
        execute(f"INSERT INTO {index.table} (key, rid) VALUES (?, ?)", (key, rid))


def _colliding(index: Index, document: Document, key: bytes) -> dict[str, Any]:
    """The values of the one entry that is taken, by field."""
    tuples, _ = value_tuples(document, index.order)
    for values in tuples:
        single = {f"f{at}": (MISSING if value is EMPTY else value) for at, value in enumerate(values)}
        order = tuple(((f"f{at}",), direction) for at, (_, direction) in enumerate(index.order))
        if len(tuples) == 1 or key in entries_of(single, order, sparse=False).keys:
            return {
                ".".join(path): None if value is MISSING or value is EMPTY else value
                for (path, _), value in zip(index.order, values, strict=True)
            }
    return {}
