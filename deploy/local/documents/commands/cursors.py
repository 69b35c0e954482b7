"""Open cursors: how many there may be, how long they live, and how a batch is cut.

A cursor holds no lock and no snapshot, only the place where it stands, so an abandoned one costs a little
memory until its time is up.
"""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING, Final

from deploy.local.documents.codec import MAX_DOCUMENT_BYTES
from deploy.local.documents.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deploy.local.documents.storage.scan import Source

FIRST_BATCH: Final = 101
"""MongoDB's own default for a first batch."""
_NO_LIMIT: Final = 1 << 62


class OpenCursor:
    """A result that is read batch by batch.

    Args:
        namespace: What the cursor reads, for the reply.
        source: The connection holder that the documents are pulled through; None if they are in memory.
        documents: The documents, already BSON.
        collection: The collection's own identity, so that a later one of the same name is not read on.
    """

    def __init__(
        self,
        namespace: str,
        source: Source | None,
        documents: Iterator[bytes],
        collection: bytes | None = None,
    ) -> None:
        self.namespace = namespace
        self.collection = collection
        self.source = source
        self.used_at = 0.0
        self.is_busy = False
        self._documents = documents
        self._pending: bytes | None = None

    def batch(self, size: int | None) -> tuple[list[bytes], bool]:
        """Up to ``size`` documents and 16 MB, at least one if there is one, and whether more follow."""
        wanted = _NO_LIMIT if size is None else size
        result: list[bytes] = []
        total = 0
        while True:
            document = self._pending if self._pending is not None else next(self._documents, None)
            self._pending = document
            if document is None:
                return result, False
            total += len(document) + 16
            if len(result) >= wanted or (result and total > MAX_DOCUMENT_BYTES):
                return result, True
            result.append(document)
            self._pending = None


class CursorStore:
    """The cursors of all clients; safe to use from every thread.

    Args:
        monotonic: The clock, in seconds.
        timeout_seconds: How long a cursor may be left alone.
        maximum: How many there may be; the one left alone longest gives way.
    """

    def __init__(self, monotonic: Callable[[], float], timeout_seconds: float, maximum: int) -> None:
        self._monotonic = monotonic
        self._timeout_seconds = timeout_seconds
        self._maximum = maximum
        self._cursors: dict[int, OpenCursor] = {}
        self._lock = threading.Lock()
        self._random = random.SystemRandom()

    def add(self, cursor: OpenCursor) -> int:
        with self._lock:
            if len(self._cursors) >= self._maximum:
                idle = [
                    (cursor.used_at, number) for number, cursor in self._cursors.items() if not cursor.is_busy
                ]
                if not idle:
                    raise CommandError(f"too many open cursors; this server keeps {self._maximum}", 2)
                del self._cursors[min(idle)[1]]
            cursor.used_at = self._monotonic()
            number = self._random.randrange(1, 1 << 62)
            self._cursors[number] = cursor
            return number

    def take(self, number: int, namespace: str) -> OpenCursor:
        """Hold a cursor for one batch; raises code 43 if there is none and 13 if it reads something else."""
        with self._lock:
            cursor = self._cursors.get(number)
            if cursor is None:
                raise CommandError(f"cursor id {number} not found", 43)
            if cursor.namespace != namespace:
                raise CommandError(f"cursor id {number} does not belong to {namespace}", 13)
            if cursor.is_busy:
                raise CommandError(f"cursor id {number} is already in use", 12051)
            cursor.is_busy = True
            return cursor

    def give_back(self, number: int, *, is_open: bool) -> None:
        with self._lock:
            cursor = self._cursors.get(number)
            if cursor is not None:
                cursor.is_busy = False
                cursor.used_at = self._monotonic()
                if not is_open:
                    del self._cursors[number]

    def kill(self, number: int) -> bool:
        with self._lock:
            return self._cursors.pop(number, None) is not None

    def expire(self) -> None:
        """Forget the cursors whose time is up."""
        oldest = self._monotonic() - self._timeout_seconds
        with self._lock:
            for number, cursor in list(self._cursors.items()):
                if not cursor.is_busy and cursor.used_at < oldest:
                    del self._cursors[number]

    def __len__(self) -> int:
        return len(self._cursors)
