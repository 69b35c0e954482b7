"""What a command may touch while it runs: the group's transaction to write, a snapshot to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.local.documents.storage.database import Database, connect
from deploy.local.documents.storage.scan import Source

if TYPE_CHECKING:
    import sqlite3

    from deploy.local.documents.storage.catalog import Catalog
    from deploy.local.documents.storage.directory import Directory


class ChangedMeanwhileError(Exception):
    """A database was dropped while it was being opened; the command is run again."""


class ReaderConnections:
    """One reader thread's connections, by database; those to dropped databases are closed in passing."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._open: dict[str, tuple[Database, sqlite3.Connection]] = {}

    def of(self, database: Database) -> sqlite3.Connection:
        known = self._open.get(database.name)
        if known is not None and known[0] is database:
            return known[1]
        self._close_dropped()
        connection = connect(database.path, self._directory.settings, must_exist=True)
        connection.execute("PRAGMA query_only = ON")
        self._open[database.name] = (database, connection)
        return connection

    def _close_dropped(self) -> None:
        for name, (database, connection) in list(self._open.items()):
            if self._directory.get(name) is not database:
                connection.close()
                del self._open[name]

    def close(self) -> None:
        for _, connection in self._open.values():
            connection.close()


class WriteSession:
    """What a writing command may touch; lives for one group of commands."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self.begun: list[Database] = []
        self.dropped: list[Database] = []

    def database(self, name: str, *, create: bool) -> Database | None:
        """The database, inside this group's transaction; None if it does not exist and is not to be made."""
        database = self._directory.get(name)
        if database is None:
            if not create:
                return None
            database = self._directory.create(name)
        if database not in self.begun:
            database.execute("BEGIN IMMEDIATE")
            self.begun.append(database)
        return database

    def existing(self, name: str) -> Database | None:
        """The database for a look at its catalog, without beginning a transaction."""
        return self._directory.get(name)

    def names(self) -> list[str]:
        return self._directory.names()


class ReadSession:
    """What a reading command may touch: one snapshot per database, on this thread's own connections."""

    def __init__(self, directory: Directory, connections: ReaderConnections) -> None:
        self._directory = directory
        self._connections = connections
        self._begun: list[sqlite3.Connection] = []
        self._catalogs: dict[str, Catalog] = {}

    def source(self, name: str) -> Source | None:
        """This thread's snapshot of a database, or None where there is no such database."""
        database = self._directory.get(name)
        if database is None:
            return None
        connection = self._connections.of(database)
        if connection not in self._begun:
            self._begun.append(connection)
            connection.execute("BEGIN")
            # The snapshot is taken by the first read, and the catalog is looked at after it: a field that
            # became multikey is marked before its commit, so it is known for every document in the snapshot.
            connection.execute("SELECT 1 FROM collections LIMIT 1").fetchone()
        if self._directory.get(name) is not database:
            raise ChangedMeanwhileError
        self._catalogs[name] = database.published
        return Source(connection)

    def catalog(self, name: str) -> Catalog:
        """The collections of a database that `source` was asked for; empty where there is none."""
        return self._catalogs.get(name, {})

    def names(self) -> list[str]:
        return [name for name in self._directory.names() if self._is_filled(name)]

    def _is_filled(self, name: str) -> bool:
        database = self._directory.get(name)
        return database is not None and bool(database.published)

    def end(self) -> None:
        for connection in self._begun:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        self._begun.clear()
