"""Collections, databases and indexes: making, listing, dropping."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bson.binary import Binary
from bson.int64 import Int64

from deploy.local.documents.codec import Document, encode
from deploy.local.documents.commands.call import (
    Call,
    document_argument,
    flag_argument,
    number_argument,
    reply,
)
from deploy.local.documents.commands.cursors import FIRST_BATCH, OpenCursor
from deploy.local.documents.commands.reading import first_batch
from deploy.local.documents.errors import CommandError
from deploy.local.documents.query.clauses import parse_filter
from deploy.local.documents.storage.catalog import ID_INDEX_NAME, check_database_name

if TYPE_CHECKING:
    from deploy.local.documents.storage.database import Database
    from deploy.local.documents.storage.sessions import ReadSession, WriteSession

ID_SPECIFICATION: Final[Document] = {"v": 2, "key": {"_id": 1}, "name": ID_INDEX_NAME}


def create(call: Call, session: WriteSession) -> bytes:
    call.allow("idIndex")
    name = call.collection_name()
    database = made(call, session)
    if name in database.catalog:
        raise CommandError(f"Collection {call.namespace()} already exists.", 48)
    database.create_collection(name)
    return reply()


def made(call: Call, session: WriteSession) -> Database:
    database = session.database(call.database, create=True)
    if database is None:
        raise CommandError(f"the database {call.database} could not be made", 1)
    return database


def drop(call: Call, session: WriteSession) -> bytes:
    call.allow()
    name = call.collection_name()
    database = session.database(call.database, create=False)
    collection = database.catalog.get(name) if database is not None else None
    if database is None or collection is None:
        # MongoDB 7.0 answers the same for a collection that was never there.
        return reply({"ns": call.namespace()})
    indexes = len(collection.indexes) + 1
    database.drop_collection(collection)
    database.connection.execute("PRAGMA incremental_vacuum").fetchall()
    return reply({"nIndexesWas": indexes, "ns": call.namespace()})


def drop_database(call: Call, session: WriteSession) -> bytes:
    call.allow()
    check_database_name(call.database)
    database = session.database(call.database, create=False)
    if database is None:
        return reply()
    for collection in list(database.catalog.values()):
        database.drop_collection(collection)
    session.dropped.append(database)
    return reply({"dropped": call.database})


def list_collections(call: Call, session: ReadSession) -> bytes:
    call.allow("filter", "nameOnly", "authorizedCollections", "cursor")
    check_database_name(call.database)
    session.source(call.database)
    node = parse_filter(document_argument(call.body, "filter"))
    names_only = flag_argument(call.body, "nameOnly")
    rows = []
    for name, collection in sorted(session.catalog(call.database).items()):
        row: Document = {"name": name, "type": "collection"}
        if not names_only:
            row |= {
                "options": {},
                "info": {"readOnly": False, "uuid": Binary(collection.uuid, 4)},
                "idIndex": ID_SPECIFICATION,
            }
        if node.matches(row):
            rows.append(encode(row))
    return listing(call, rows, f"{call.database}.$cmd.listCollections")


def listing(call: Call, rows: list[bytes], namespace: str) -> bytes:
    size = number_argument(document_argument(call.body, "cursor"), "batchSize", FIRST_BATCH)
    return first_batch(call, OpenCursor(namespace, None, iter(rows)), size)


def list_databases(call: Call, session: ReadSession) -> bytes:
    call.allow("filter", "nameOnly", "authorizedDatabases")
    node = parse_filter(document_argument(call.body, "filter"))
    names_only = flag_argument(call.body, "nameOnly")
    rows: list[Document] = []
    total = 0
    for name in session.names():
        source = session.source(name)
        row: Document = {"name": name}
        if not names_only and source is not None:
            (pages,) = source.connection.execute("PRAGMA page_count").fetchone()
            (page_size,) = source.connection.execute("PRAGMA page_size").fetchone()
            row |= {"sizeOnDisk": Int64(pages * page_size), "empty": False}
            total += pages * page_size
        if node.matches(row):
            rows.append(row)
    return reply({"databases": rows} if names_only else {"databases": rows, "totalSize": Int64(total)})
