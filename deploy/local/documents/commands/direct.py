"""The update that most writes are: own fields set in one document that is named by its plain `_id`.

It needs neither a filter's tree nor a plan nor a scan. What is more than that, or has to be refused, is left
to `writing`; where both can answer, they answer the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bson.objectid import ObjectId

from deploy.local.documents.codec import decode, encode, reencode_is_exact
from deploy.local.documents.keys import encode_key
from deploy.local.documents.storage import records
from deploy.local.documents.updates.flat import flat_update

if TYPE_CHECKING:
    from deploy.local.documents.codec import Document
    from deploy.local.documents.storage.catalog import Collection
    from deploy.local.documents.storage.database import Database
    from deploy.local.documents.updates.flat import FlatUpdate

_PLAIN: Final = frozenset({str, int, ObjectId})
_PARTS: Final = frozenset({"q", "u", "multi", "upsert"})

NOTHING: Final = object()
"""In the place of the `_id` of what an upsert made: it made nothing."""


def update_directly(
    database: Database, collection: Collection, statement: Document
) -> tuple[int, int, Any] | None:
    """Give how many matched, how many changed and the `_id` that was made; None where it is not for here."""
    fields = _fields_of(statement)
    if fields is None:
        return None
    identity = statement["q"]["_id"]
    found = records.by_key(database, collection, encode_key(identity))
    if found is None:
        if not statement.get("upsert"):
            return 0, 0, NOTHING
        document = {"_id": identity, **fields.inserted}
        records.insert(database, collection, document, encode(document))
        return 1, 0, identity
    rid, before = found
    old = decode(before)
    new = {**old, **fields.always}
    after = encode(new)
    if after == before:
        return 1, 0, NOTHING
    if not reencode_is_exact(before, old):
        return None
    records.replace(database, collection, rid, old=old, new=new, body=after, touched=fields.always.keys())
    return 1, 1, NOTHING


def _fields_of(statement: Document) -> FlatUpdate | None:
    query, change = statement.get("q"), statement.get("u")
    if (
        type(query) is not dict
        or len(query) != 1
        or type(query.get("_id")) not in _PLAIN
        or type(change) is not dict
        or not statement.keys() <= _PARTS
        or type(statement.get("upsert", False)) is not bool
        or type(statement.get("multi", False)) is not bool
    ):
        return None
    fields = flat_update(change)
    return None if fields is None or "_id" in fields.inserted else fields
