"""insert, update and delete: each document is written whole or not at all.

A command that writes several documents answers per document, as MongoDB does: those before a refused one
stay written, and with ``ordered: false`` those after it too.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from bson.datetime_ms import DatetimeMS
from bson.objectid import ObjectId
from bson.regex import Regex

from deploy.local.documents.codec import (
    Document,
    check_size,
    decode,
    encode,
    reencode_is_exact,
)
from deploy.local.documents.commands.call import Call, document_argument, flag_argument, reply
from deploy.local.documents.commands.direct import NOTHING, update_directly, update_reply
from deploy.local.documents.errors import CommandError, FailedToParseError, UnsupportedError
from deploy.local.documents.query.clauses import And, parse_filter
from deploy.local.documents.query.execution import Match, run, run_sorted
from deploy.local.documents.query.planner import identity_of, plan
from deploy.local.documents.query.sorting import parse_sort
from deploy.local.documents.storage import records
from deploy.local.documents.storage.scan import Source
from deploy.local.documents.updates.compiled import Update

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from deploy.local.documents.storage.catalog import Collection
    from deploy.local.documents.storage.database import Database
    from deploy.local.documents.storage.sessions import WriteSession

MAX_BATCH: Final = 100_000
"""What the greeting announces as maxWriteBatchSize."""


def now() -> DatetimeMS:
    return DatetimeMS(time.time_ns() // 1_000_000)


def insert(call: Call, session: WriteSession) -> bytes:
    call.allow("documents")
    name = call.collection_name()
    bodies = _insert_bodies(call)
    database = session.database(call.database, create=True)
    assert database is not None  # noqa: S101 - create=True always gives one; this tells the type checker
    collection = database.catalog.get(name) or database.create_collection(name)
    written = 0

    def one(body: bytes) -> None:
        nonlocal written
        document, body = _prepared(body)
        records.insert(database, collection, document, body)
        written += 1

    errors = _each(call, bodies, one)
    return _write_reply({"n": written}, errors)


def _insert_bodies(call: Call) -> list[bytes]:
    if "documents" in call.request.sequences:
        bodies = call.request.sequences["documents"]
    else:
        bodies = [encode(document) for document in call.documents("documents")]
    _check_batch(len(bodies))
    return bodies


def _check_batch(size: int) -> None:
    if not 1 <= size <= MAX_BATCH:
        raise CommandError(f"Write batch sizes must be between 1 and {MAX_BATCH}. Got {size} operations.", 16)


def _prepared(body: bytes) -> tuple[Document, bytes]:
    """The document with ``_id`` first, made if absent, as decoded and as stored."""
    check_size(body)
    document = decode(body)
    if next(iter(document), None) != "_id":
        if not reencode_is_exact(body, document):
            raise UnsupportedError(
                "a document without a leading _id that holds undefined, symbol or DBPointer"
            )
        document = {"_id": document.get("_id", None) if "_id" in document else ObjectId(), **document}
        body = encode(document)
    check_id(document["_id"])
    return document, body


def check_id(value: Any) -> None:
    """Refuse the types that MongoDB refuses in ``_id``."""
    if isinstance(value, list | Regex):
        kind = "array" if isinstance(value, list) else "regex"
        raise CommandError(f"The '_id' value cannot be of type {kind}", 53)
    if isinstance(value, dict) and any(name.startswith("$") for name in value):
        raise CommandError("The '_id' document cannot have fields that begin with $", 52)


def _each(call: Call, items: Iterable[Any], write: Callable[[Any], None]) -> list[Document]:
    """Write item by item; gives the refusals, after the first of which an ordered command stops."""
    ordered = flag_argument(call.body, "ordered", default=True)
    errors: list[Document] = []
    for position, item in enumerate(items):
        try:
            write(item)
        except CommandError as error:
            errors.append(error.write_error(position))
            if ordered:
                break
    return errors


def _write_reply(fields: Document, errors: list[Document]) -> bytes:
    return reply({**fields, "writeErrors": errors} if errors else fields)


def update(call: Call, session: WriteSession) -> bytes:
    call.allow("updates")
    name = call.collection_name()
    statements = call.documents("updates")
    _check_batch(len(statements))
    upserted: list[Document] = []
    matched = modified = 0
    position = -1

    def one(statement: Document) -> None:
        nonlocal position, matched, modified
        position += 1
        found, changed, identity = _update_one(call, session, name, statement)
        matched += found
        modified += changed
        if identity is not NOTHING:
            upserted.append({"index": position, "_id": identity})

    errors = _each(call, statements, one)
    return update_reply(matched, modified, upserted, errors)


_UPDATE_FIELDS: Final = frozenset({"q", "u", "multi", "upsert", "arrayFilters", "hint", "collation", "sort"})


def _update_one(call: Call, session: WriteSession, name: str, statement: Document) -> tuple[int, int, Any]:
    known = session.database(call.database, create=False)
    if known is not None and (present := known.catalog.get(name)) is not None:
        done = update_directly(known, present, statement)
        if done is not None:
            return done
    _check_statement(statement, _UPDATE_FIELDS)
    node = parse_filter(document_argument(statement, "q"))
    change = Update(statement.get("u"), statement.get("arrayFilters"), now)
    multi = flag_argument(statement, "multi")
    if multi and change.is_replacement:
        raise FailedToParseError("multi update is not supported for replacement-style update")
    upsert = flag_argument(statement, "upsert")
    database = session.database(call.database, create=upsert)
    collection = database.catalog.get(name) if database is not None else None
    matched = modified = 0
    if database is not None and collection is not None:
        for match in matches_of(call, database, collection, node, statement, multi=multi):
            matched += 1
            modified += apply_update(database, collection, match, change, node)[0]
    if matched or not upsert or database is None:
        return matched, modified, NOTHING
    collection = collection or database.create_collection(name)
    return 1, 0, insert_upserted(database, collection, change, node)["_id"]


def _check_statement(statement: Document, known: frozenset[str]) -> None:
    for name, value in statement.items():
        if name not in known:
            raise UnsupportedError(f"the option {name!r} of a write")
        if name == "collation" and value not in ({}, {"locale": "simple"}):
            raise UnsupportedError("the option 'collation'")


def matches_of(
    call: Call, database: Database, collection: Collection, node: And, options: Document, *, multi: bool
) -> Iterator[Match]:
    """What a write is about: the first match, or all, found before the first is changed."""
    sort, hint = parse_sort(options.get("sort")), options.get("hint") or None
    direct = identity_of(node) if hint is None else None
    if direct is not None:
        # Most writes are about one document by its `_id`: neither plan nor scan is needed to find it.
        key, rest = direct
        found = records.by_key(database, collection, key)
        if found is not None:
            match = Match(*found, None if rest is None else decode(found[1]))
            if rest is None or rest.matches(match.decoded()):
                yield match
        return
    chosen = plan(collection, node, sort, hint)
    source = Source(database.connection)
    if not multi:
        yield from _first(run_sorted(source, collection, chosen, sort, 1, call.settings.max_sort_bytes))
        return
    rows = [match.rid for match in run(source, collection, chosen)]
    for rid in rows:
        yield Match(rid, records.body_of(database, collection, rid), None)


def _first(matches: Iterator[Match]) -> Iterator[Match]:
    match = next(matches, None)
    if match is not None:
        yield match


def apply_update(
    database: Database, collection: Collection, match: Match, change: Update, node: And
) -> tuple[bool, Document, Document]:
    """Change one stored document; gives whether it differs, its old and its new state."""
    old = match.decoded()
    # Decoding again is the cheapest deep copy there is.
    new = change.apply(old, node, copied=decode(match.body) if change.reaches_inside else None)
    body = encode(new)
    if body == match.body:
        return False, old, new
    if not change.is_replacement and not reencode_is_exact(match.body, old):
        raise UnsupportedError(
            "updating a document that holds undefined, symbol, DBPointer or a field twice", "replace it"
        )
    records.replace(database, collection, match.rid, old, new, body, change.touched)
    return True, old, new


def insert_upserted(database: Database, collection: Collection, change: Update, node: And) -> Document:
    document = change.insert_from(node)
    identity = document["_id"] if "_id" in document else ObjectId()
    document = {"_id": identity, **document}
    check_id(identity)
    records.insert(database, collection, document, encode(document))
    return document


_DELETE_FIELDS: Final = frozenset({"q", "limit", "hint", "collation"})


def delete(call: Call, session: WriteSession) -> bytes:
    call.allow("deletes")
    name = call.collection_name()
    statements = call.documents("deletes")
    _check_batch(len(statements))
    removed = 0

    def one(statement: Document) -> None:
        nonlocal removed
        _check_statement(statement, _DELETE_FIELDS)
        limit = statement.get("limit")
        if limit not in (0, 1):
            raise FailedToParseError(f"The limit field in delete objects must be 0 or 1. Got {limit!r}")
        node = parse_filter(document_argument(statement, "q"))
        database = session.database(call.database, create=False)
        collection = database.catalog.get(name) if database is not None else None
        if database is None or collection is None:
            return
        for match in matches_of(call, database, collection, node, statement, multi=limit == 0):
            records.delete(database, collection, match.rid, match.decoded())
            removed += 1

    errors = _each(call, statements, one)
    return _write_reply({"n": removed}, errors)
