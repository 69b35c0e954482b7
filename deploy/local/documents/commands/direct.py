"""The update that most writes are: own fields set in one document that is named by its plain `_id`.

It needs neither a filter's tree nor a plan nor a scan. What is more than that, or has to be refused, is left
to `writing`; where both can answer, they answer the same.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from bson.objectid import ObjectId

from deploy.local.documents.codec import decode, encode, reencode_is_exact
from deploy.local.documents.commands.call import reply
from deploy.local.documents.errors import CommandError
from deploy.local.documents.keys import encode_key
from deploy.local.documents.storage import records
from deploy.local.documents.updates.flat import flat_update

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from deploy.local.documents.codec import Document
    from deploy.local.documents.commands.call import Call
    from deploy.local.documents.storage.catalog import Collection
    from deploy.local.documents.storage.database import Database
    from deploy.local.documents.storage.engine import WriteCommand
    from deploy.local.documents.storage.sessions import WriteSession
    from deploy.local.documents.updates.flat import FlatUpdate

_PLAIN: Final = frozenset({str, int, ObjectId})
_PARTS: Final = frozenset({"q", "u", "multi", "upsert"})
_MOST_BYTES: Final = 64 * 1024
"""Of a statement that the event loop may be held up by."""

NOTHING: Final = object()
"""In the place of the `_id` of what an upsert made: it made nothing."""


def update_alone(call: Call, otherwise: Callable[[Call, WriteSession], bytes]) -> WriteCommand | None:
    """Give a command that is one such update, read and ready to run; None for any other.

    It is brief. ``otherwise`` runs the command where only the data show that it is not for here.
    """
    bodies = call.request.sequences.get("updates", ())
    if call.name != "update" or len(bodies) != 1 or len(bodies[0]) > _MOST_BYTES:
        return None
    call.allow("updates")
    name = call.collection_name()
    (statement,) = call.documents("updates")
    fields = _fields_of(statement)
    if fields is None or type(call.body.get("ordered", True)) is not bool:
        return None

    def run(session: WriteSession) -> bytes:
        database = session.database(call.database, create=False)
        collection = database.catalog.get(name) if database is not None else None
        if database is not None and collection is not None:
            try:
                done = _update(database, collection, statement, fields)
            except CommandError:
                # Nothing was written; how a statement is refused is said in one place.
                done = None
            if done is not None:
                matched, modified, identity = done
                if identity is NOTHING:
                    return _counts_reply(matched, modified)
                return update_reply(matched, modified, ({"index": 0, "_id": identity},))
        return otherwise(call, session)

    return run


def update_reply(
    matched: int, modified: int, upserted: Sequence[Document] = (), errors: Sequence[Document] = ()
) -> bytes:
    if not upserted and not errors:
        return _counts_reply(matched, modified)
    fields: Document = {"n": matched, "nModified": modified}
    if upserted:
        fields["upserted"] = upserted
    if errors:
        fields["writeErrors"] = errors
    return reply(fields)


@lru_cache(1024)
def _counts_reply(matched: int, modified: int) -> bytes:
    """The answer of almost every update: nothing was refused, and nothing made."""
    return reply({"n": matched, "nModified": modified})


def update_directly(
    database: Database, collection: Collection, statement: Document
) -> tuple[int, int, Any] | None:
    """Give how many matched, how many changed and the `_id` that was made; None where it is not for here."""
    fields = _fields_of(statement)
    return None if fields is None else _update(database, collection, statement, fields)


def _update(
    database: Database, collection: Collection, statement: Document, fields: FlatUpdate
) -> tuple[int, int, Any] | None:
    key = encode_key(statement["q"]["_id"])
    known = database.recent.get(collection.table, key)
    if known is not None:
        rid, before, old = known
    else:
        found = records.by_key(database, collection, key)
        if found is None:
            return _insert(database, collection, statement, fields)
        rid, before = found
        old = decode(before)
    always = fields.always
    new = {**old, **always}
    after = encode(new)
    if after == before:
        return 1, 0, NOTHING
    if known is None and not reencode_is_exact(before, old):
        return None
    records.replace(database, collection, rid, old, new, after, always.keys(), key)
    return 1, 1, NOTHING


def _insert(
    database: Database, collection: Collection, statement: Document, fields: FlatUpdate
) -> tuple[int, int, Any]:
    if not statement.get("upsert"):
        return 0, 0, NOTHING
    identity = statement["q"]["_id"]
    document = {"_id": identity, **fields.inserted}
    records.insert(database, collection, document, encode(document))
    return 1, 0, identity


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
