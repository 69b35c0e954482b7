"""The documents that were changed last, as they were left: what changes is often changed again soon.

Only the writer looks here, so nobody else's snapshot is meant. `records` forgets or renews what it replaces,
forgets what it deletes, and a rollback forgets all, so what is found here is what the file holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from deploy.local.documents.codec import Document

_MOST_BYTES: Final = 1024 * 1024
"""Of bodies, for each database file; decoded documents take a few times as much beside them."""
_LARGEST_BYTES: Final = 16 * 1024
"""A larger document costs more to change than to find."""


class Stored(NamedTuple):
    """A document in its table.

    Attributes:
        rid: Its row number.
        body: Its bytes.
        document: Its decoded form, which encodes to these bytes; not to be changed.
    """

    rid: int
    body: bytes
    document: Document


class Recent:
    """Recently changed documents by table and key; the oldest give way."""

    def __init__(self) -> None:
        self._stored: dict[tuple[str, bytes], Stored] = {}
        self._bytes = 0

    def get(self, table: str, key: bytes) -> Stored | None:
        return self._stored.get((table, key))

    def keep(self, table: str, key: bytes, stored: Stored) -> None:
        """Remember a document's newest state, as the newest of all."""
        place, size = (table, key), len(stored.body)
        known = self._stored.pop(place, None)
        if known is not None:
            self._bytes -= len(known.body)
        if size > _LARGEST_BYTES:
            return
        self._stored[place] = stored
        self._bytes += size
        while self._bytes > _MOST_BYTES:
            self.forget(*next(iter(self._stored)))

    def forget(self, table: str, key: bytes) -> None:
        known = self._stored.pop((table, key), None)
        if known is not None:
            self._bytes -= len(known.body)

    def forget_all(self) -> None:
        self._stored.clear()
        self._bytes = 0
