"""Syncing the write-ahead logs to the disk a little behind the commits.

With ``synchronous = NORMAL`` a commit is in the operating system's hands when it is acknowledged: a killed
process loses nothing. This thread bounds what a power cut can take to the last tenth of a second or so,
which is also MongoDB's journal interval, without making every commit wait for the disk.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import Final

_LOG: Final = logging.getLogger(__name__)

_sync_data: Final = os.fdatasync if hasattr(os, "fdatasync") else os.fsync
"""The log's bytes and length without its time of change, as SQLite itself does; macOS has no such call."""


class LogSync:
    """A thread that syncs logs which were written to.

    Args:
        interval_seconds: The least time between two syncs.
    """

    def __init__(self, interval_seconds: float) -> None:
        self._interval_seconds = interval_seconds
        self._dirty: set[str] = set()
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log-sync", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End after a last sync."""
        with self._changed:
            self._stopping.set()
            self._changed.notify()
        self._thread.join()

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
                while not self._dirty and not self._stopping.is_set():
                    self._changed.wait()
                dirty, self._dirty = self._dirty, set()
            for log in dirty:
                _sync(log)
            if self._stopping.wait(self._interval_seconds) and not self._dirty:
                return


def _sync(log: str) -> None:
    try:
        # SQLite holds no lock on the log itself, so closing this descriptor takes none away.
        descriptor = os.open(log, os.O_RDWR)
    except FileNotFoundError:
        return  # folded back, or its database dropped: there is nothing left to sync
    try:
        _sync_data(descriptor)
    except OSError as error:
        _LOG.warning("%s could not be synced to the disk: %s", log, error)
    finally:
        os.close(descriptor)
