"""Updates that do no more than set own fields of a document, which most do.

They need no path, no target and no deep copy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from deploy.local.documents.codec import Document

_SETTING: Final = frozenset({"$set", "$setOnInsert"})
_NO_FIELDS: Final[dict[str, Any]] = {}


class FlatUpdate(NamedTuple):
    """What such an update sets.

    Attributes:
        always: The fields of a document that is there.
        inserted: Those of one that an upsert makes, in the order in which they were named.
    """

    always: Document
    inserted: Document


def flat_update(specification: Document) -> FlatUpdate | None:
    """Read an update; None for one that does more, or that has to be refused."""
    for name, fields in specification.items():
        if name not in _SETTING or type(fields) is not dict:
            return None
        for field in fields:
            if not field or "." in field or field[0] == "$":
                return None
    always = specification.get("$set", _NO_FIELDS)
    only = specification.get("$setOnInsert")
    if only is None:
        return FlatUpdate(always, always) if specification else None
    if not always.keys().isdisjoint(only):
        return None
    first, second = (always, only) if next(iter(specification)) == "$set" else (only, always)
    return FlatUpdate(always, {**first, **second})
