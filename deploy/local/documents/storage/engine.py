"""Who runs SQLite: one writer at a time that commits in groups, and a few reader threads.

Every write waiting in the queue is executed inside one transaction per database file and answered after
the commit, so many clients share one commit. If it fails (a full disk), all is rolled back and each
command is tried again alone, so that only the ones that do not fit are refused.

The writer is a thread. Only what is brief, and came while that thread had nothing to do, is done by the
event loop itself: handing it over and back takes longer than doing it. What came in one round of the loop
is one group there too; the command of a client that writes alone does not even wait for the end of the
round. Brief reads are done by the loop at any time; they wait for no writer.
"""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from deploy.local.documents.errors import CommandError
from deploy.local.documents.storage.directory import Directory
from deploy.local.documents.storage.logsync import LogSync
from deploy.local.documents.storage.sessions import (
    ChangedMeanwhileError,
    ReaderConnections,
    ReadSession,
    WriteSession,
)

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from deploy.local.documents.settings import Settings
    from deploy.local.documents.storage.database import Database

    WriteCommand = Callable[[WriteSession], bytes]
    ReadCommand = Callable[[ReadSession], bytes]
    _Outcome = bytes | CommandError

_LOG: Final = logging.getLogger(__name__)

MAX_GROUP: Final = 500
"""Writes in one transaction; bounds what one failed commit has to repeat."""
_READ_ATTEMPTS: Final = 5


class Engine:
    """The open databases and the threads that work on them.

    Args:
        settings: The server's settings.
        loop: The event loop that waits for results.
    """

    def __init__(self, settings: Settings, loop: asyncio.AbstractEventLoop) -> None:
        self.settings = settings
        self.directory = Directory(settings)
        self._loop = loop
        self._writes: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._reads: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._log_sync: LogSync | None = None
        self._brief: list[_Job] = []
        self._writer = threading.Lock()
        self._loop_reader = threading.Lock()
        self._loop_connections = ReaderConnections(self.directory)
        self._is_closed = False

    def start(self) -> None:
        """Open what is in the directory; raises `DirectoryInUseError` if another server holds it."""
        self.directory.open()
        if self.settings.synchronous == "NORMAL":
            self._log_sync = LogSync(self.settings.log_sync_interval_seconds)
            self._log_sync.start()
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
        with self._writer, self._loop_reader:
            self._is_closed = True
            self._loop_connections.close()
        if self._log_sync is not None:
            self._log_sync.stop()
        self.directory.close()

    def write(self, command: WriteCommand, *, brief: bool = False) -> asyncio.Future[bytes]:
        """Run a command in the writer; the result comes after its commit.

        ``brief`` says that it touches a few documents which it finds by their keys. With ``FULL`` each
        commit waits for the disk, which the event loop never does.
        """
        if not brief or self.settings.synchronous != "NORMAL":
            return self._submit(self._writes, command)
        future: asyncio.Future[bytes] = self._loop.create_future()
        if not self._brief:
            self._loop.call_soon(self._write_brief)
        self._brief.append(_Job(command, future))
        return future

    def write_durably(self, command: WriteCommand) -> asyncio.Future[bytes]:
        """Run a command in the writer; the result comes when the disk has its commit.

        Writes beside it, also those of the same commit, do not wait for that.
        """
        if self._log_sync is None:
            return self._submit(self._writes, command)  # each commit waits for the disk
        return self._loop.create_task(self._synced(self._submit(self._writes, command), self._log_sync))

    async def _synced(self, written: asyncio.Future[bytes], log_sync: LogSync) -> bytes:
        answer = await written
        synced: asyncio.Future[bool] = self._loop.create_future()

        def settle(outcome: bool) -> None:  # noqa: FBT001 - as a sync tells it
            if not synced.done():
                synced.set_result(outcome)

        log_sync.when_synced(lambda outcome: self._loop.call_soon_threadsafe(settle, outcome))
        if not await synced:
            raise CommandError(
                "the write is stored, and the disk refused to sync its log: a power cut may take it", 1
            )
        return answer

    def _write_brief(self) -> None:
        jobs, self._brief = self._brief, []
        outcomes = self._write_here([job.command for job in jobs])
        if outcomes is not None:
            _settle(jobs, outcomes)
            return
        for job in jobs:
            self._writes.put(job)

    def write_now(self, command: WriteCommand) -> bytes | None:
        """Run and commit a brief command before returning; None where it has to wait for others."""
        if self._brief or self.settings.synchronous != "NORMAL":
            return None
        outcomes = self._write_here([command])
        return None if outcomes is None else _result(outcomes[0])

    def _write_here(self, commands: list[WriteCommand]) -> list[_Outcome] | None:
        """Run a group in the calling thread; None where the writer is at work, or has work."""
        if not self._writes.empty() or not self._writer.acquire(blocking=False):
            return None
        try:
            return None if self._is_closed else self._run_group(commands)
        finally:
            self._writer.release()

    def read(self, command: ReadCommand) -> asyncio.Future[bytes]:
        """Run a command over one snapshot."""
        return self._submit(self._reads, command)

    def read_now(self, command: ReadCommand) -> bytes | None:
        """Run a command that looks at one document, found by its key, before returning.

        None where the files are closed already.
        """
        with self._loop_reader:
            return None if self._is_closed else _result(self._run_read(command, self._loop_connections))

    def _submit(
        self, target: queue.SimpleQueue[_Job | None], command: Callable[[Any], bytes]
    ) -> asyncio.Future[bytes]:
        future: asyncio.Future[bytes] = self._loop.create_future()
        target.put(_Job(command, future))
        return future

    def _write_loop(self) -> None:
        running = True
        while running:
            taken = _take_group(self._writes)
            if None in taken:
                running = False
            jobs = [job for job in taken if job is not None]
            if jobs:
                with self._writer:
                    outcomes = self._run_group([job.command for job in jobs])
                self._deliver(jobs, outcomes)

    def _run_group(self, commands: list[WriteCommand]) -> list[_Outcome]:
        session = WriteSession(self.directory)
        try:
            outcomes = [_run_write(command, session) for command in commands]
            for database in session.begun:
                database.execute("COMMIT")
        except sqlite3.Error as error:
            for database in session.begun:
                _roll_back(database)
            if len(commands) > 1:
                return [outcome for command in commands for outcome in self._run_group([command])]
            return [storage_error(error)]
        for database in session.begun:
            database.publish()
            if self._log_sync is not None:
                self._log_sync.written(database.log)
        for database in session.dropped:
            self.directory.forget(database)
        return outcomes

    def _read_loop(self) -> None:
        connections = ReaderConnections(self.directory)
        while (job := self._reads.get()) is not None:
            self._deliver([job], [self._run_read(job.command, connections)])
        connections.close()

    def _run_read(self, command: ReadCommand, connections: ReaderConnections) -> _Outcome:
        for attempt in range(_READ_ATTEMPTS):
            session = ReadSession(self.directory, connections)
            try:
                return command(session)
            except ChangedMeanwhileError:
                continue
            except sqlite3.OperationalError as error:
                # The collection, index or file was dropped, or made, between the catalog and the snapshot.
                changed = "no such table" in str(error) or "unable to open" in str(error)
                if not changed or attempt == _READ_ATTEMPTS - 1:
                    return storage_error(error)
            except sqlite3.Error as error:
                return storage_error(error)
            except CommandError as error:
                return error
            except Exception as error:  # noqa: BLE001 - a command's boundary: one fault must not end the thread
                _LOG.exception("a read command failed unexpectedly")
                return CommandError(f"the server failed: {type(error).__name__}: {error}", 1)
            finally:
                session.end()
        return CommandError("the database is being dropped and made again too often to be read; try again", 1)

    def _deliver(self, jobs: list[_Job], outcomes: list[_Outcome]) -> None:
        self._loop.call_soon_threadsafe(_settle, jobs, outcomes)


