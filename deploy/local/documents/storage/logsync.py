"""Syncing the write-ahead logs to the disk a little behind the commits.

With ``synchronous = NORMAL`` a commit is in the operating system's hands when it is acknowledged: a killed
process loses nothing. This thread bounds what a power cut can take to the last tenth of a second or so,
which is also MongoDB's journal interval, without making every commit wait for the disk. Who asks for the disk
is told when it has what was written so far; others are not held up by that.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_LOG: Final = logging.getLogger(__name__)

_sync_data: Final = os.fdatasync if hasattr(os, "fdatasync") else os.fsync
"""The log's bytes and length without its time of change, as SQLite itself does; macOS has no such call."""


class LogSync:
    """A thread that syncs logs which were written to.

    Args:
        interval_seconds: The least time between two syncs that nobody waits for.
    """

    def __init__(self, interval_seconds: float) -> None:
        self._interval_seconds = interval_seconds
        self._dirty: set[str] = set()
        self._waiting: list[Callable[[bool], object]] = []
        self._changed = threading.Condition()
        self._is_stopping = False
        self._has_ended = False
        self._has_failed = False
        self._thread = threading.Thread(target=self._run, name="log-sync", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End after a last sync."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify()
        self._thread.join()

    def when_synced(self, done: Callable[[bool], object]) -> None:
        """Call `done` when the disk has all that was noted as written before; with False if it failed.

        After one failure nobody is told otherwise: what a disk has refused once, the operating system may
        take for written. `done` is called by the thread that syncs, or at once after the last sync.
        """
        with self._changed:
            if not self._has_ended:
                self._waiting.append(done)
                self._changed.notify()
                return
        done(not self._has_failed)

    def written(self, log: str) -> None:
        """Note that a database's log, a file of that name, has grown."""
        # Asked without the lock: what stands in the set is synced after it was taken out, so after this.
        if log in self._dirty:
            return
        with self._changed:
            self._dirty.add(log)
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not (self._dirty or self._waiting or self._is_stopping):
                    self._changed.wait()
                if self._is_stopping and not (self._dirty or self._waiting):
                    self._has_ended = True
                    return
                dirty, self._dirty = self._dirty, set()
                # Whose log was taken out by the round before is not among these, and is on the disk by now.
                waiting, self._waiting = self._waiting, []
            for log in dirty:
                self._has_failed |= not _sync(log)
            for done in waiting:
                done(not self._has_failed)
            with self._changed:
                self._changed.wait_for(lambda: self._is_stopping or self._waiting, self._interval_seconds)


def _sync(log: str) -> bool:
    """Return whether the disk has the log; one that is gone needs no sync."""
    try:
        # SQLite holds no lock on the log itself, so closing this descriptor takes none away.
        descriptor = os.open(log, os.O_RDWR)
        try:
            _sync_data(descriptor)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        return True  # folded back, or its database dropped: there is nothing left to sync
    except OSError as error:
        _LOG.warning("%s could not be synced to the disk: %s", log, error)
        return False
    return True
