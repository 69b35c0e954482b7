"""find, getMore, killCursors, count and distinct."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from deploy.local.documents.codec import decode, decode_shallow, encode
from deploy.local.documents.commands.call import (
    Call,
    document_argument,
    flag_argument,
    number_argument,
    reply,
)
from deploy.local.documents.commands.cursors import FIRST_BATCH, OpenCursor
from deploy.local.documents.errors import CommandError, TypeMismatchError
from deploy.local.documents.keys import encode_key
from deploy.local.documents.paths import MISSING, split, walk
from deploy.local.documents.query.clauses import parse_filter
from deploy.local.documents.query.execution import count, run, run_sorted
from deploy.local.documents.query.planner import Plan, plan
from deploy.local.documents.query.projection import compile_projection, keeps_whole_fields
from deploy.local.documents.query.sorting import parse_sort
from deploy.local.documents.wire import cursor_reply

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.local.documents.codec import Document
    from deploy.local.documents.storage.catalog import Collection
    from deploy.local.documents.storage.scan import Source
    from deploy.local.documents.storage.sessions import ReadSession

FIND_OPTIONS = (
    "filter", "sort", "projection", "hint", "skip", "limit", "batchSize", "singleBatch", "let",
    "noCursorTimeout", "allowDiskUse", "returnKey", "showRecordId", "allowPartialResults",
)  # fmt: skip


def find(call: Call, session: ReadSession) -> bytes:
    call.allow(*FIND_OPTIONS)
    body = call.body
    for refused in ("returnKey", "showRecordId", "let"):
        if body.get(refused):
            raise CommandError(f"the option {refused!r} of find is not supported by this server", 238)
    name = call.collection_name()
    source = session.source(call.database)
    collection = session.catalog(call.database).get(name)
    documents, source = _find_documents(call, source, collection)
    size = number_argument(body, "batchSize", FIRST_BATCH)
    cursor = OpenCursor(call.namespace(), source, documents, collection.uuid if collection else None)
    return first_batch(call, cursor, size, single=flag_argument(body, "singleBatch"))


def first_batch(call: Call, cursor: OpenCursor, size: int, *, single: bool = False) -> bytes:
    """Answer with a cursor's first documents, keeping it open if more follow."""
    documents, has_more = cursor.batch(size)
    number = call.cursors.add(cursor) if has_more and not single else 0
    return cursor_reply("firstBatch", documents, number, cursor.namespace)


def _find_documents(
    call: Call, source: Source | None, collection: Collection | None
) -> tuple[Iterator[bytes], Source | None]:
    body = call.body
    node = parse_filter(document_argument(body, "filter"))
    sort = _sort_of(body)
    project = compile_projection(body.get("projection"))
    skip, limit = number_argument(body, "skip", 0), number_argument(body, "limit", 0)
    if collection is None or source is None:
        return iter(()), None
    chosen = plan(collection, node, sort, _hint(body))
    needed = skip + limit if limit else 0
    matches = run_sorted(source, collection, chosen, sort, needed, call.settings.max_sort_bytes)
    wanted = islice(matches, skip, needed or None)
    if project is None:
        return (match.body for match in wanted), source
    read = decode_shallow if keeps_whole_fields(body["projection"]) else decode
    return (encode(project(match.document or read(match.body))) for match in wanted), source


def _sort_of(body: Document) -> Any:
    sort = body.get("sort")
    return () if isinstance(sort, dict) and list(sort) == ["$natural"] else parse_sort(sort)


def _hint(body: Document) -> Any:
    sort = body.get("sort")
    if isinstance(sort, dict) and list(sort) == ["$natural"]:
        if sort["$natural"] != 1:
            raise CommandError("a descending $natural order is not supported by this server", 238)
        return sort
    return body.get("hint") or None


def get_more(call: Call, session: ReadSession) -> bytes:
    call.allow("collection", "batchSize")
    number = call.body["getMore"]
    if not isinstance(number, int):
        raise TypeMismatchError("'getMore' has to be a cursor id")
    namespace = f"{call.database}.{call.body.get('collection')}"
    size = number_argument(call.body, "batchSize", 0) or None
    cursor = call.cursors.take(number, namespace)
    has_more = False
    try:
        if cursor.source is not None:
            source = session.source(call.database)
            collection = session.catalog(call.database).get(str(call.body.get("collection")))
            if source is None or collection is None or collection.uuid != cursor.collection:
                raise CommandError(f"cursor id {number} not found: its collection was dropped", 43)
            cursor.source.connection = source.connection
        documents, has_more = cursor.batch(size)
    finally:
        call.cursors.give_back(number, is_open=has_more)
    return cursor_reply("nextBatch", documents, number if has_more else 0, namespace)


def kill_cursors(call: Call) -> bytes:
    call.allow("cursors")
    numbers = call.body.get("cursors")
    if not isinstance(numbers, list):
        raise TypeMismatchError("'cursors' has to be an array of cursor ids")
    killed = [number for number in numbers if isinstance(number, int) and call.cursors.kill(number)]
    absent = [number for number in numbers if number not in killed]
    return reply(
        {"cursorsKilled": killed, "cursorsNotFound": absent, "cursorsAlive": [], "cursorsUnknown": []}
    )


def read_plan(
    call: Call, session: ReadSession, argument: str = "query"
) -> tuple[Source, Collection, Plan] | None:
    """The plan for a command that only has a filter; None where the collection does not exist."""
    node = parse_filter(document_argument(call.body, argument))
    source = session.source(call.database)
    collection = session.catalog(call.database).get(call.collection_name())
    if source is None or collection is None:
        return None
    return source, collection, plan(collection, node, (), call.body.get("hint") or None)


def count_command(call: Call, session: ReadSession) -> bytes:
    call.allow("query", "limit", "skip", "hint", "fields")
    skip, limit = number_argument(call.body, "skip", 0), abs(call.body.get("limit") or 0)
    planned = read_plan(call, session)
    total = count(*planned) if planned is not None else 0
    total = max(total - skip, 0)
    return reply({"n": min(total, limit) if limit else total})


def distinct(call: Call, session: ReadSession) -> bytes:
    call.allow("key", "query", "hint")
    key = call.body.get("key")
    if not isinstance(key, str) or not key:
        raise TypeMismatchError("'key' has to be a string")
    planned = read_plan(call, session)
    values: dict[bytes, Any] = {}
    if planned is not None:
        path = split(key)
        for match in run(*planned):
            for value in _distinct_values(match.decoded(), path):
                values.setdefault(encode_key(value), value)
    return reply({"values": [values[order] for order in sorted(values)]})


def _distinct_values(document: Document, path: tuple[str, ...]) -> Iterator[Any]:
    for value in walk(document, path):
        if isinstance(value, list):
            yield from value
        elif value is not MISSING:
            yield value