class _Job(NamedTuple):
    command: Callable[[Any], bytes]
    future: asyncio.Future[bytes]


def _take_group(waiting: queue.SimpleQueue[_Job | None]) -> list[_Job | None]:
    jobs = [waiting.get()]
    while len(jobs) < MAX_GROUP:
        try:
            jobs.append(waiting.get_nowait())
        except queue.Empty:
            break
    return jobs


def _run_write(command: WriteCommand, session: WriteSession) -> _Outcome:
    try:
        return command(session)
    except CommandError as error:
        return error
    except sqlite3.Error:
        raise
    except Exception as error:
        # A fault of ours in the middle of a command must not leave half of it in the group's commit.
        _LOG.exception("a write command failed unexpectedly; its group is rolled back")
        raise sqlite3.InternalError(f"{type(error).__name__}: {error}") from error


def _roll_back(database: Database) -> None:
    if database.connection.in_transaction:
        database.execute("ROLLBACK")
    database.load_catalog()
    # The catalog has new objects now; readers must watch the same ones for fields that become multikey.
    database.publish()


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


def _result(outcome: _Outcome) -> bytes:
    if isinstance(outcome, CommandError):
        raise outcome
    return outcome


def _settle(jobs: list[_Job], outcomes: list[_Outcome]) -> None:
    for job, outcome in zip(jobs, outcomes, strict=True):
        if job.future.done():
            continue
        if isinstance(outcome, CommandError):
            job.future.set_exception(outcome)
        else:
            job.future.set_result(outcome)
