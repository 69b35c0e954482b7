"""One SQLite file per database: how it is opened, its tables, how its catalog is read and changed."""

from __future__ import annotations

import sqlite3
import uuid
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

from deploy.local.documents.codec import decode, encode
from deploy.local.documents.query.sorting import parse_sort
from deploy.local.documents.storage.catalog import Catalog, Collection, Index
from deploy.local.documents.storage.recent import Recent

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from deploy.local.documents.codec import Document
    from deploy.local.documents.settings import Settings

SUFFIX: Final = ".sqlite"
_COLLECTIONS: Final = """
    CREATE TABLE IF NOT EXISTS collections (
        id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, uuid BLOB NOT NULL)
"""
_INDEXES: Final = """
    CREATE TABLE IF NOT EXISTS indexes (
        id INTEGER PRIMARY KEY AUTOINCREMENT, collection INTEGER NOT NULL, specification BLOB NOT NULL,
        multikey TEXT NOT NULL DEFAULT '')
"""


def file_of(directory: Path, name: str) -> Path:
    return directory / (quote(name, safe="") + SUFFIX)


def database_names(directory: Path) -> list[str]:
    return sorted(unquote(path.name.removesuffix(SUFFIX)) for path in directory.glob(f"*{SUFFIX}"))


def connect(path: Path, settings: Settings, *, must_exist: bool = False) -> sqlite3.Connection:
    """Open one connection for one thread; transactions are begun and ended by the caller."""
    address = f"{path.absolute().as_uri()}?mode={'rw' if must_exist else 'rwc'}"
    connection = sqlite3.connect(
        address, uri=True, isolation_level=None, check_same_thread=False, cached_statements=512
    )
    connection.execute("PRAGMA busy_timeout = 10000")
    connection.execute(f"PRAGMA cache_size = -{settings.cache_kib}")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


class Database:
    """The writer's side of one database file.

    The catalog is the writer's own; readers are given a copy of its mapping after each commit. ``execute``
    runs one statement at a time, whose rows have to be fetched before the next: it makes no cursor for each.
    """

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.path = file_of(settings.directory, name)
        self.log = f"{self.path}-wal"
        self.connection = connect(self.path, settings)
        self.connection.execute(f"PRAGMA cache_size = -{4 * settings.cache_kib}")
        # Freed pages go back to the file system when a collection is dropped; must be set on the empty file.
        self.connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute(f"PRAGMA synchronous = {settings.synchronous}")
        self.connection.execute("PRAGMA secure_delete = FAST")
        self.connection.execute("PRAGMA wal_autocheckpoint = 4000")
        # A great bulk leaves a great log; it is cut back to this many bytes once it is folded in.
        self.connection.execute("PRAGMA journal_size_limit = 67108864")
        for statement in (_COLLECTIONS, _INDEXES):
            self.connection.execute(statement)
        self.execute = self.connection.cursor().execute
        self.recent = Recent()
        self.catalog: Catalog = {}
        self.load_catalog()
        self.published: Catalog = dict(self.catalog)

    def load_catalog(self) -> None:
        """Read the catalog from the file, as after a rollback, when nothing else is known either."""
        self.recent.forget_all()
        indexes: dict[int, list[Index]] = {}
        for row in self.connection.execute(
            "SELECT id, collection, specification, multikey FROM indexes ORDER BY id"
        ):
            indexes.setdefault(row[1], []).append(_index(row[0], decode(row[2]), row[3]))
        self.catalog = {
            name: Collection(number, name, self.name, identity, tuple(indexes.get(number, ())))
            for number, name, identity in self.connection.execute("SELECT id, name, uuid FROM collections")
        }

    def delete(self) -> None:
        """Close and remove the file; nothing may use the object afterwards."""
        self.connection.close()
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def publish(self) -> None:
        self.published = dict(self.catalog)

    def create_collection(self, name: str) -> Collection:
        identity = uuid.uuid4().bytes
        cursor = self.connection.execute(
            "INSERT INTO collections (name, uuid) VALUES (?, ?)", (name, identity)
        )
        collection = Collection(int(cursor.lastrowid or 0), name, self.name, identity)
        self.connection.execute(
            f"CREATE TABLE {collection.table} (rid INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE,"
            " body BLOB NOT NULL)"
        )
        self.catalog[name] = collection
        return collection

    def drop_collection(self, collection: Collection) -> None:
        for index in collection.indexes:
            self._drop_index_table(index)
        self.connection.execute(f"DROP TABLE {collection.table}")
        self.connection.execute("DELETE FROM collections WHERE id = ?", (collection.id,))
        del self.catalog[collection.name]
        self.recent.forget_all()

    def create_index(self, collection: Collection, specification: Document) -> Index:
        """Describe a new index and make its empty table; `records.fill_index` gives it its entries."""
        cursor = self.connection.execute(
            "INSERT INTO indexes (collection, specification) VALUES (?, ?)",
            (collection.id, encode(specification)),
        )
        index = _index(int(cursor.lastrowid or 0), specification, "")
        self.connection.execute(
            f"CREATE TABLE {index.table} (key BLOB NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY (key, rid))"
            " WITHOUT ROWID"
        )
        self._replace_indexes(collection, (*self.catalog[collection.name].indexes, index))
        return index

    def drop_index(self, collection: Collection, index: Index) -> None:
        self._drop_index_table(index)
        kept = tuple(other for other in self.catalog[collection.name].indexes if other is not index)
        self._replace_indexes(collection, kept)

    def mark_multikey(self, index: Index, positions: Iterable[int]) -> None:
        index.multikey = index.multikey | frozenset(positions)
        text = ",".join(map(str, sorted(index.multikey)))
        self.connection.execute("UPDATE indexes SET multikey = ? WHERE id = ?", (text, index.id))

    def _drop_index_table(self, index: Index) -> None:
        self.connection.execute(f"DROP TABLE {index.table}")
        self.connection.execute("DELETE FROM indexes WHERE id = ?", (index.id,))

    def _replace_indexes(self, collection: Collection, indexes: tuple[Index, ...]) -> None:
        self.catalog[collection.name] = Collection(
            collection.id, collection.name, collection.database_name, collection.uuid, indexes
        )


def _index(number: int, specification: dict[str, Any], multikey: str) -> Index:
    positions = frozenset(int(position) for position in multikey.split(",") if position)
    return Index(number, specification["name"], parse_sort(specification["key"]), specification, positions)
