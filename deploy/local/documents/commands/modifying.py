"""findAndModify: change or remove one document and give back how it was or how it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from deploy.local.documents.commands.call import Call, document_argument, flag_argument, reply
from deploy.local.documents.commands.writing import apply_update, insert_upserted, matches_of, now
from deploy.local.documents.errors import FailedToParseError
from deploy.local.documents.query.clauses import parse_filter
from deploy.local.documents.query.projection import compile_projection
from deploy.local.documents.storage import records
from deploy.local.documents.updates.compiled import Update

if TYPE_CHECKING:
    from deploy.local.documents.codec import Document
    from deploy.local.documents.storage.sessions import WriteSession

_MODIFY_OPTIONS: Final = (
    "query",
    "sort",
    "remove",
    "update",
    "new",
    "fields",
    "upsert",
    "arrayFilters",
    "hint",
)


def find_and_modify(call: Call, session: WriteSession) -> bytes:
    call.allow(*_MODIFY_OPTIONS)
    body, name = call.body, call.collection_name()
    call.require_exact_body()
    remove, upsert, new = (flag_argument(body, option) for option in ("remove", "upsert", "new"))
    if remove and ("update" in body or upsert or new):
        raise FailedToParseError("Cannot specify remove together with update, upsert or new")
    if not remove and "update" not in body:
        raise FailedToParseError("Either an update or remove=true must be specified")
    node = parse_filter(document_argument(body, "query"))
    project = compile_projection(body.get("fields"))
    change = None if remove else Update(body["update"], body.get("arrayFilters"), now)
    database = session.database(call.database, create=upsert)
    collection = database.catalog.get(name) if database is not None else None
    value: Document | None = None
    last: Document = {"n": 0} if remove else {"n": 0, "updatedExisting": False}
    match = None
    if database is not None and collection is not None:
        match = next(matches_of(call, database, collection, node, body, multi=False), None)
    if database is not None and collection is not None and match is not None:
        if change is None:
            value = match.decoded()
            records.delete(database, collection, match.rid, value)
            last = {"n": 1}
        else:
            _, old, changed = apply_update(database, collection, match, change, node)
            value = changed if new else old
            last = {"n": 1, "updatedExisting": True}
    elif upsert and change is not None and database is not None:
        made = insert_upserted(database, collection or database.create_collection(name), change, node)
        value = made if new else None
        last = {"n": 1, "updatedExisting": False, "upserted": made["_id"]}
    if value is not None and project is not None:
        value = project(value)
    return reply({"lastErrorObject": last, "value": value})
