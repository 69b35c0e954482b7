"""The data directory: which databases are open, and that no other process has them."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

from deploy.local.documents.errors import CommandError
from deploy.local.documents.storage.catalog import check_database_name
from deploy.local.documents.storage.database import Database, database_names

if TYPE_CHECKING:
    from deploy.local.documents.settings import Settings

MAX_DATABASES: Final = 128
"""Each open database holds a few file descriptors per thread."""


class DirectoryInUseError(Exception):
    """Another process has the data directory open."""


class Directory:
    """The open databases. Only the writer thread adds and removes; every thread may look.

    Args:
        settings: The server's settings.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._databases: dict[str, Database] = {}
        self._lock: sqlite3.Connection | None = None

    def open(self) -> None:
        """Open what is there; raises `DirectoryInUseError` if another server holds it."""
        self.settings.directory.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(self.settings)
        self._databases = {
            name: Database(name, self.settings) for name in database_names(self.settings.directory)
        }

    def close(self) -> None:
        """Close all files; SQLite folds the logs into them."""
        for database in self._databases.values():
            database.connection.close()
        if self._lock is not None:
            self._lock.close()

    def get(self, name: str) -> Database | None:
        return self._databases.get(name)

    def names(self) -> list[str]:
        return sorted(self._databases)

    def create(self, name: str) -> Database:
        """Make a database; raises for a bad name, a name that differs in case only, and one too many."""
        check_database_name(name)
        if len(self._databases) >= MAX_DATABASES:
            raise CommandError(f"this server keeps at most {MAX_DATABASES} databases", 2)
        clash = next((other for other in self._databases if other.lower() == name.lower()), None)
        if clash is not None:
            raise CommandError(
                f"db already exists with different case already have: [{clash}] trying to create [{name}]",
                13297,
            )
        database = Database(name, self.settings)
        self._databases = {**self._databases, name: database}
        return database

    def forget(self, database: Database) -> None:
        """Delete a dropped database's file, unless something has been put into it again."""
        if database.catalog or self.get(database.name) is not database:
            return
        # Out of the mapping first: a reader that finds it there afterwards has opened the right file.
        self._databases = {name: one for name, one in self._databases.items() if one is not database}
        database.delete()


def _lock(settings: Settings) -> sqlite3.Connection:
    """Hold the directory for this process; the lock ends with the process, however that ends."""
    lock = sqlite3.connect(
        settings.directory / "lock", isolation_level=None, timeout=0, check_same_thread=False
    )
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        raise DirectoryInUseError(
            f"{settings.directory} is in use by another document server; stop it or choose another directory"
        ) from error
    return lock
