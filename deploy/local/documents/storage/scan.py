"""Reading a collection in pieces: by its rows, by ``_id``, or by an index, each piece its own short query.

A scan remembers where it stands instead of keeping a statement open, so a slow client's cursor never holds
a snapshot (which would keep SQLite's log from being folded back). A document that changes between two
pieces is seen before or after the change, as with MongoDB's cursors.
"""

# ruff: noqa: S608 - table names are a letter and a number from the catalog; every value is bound

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from deploy.local.documents.storage.catalog import Collection, Index

Row = tuple[int, bytes]
"""A document's row number and its bytes."""

_LARGEST_PIECE: Final = 1024
_FIRST_PIECE: Final = 101
_LAST_ROW: Final = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Leg:
    """One interval of one index.

    Attributes:
        index: The index; None for ``_id`` itself.
        low: The first key inside the interval.
        high: The first key after it.
        point: Whether ``low`` is one whole key rather than the start of a range.
    """

    index: Index | None
    low: bytes
    high: bytes
    point: bool = False


class Source:
    """The connection that a scan reads through; set anew for each request that pulls on it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection


def scan_rows(source: Source, collection: Collection, *, reverse: bool = False) -> Iterator[Row]:
    """Every document in the order of insertion, or its reverse."""
    table, position, size = collection.table, _LAST_ROW if reverse else 0, _FIRST_PIECE
    comparison, direction = ("<", "DESC") if reverse else (">", "ASC")
    while True:
        rows = source.connection.execute(
            f"SELECT rid, body FROM {table} WHERE rid {comparison} ? ORDER BY rid {direction} LIMIT ?",
            (position, size),
        ).fetchall()
        yield from rows
        if len(rows) < size:
            return
        position, size = rows[-1][0], _LARGEST_PIECE


def scan_leg(
    source: Source, collection: Collection, leg: Leg, *, reverse: bool = False
) -> Iterator[tuple[bytes, int, bytes]]:
    """The documents of one interval in the order of its keys: key, row number, bytes."""
    if leg.index is None:
        yield from _scan_ids(source, collection, leg, reverse=reverse)
    elif leg.point:
        yield from _scan_point(source, collection, leg, leg.index, reverse=reverse)
    else:
        yield from _scan_range(source, collection, leg, leg.index, reverse=reverse)


def _scan_ids(
    source: Source, collection: Collection, leg: Leg, *, reverse: bool
) -> Iterator[tuple[bytes, int, bytes]]:
    if leg.point:
        yield from source.connection.execute(
            f"SELECT key, rid, body FROM {collection.table} WHERE key = ?", (leg.low,)
        ).fetchall()
        return
    low, high, size = leg.low, leg.high, _FIRST_PIECE
    direction = "DESC" if reverse else "ASC"
    while True:
        rows = source.connection.execute(
            f"SELECT key, rid, body FROM {collection.table} WHERE key >= ? AND key < ?"
            f" ORDER BY key {direction} LIMIT ?",
            (low, high, size),
        ).fetchall()
        yield from rows
        if len(rows) < size:
            return
        if reverse:
            high = rows[-1][0]
        else:
            low = rows[-1][0] + b"\x00"
        size = _LARGEST_PIECE


def _scan_point(
    source: Source, collection: Collection, leg: Leg, index: Index, *, reverse: bool
) -> Iterator[tuple[bytes, int, bytes]]:
    position, size = _LAST_ROW if reverse else 0, _FIRST_PIECE
    comparison, direction = ("<", "DESC") if reverse else (">", "ASC")
    while True:
        rows = source.connection.execute(
            f"SELECT e.key, e.rid, d.body FROM {index.table} e"
            f" CROSS JOIN {collection.table} d ON d.rid = e.rid"
            f" WHERE e.key = ? AND e.rid {comparison} ? ORDER BY e.rid {direction} LIMIT ?",
            (leg.low, position, size),
        ).fetchall()
        yield from rows
        if len(rows) < size:
            return
        position, size = rows[-1][1], _LARGEST_PIECE


def _scan_range(
    source: Source, collection: Collection, leg: Leg, index: Index, *, reverse: bool
) -> Iterator[tuple[bytes, int, bytes]]:
    key, rid = (leg.high, 0) if reverse else (leg.low, -1)
    size, direction = _FIRST_PIECE, "DESC" if reverse else "ASC"
    bounds = "e.key >= ? AND (e.key, e.rid) < (?, ?)" if reverse else "(e.key, e.rid) > (?, ?) AND e.key < ?"
    while True:
        values = (leg.low, key, rid, size) if reverse else (key, rid, leg.high, size)
        rows = source.connection.execute(
            f"SELECT e.key, e.rid, d.body FROM {index.table} e"
            f" CROSS JOIN {collection.table} d ON d.rid = e.rid"
            f" WHERE {bounds} ORDER BY e.key {direction}, e.rid {direction} LIMIT ?",
            values,
        ).fetchall()
        yield from rows
        if len(rows) < size:
            return
        key, rid, size = rows[-1][0], rows[-1][1], _LARGEST_PIECE


def count_leg(source: Source, collection: Collection, leg: Leg) -> int:
    """How many entries an interval has, counted by SQLite without touching a document."""
    table = collection.table if leg.index is None else leg.index.table
    (count,) = source.connection.execute(
        f"SELECT COUNT(*) FROM {table} WHERE key >= ? AND key < ?", (leg.low, leg.high)
    ).fetchone()
    return int(count)


def count_rows(source: Source, collection: Collection) -> int:
    (count,) = source.connection.execute(f"SELECT COUNT(*) FROM {collection.table}").fetchone()
    return int(count)
