"""Making, listing and dropping indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from deploy.local.documents.codec import Document, encode
from deploy.local.documents.commands.administration import ID_SPECIFICATION, listing, made
from deploy.local.documents.commands.call import Call, reply
from deploy.local.documents.errors import CommandError, TypeMismatchError, UnsupportedError
from deploy.local.documents.paths import has_numeric_component, split
from deploy.local.documents.query.operators import whole_number
from deploy.local.documents.storage import records
from deploy.local.documents.storage.catalog import ID_INDEX_NAME, MAX_INDEXES

if TYPE_CHECKING:
    from deploy.local.documents.storage.catalog import Collection, Index
    from deploy.local.documents.storage.database import Database
    from deploy.local.documents.storage.sessions import ReadSession, WriteSession


def list_indexes(call: Call, session: ReadSession) -> bytes:
    call.allow("cursor")
    name = call.collection_name()
    session.source(call.database)
    collection = session.catalog(call.database).get(name)
    if collection is None:
        raise CommandError(f"ns does not exist: {call.namespace()}", 26)
    rows = [ID_SPECIFICATION, *(index.specification for index in collection.indexes)]
    return listing(call, [encode(row) for row in rows], call.namespace())


_HARMLESS: Final[tuple[tuple[str, Any], ...]] = (
    ("collation", {}),
    ("collation", {"locale": "simple"}),
    ("hidden", False),
)
_INDEX_OPTIONS: Final = frozenset(
    {"key", "name", "unique", "sparse", "expireAfterSeconds", "background", "v", "ns"}
)


def create_indexes(call: Call, session: WriteSession) -> bytes:
    call.allow("indexes")
    name = call.collection_name()
    wanted = [_specification(item) for item in call.documents("indexes")]
    if not wanted:
        raise CommandError("Must specify at least one index to create", 2)
    database = made(call, session)
    created_collection = name not in database.catalog
    collection = database.catalog.get(name) or database.create_collection(name)
    before = len(collection.indexes) + 1
    database.connection.execute("SAVEPOINT indexes")
    try:
        for specification in wanted:
            _create_index(database, database.catalog[name], specification)
    except CommandError:
        database.connection.execute("ROLLBACK TO indexes")
        database.catalog[name] = collection
        raise
    finally:
        database.connection.execute("RELEASE indexes")
    after = len(database.catalog[name].indexes) + 1
    fields: Document = {
        "numIndexesBefore": before,
        "numIndexesAfter": after,
        "createdCollectionAutomatically": created_collection,
    }
    return reply(fields if after > before else {**fields, "note": "all indexes already exist"})


def _specification(item: Document) -> Document:
    """Check one index description and give it back in the form that listIndexes shows."""
    for option, value in item.items():
        if option not in _INDEX_OPTIONS and (option, value) not in _HARMLESS:
            raise UnsupportedError(f"the index option {option!r}")
    key = item.get("key")
    if not isinstance(key, dict) or not key:
        raise CommandError("an index needs a key document with at least one field", 67)
    for path, direction in key.items():
        _check_key_field(path, direction)
    name = item.get("name") or "_".join(f"{path}_{direction}" for path, direction in key.items())
    if not isinstance(name, str):
        raise TypeMismatchError("an index name has to be a string")
    if name == "*":
        raise CommandError("The index name '*' is not valid.", 2)
    result: Document = {
        "v": 2,
        "key": {path: int(direction) for path, direction in key.items()},
        "name": name,
    }
    for option in ("unique", "sparse"):
        if item.get(option):
            result[option] = True
    if "expireAfterSeconds" in item:
        result["expireAfterSeconds"] = _expiry(item["expireAfterSeconds"], key)
    return result


def _check_key_field(path: str, direction: Any) -> None:
    if isinstance(direction, str):
        raise UnsupportedError(f"the index type {direction!r}")
    if isinstance(direction, bool) or direction not in (1, -1):
        raise CommandError(f"the direction of index field {path!r} has to be 1 or -1", 67)
    parts = split(path)
    if not all(parts) or any(part.startswith("$") for part in parts):
        raise CommandError(f"index fields cannot be empty or begin with $: {path!r}", 67)
    if has_numeric_component(parts):
        raise UnsupportedError(f"an index on the array position {path!r}")


def _expiry(value: Any, key: Document) -> int:
    seconds = whole_number(value)
    if seconds is None or not 0 <= seconds < 1 << 31:
        raise CommandError("TTL index 'expireAfterSeconds' option must be within 0 and 2147483647", 67)
    if len(key) > 1:
        raise CommandError("TTL indexes are single-field indexes, compound indexes do not support TTL", 67)
    if "_id" in key:
        raise CommandError("The field 'expireAfterSeconds' is not valid for an _id index specification", 197)
    return seconds


def _create_index(database: Database, collection: Collection, specification: Document) -> None:
    key, name = specification["key"], specification["name"]
    if list(key.items()) == [("_id", 1)]:
        return
    for index in collection.indexes:
        same_key = list(index.specification["key"].items()) == list(key.items())
        if same_key and index.name == name and index.specification == specification:
            return
        if same_key and index.name != name:
            raise CommandError(
                f"Index already exists with a different name: {index.name}. Requested index: {name}", 85
            )
        if same_key:
            raise CommandError(f"An equivalent index already exists with different options: {name}", 85)
        if index.name == name:
            raise CommandError(
                f"An existing index has the same name as the requested index and another key: {name}", 86
            )
    if len(collection.indexes) + 1 >= MAX_INDEXES:
        raise CommandError(
            f"add index fails, too many indexes for {collection.namespace}; at most {MAX_INDEXES}", 67
        )
    index = database.create_index(collection, specification)
    records.fill_index(database, database.catalog[collection.name], index)


def drop_indexes(call: Call, session: WriteSession) -> bytes:
    call.allow("index")
    name = call.collection_name()
    database = session.database(call.database, create=False)
    collection = database.catalog.get(name) if database is not None else None
    if database is None or collection is None:
        raise CommandError(f"ns not found {call.namespace()}", 26)
    before = len(collection.indexes) + 1
    for index in _named(collection, call.body.get("index")):
        database.drop_index(database.catalog[name], index)
    database.connection.execute("PRAGMA incremental_vacuum").fetchall()
    return reply({"nIndexesWas": before})


def _named(collection: Collection, wanted: Any) -> list[Index]:
    if wanted == "*":
        return list(collection.indexes)
    found = []
    for one in wanted if isinstance(wanted, list) else [wanted]:
        if one in (ID_INDEX_NAME, {"_id": 1}):
            raise CommandError("cannot drop _id index", 72)
        match = next(
            (
                index
                for index in collection.indexes
                if index.name == one
                or (isinstance(one, dict) and list(index.key_pattern.items()) == list(one.items()))
            ),
            None,
        )
        if match is None:
            raise CommandError(f"index not found with name [{one}]", 27)
        found.append(match)
    return found
