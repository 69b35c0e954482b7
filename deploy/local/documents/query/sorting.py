"""Sort orders: the key of a document under a sort specification, as bytes that compare like MongoDB's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from deploy.local.documents.errors import BadValueError, UnsupportedError
from deploy.local.documents.keys import EMPTY_ARRAY, NULL, encode_key, invert
from deploy.local.documents.paths import MISSING, Path, split, walk

if TYPE_CHECKING:
    from deploy.local.documents.codec import Document

MAX_FIELDS: Final = 32

SortOrder = tuple[tuple[Path, int], ...]
"""Paths with 1 (ascending) or -1 (descending), most significant first."""


def parse_sort(specification: Any) -> SortOrder:
    """Read ``{"a": 1, "b.c": -1}``; raises `BadValueError` for anything else."""
    if specification is None:
        return ()
    if not isinstance(specification, dict):
        raise BadValueError("a sort has to be a document")
    if len(specification) > MAX_FIELDS:
        raise BadValueError(f"a sort has at most {MAX_FIELDS} fields")
    fields = []
    for name, direction in specification.items():
        if isinstance(direction, dict):
            raise UnsupportedError(f"sorting by {', '.join(direction) or 'an expression'}")
        if not name or name.startswith("$") or isinstance(direction, bool) or direction not in (1, -1):
            raise BadValueError(f"the sort order of {name!r} has to be 1 or -1")
        fields.append((split(name), int(direction)))
    return tuple(fields)


def sort_key(document: Document, order: SortOrder) -> bytes:
    """Bytes whose order is that of the documents; an array counts by its smallest (or largest) element."""
    parts = []
    for path, direction in order:
        keys = list(field_keys(document, path))
        parts.append(min(keys) if direction > 0 else invert(max(keys)))
    return b"".join(parts)


def field_keys(document: Document, path: Path) -> set[bytes]:
    """The keys a field has in sorts and indexes: one per array element, null where there is nothing."""
    keys: set[bytes] = set()
    for value in walk(document, path):
        if isinstance(value, list):
            if value:
                keys.update(map(encode_key, value))
            else:
                keys.add(EMPTY_ARRAY)
        else:
            keys.add(NULL if value is MISSING else encode_key(value))
    return keys or {NULL}
