"""Who runs SQLite: one writer thread that commits in groups, and a few reader threads.

Every write waiting in the queue is executed inside one transaction per database file and answered after
the commit, so many clients share one sync of the disk. If the commit fails (a full disk), all is rolled
back and each command is tried again alone, so that only the ones that do not fit are refused.
"""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
from typing import TYPE_CHECKING, Any, Final

from deploy.local.documents.errors import CommandError
from deploy.local.documents.storage.catalog import Catalog, check_database_name
from deploy.local.documents.storage.database import Database, connect, database_names
from deploy.local.documents.storage.scan import Source

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from deploy.local.documents.settings import Settings

_LOG: Final = logging.getLogger(__name__)

MAX_GROUP: Final = 500
"""Writes in one transaction; bounds what one failed commit has to repeat."""
MAX_DATABASES: Final = 128
"""Each open database holds a few file descriptors per thread."""
_READ_ATTEMPTS: Final = 5


class WriteSession:
    """What a writing command may touch; lives for one group of commands."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.begun: list[Database] = []
        self.dropped: list[Database] = []

    def database(self, name: str, *, create: bool) -> Database | None:
        """The database, inside this group's transaction; None if it does not exist and is not to be made."""
        database = self._engine.databases.get(name)
        if database is None:
            if not create:
                return None
            database = self._engine.create_database(name)
        if database not in self.begun:
            database.connection.execute("BEGIN IMMEDIATE")
            self.begun.append(database)
        return database

    def existing(self, name: str) -> Database | None:
        """The database for a look at its catalog, without beginning a transaction."""
        return self._engine.databases.get(name)

    def names(self) -> list[str]:
        return sorted(self._engine.databases)


class ReadSession:
    """What a reading command may touch: one snapshot per database, on this thread's own connections."""

    def __init__(self, engine: Engine, connections: _Connections) -> None:
        self._engine = engine
        self._connections = connections
        self._begun: list[sqlite3.Connection] = []
        self._catalogs: dict[str, Catalog] = {}

    def source(self, name: str) -> Source | None:
        """This thread's snapshot of a database, or None where there is no such database."""
        database = self._engine.databases.get(name)
        if database is None:
            return None
        connection = self._connections.of(database)
        if connection not in self._begun:
            self._begun.append(connection)
            connection.execute("BEGIN")
            # The snapshot is taken by the first read, and the catalog is looked at after it: a field that
            # became multikey is marked before its commit, so it is known for every document in the snapshot.
            connection.execute("SELECT 1 FROM collections LIMIT 1").fetchone()
        if self._engine.databases.get(name) is not database:
            raise _ChangedMeanwhileError
        self._catalogs[name] = database.published
        return Source(connection)

    def catalog(self, name: str) -> Catalog:
        """The collections of a database that `source` was asked for; empty where there is none."""
        return self._catalogs.get(name, {})

    def names(self) -> list[str]:
        return sorted(name for name, database in self._engine.databases.items() if database.published)

    def end(self) -> None:
        for connection in self._begun:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        self._begun.clear()


class _ChangedMeanwhileError(Exception):
    """A database was dropped while it was being opened; the command is run again."""


class _Connections:
    """One reader thread's connections, by database; those to dropped databases are closed in passing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._open: dict[str, tuple[Database, sqlite3.Connection]] = {}

    def of(self, database: Database) -> sqlite3.Connection:
        known = self._open.get(database.name)
        if known is not None and known[0] is database:
            return known[1]
        self._close_dropped()
        connection = connect(database.path, self._engine.settings, must_exist=True)
        connection.execute("PRAGMA query_only = ON")
        self._open[database.name] = (database, connection)
        return connection

    def _close_dropped(self) -> None:
        for name, (database, connection) in list(self._open.items()):
            if self._engine.databases.get(name) is not database:
                connection.close()
                del self._open[name]

    def close(self) -> None:
        for _, connection in self._open.values():
            connection.close()


class Engine:
    """The open databases and the threads that work on them.

    Args:
        settings: The server's settings.
        loop: The event loop that waits for results.
    """

    def __init__(self, settings: Settings, loop: asyncio.AbstractEventLoop) -> None:
        self.settings = settings
        self.databases: dict[str, Database] = {}
        self._loop = loop
        self._writes: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._reads: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock: sqlite3.Connection | None = None

    def start(self) -> None:
        """Open what is in the directory; raises `DirectoryInUseError` if another server holds it."""
        self.settings.directory.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(self.settings)
        for name in database_names(self.settings.directory):
            self.databases[name] = Database(name, self.settings)
        self._threads = [threading.Thread(target=self._write_loop, name="writer", daemon=True)]
        for number in range(self.settings.reader_threads):
            self._threads.append(
                threading.Thread(target=self._read_loop, name=f"reader-{number}", daemon=True)
            )
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish what is queued, fold the logs into the files and close them; blocks until done."""
        self._writes.put(None)
        for _ in range(self.settings.reader_threads):
            self._reads.put(None)
        for thread in self._threads:
            thread.join()
        for database in self.databases.values():
            database.connection.close()
        if self._lock is not None:
            self._lock.close()

    def write(self, command: Callable[[WriteSession], bytes]) -> asyncio.Future[bytes]:
        """Run a command in the writer; the result comes after its commit."""
        return self._submit(self._writes, command)

    def read(self, command: Callable[[ReadSession], bytes]) -> asyncio.Future[bytes]:
        return self._submit(self._reads, command)

    def create_database(self, name: str) -> Database:
        check_database_name(name)
        if len(self.databases) >= MAX_DATABASES:
            raise CommandError(f"this server keeps at most {MAX_DATABASES} databases", 2)
        clash = next((other for other in self.databases if other.lower() == name.lower()), None)
        if clash is not None:
            raise CommandError(
                f"db already exists with different case already have: [{clash}] trying [{name}]", 13297
            )
        database = Database(name, self.settings)
        self.databases = {**self.databases, name: database}
        return database

    def _submit(
        self, target: queue.SimpleQueue[Any], command: Callable[[Any], bytes]
    ) -> asyncio.Future[bytes]:
        future: asyncio.Future[bytes] = self._loop.create_future()
        target.put(_Job(command, future))
        return future

    def _write_loop(self) -> None:
        running = True
        while running:
            jobs = _take_group(self._writes)
            if None in jobs:
                running = False
            group = [job for job in jobs if job is not None]
            if group:
                self._deliver(self._run_group(group))

    def _run_group(self, jobs: list[_Job]) -> list[_Outcome]:
        session = WriteSession(self)
        outcomes: list[_Outcome] = []
        try:
            outcomes.extend(_run_write(job, session) for job in jobs)
            for database in session.begun:
                database.connection.execute("COMMIT")
        except sqlite3.Error as error:
            for database in session.begun:
                _roll_back(database)
            if len(jobs) > 1:
                return [outcome for job in jobs for outcome in self._run_group([job])]
            return [_Outcome(jobs[0], None, storage_error(error))]
        for database in session.begun:
            database.publish()
        for database in session.dropped:
            self._forget(database)
        return outcomes

    def _forget(self, database: Database) -> None:
        """Delete a dropped database's file, unless the same group has put something into it again."""
        if database.catalog or self.databases.get(database.name) is not database:
            return
        # Out of the mapping first: a reader that finds it there afterwards has opened the right file.
        self.databases = {name: one for name, one in self.databases.items() if one is not database}
        database.delete()

    def _read_loop(self) -> None:
        connections = _Connections(self)
        while (job := self._reads.get()) is not None:
            self._deliver([self._run_read(job, connections)])
        connections.close()

    def _run_read(self, job: _Job, connections: _Connections) -> _Outcome:
        for attempt in range(_READ_ATTEMPTS):
            session = ReadSession(self, connections)
            try:
                return _Outcome(job, job.command(session), None)
            except _ChangedMeanwhileError:
                continue
            except sqlite3.OperationalError as error:
                # The collection, index or file was dropped, or made, between the catalog and the snapshot.
                changed = "no such table" in str(error) or "unable to open" in str(error)
                if not changed or attempt == _READ_ATTEMPTS - 1:
                    return _Outcome(job, None, storage_error(error))
            except sqlite3.Error as error:
                return _Outcome(job, None, storage_error(error))
            except Exception as error:  # noqa: BLE001 - the boundary of a command: one fault must not end the thread
                return _Outcome(job, None, error)
            finally:
                session.end()
        busy = CommandError("the database is being dropped and made again too often to be read; try again", 1)
        return _Outcome(job, None, busy)

    def _deliver(self, outcomes: list[_Outcome]) -> None:
        self._loop.call_soon_threadsafe(_settle, outcomes)


class _Job:
    __slots__ = ("command", "future")

    def __init__(self, command: Callable[[Any], bytes], future: asyncio.Future[bytes]) -> None:
        self.command = command
        self.future = future


class _Outcome:
    __slots__ = ("error", "job", "result")

    def __init__(self, job: _Job, result: bytes | None, error: Exception | None) -> None:
        self.job = job
        self.result = result
        self.error = error


class DirectoryInUseError(Exception):
    """Another process has the data directory open."""


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


def _take_group(waiting: queue.SimpleQueue[_Job | None]) -> list[_Job | None]:
    jobs = [waiting.get()]
    while len(jobs) < MAX_GROUP:
        try:
            jobs.append(waiting.get_nowait())
        except queue.Empty:
            break
    return jobs


def _run_write(job: _Job, session: WriteSession) -> _Outcome:
    try:
        return _Outcome(job, job.command(session), None)
    except CommandError as error:
        return _Outcome(job, None, error)
    except sqlite3.Error:
        raise
    except Exception as error:
        # A fault of ours in the middle of a command must not leave half of it in the group's commit.
        _LOG.exception("a write command failed unexpectedly; its group is rolled back")
        raise sqlite3.InternalError(f"{type(error).__name__}: {error}") from error


def _roll_back(database: Database) -> None:
    if database.connection.in_transaction:
        database.connection.execute("ROLLBACK")
    database.load_catalog()


def storage_error(error: sqlite3.Error) -> CommandError:
    """What SQLite refused, in the code that drivers know."""
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_FULL":
        return CommandError(
            "the disk is full: nothing of this command was stored; free space and try again", 14031
        )
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return CommandError(f"a database file is damaged ({error}); restore it from a copy", 1)
    return CommandError(f"the storage engine failed ({name or type(error).__name__}: {error})", 1)


def _settle(outcomes: list[_Outcome]) -> None:
    for outcome in outcomes:
        future = outcome.job.future
        if future.done():
            continue
        if outcome.error is not None:
            future.set_exception(outcome.error)
        elif outcome.result is not None:
            future.set_result(outcome.result)
