"""The inbox: its entries, who reads them, and telling open pages of new ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from services.notifier.ports.places import Place
    from shared.contracts.signals import SignalDetected, SignalEvent, SignalKind


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """A signal in an inbox. `over` says why it ended; `read` is the asking reader's own mark."""

    id: str
    signal: SignalDetected
    added_at: datetime
    over: str | None
    read: bool


@dataclass(frozen=True, slots=True)
class InboxReader:
    """Whose inbox it is, and what they want to see of it."""

    organization_id: str
    user_id: str
    email: str
    kinds: tuple[SignalKind, ...] = ()
    minimum_confidence: float = 0.0


class Inbox(Protocol):
    """The inbox entries of all organizations: one a signal, with who may see it and who has read it."""

    async def put(self, signal: SignalDetected, audience: str, at: datetime) -> None:
        """Add the audience to the signal's entry, creating it if needed. Idempotent."""
        ...

    async def refresh(self, signal: SignalEvent, *, over: str | None) -> None:
        """Update an entry to its signal's newer state; older revisions change nothing."""
        ...

    async def page(
        self,
        reader: InboxReader,
        *,
        unread_only: bool,
        after: Place | None,
        limit: int,
        oldest_first: bool = False,
    ) -> list[InboxEntry]:
        """Return entries in order of time, newest first unless asked otherwise, from after a place."""
        ...

    async def count(self, reader: InboxReader, *, at_most: int, since: datetime | None = None) -> int:
        """Return how many entries the reader sees, read ones included, or `at_most` if there are more.

        With `since`, count those that were added then or later.
        """
        ...

    async def unread(self, reader: InboxReader, *, at_most: int) -> int:
        """Return how many entries the reader has not read, or `at_most` if there are more.

        The cost grows with that number and with what is new, not with what was read.
        """
        ...

    async def get(self, reader: InboxReader, entry_id: str) -> InboxEntry | None: ...

    async def mark_read(
        self, reader: InboxReader, entry_id: str | None, *, until: datetime | None = None
    ) -> int:
        """Mark one entry as read by the reader, or all of theirs; return how many were unread.

        With `until`, mark those that were added by then.
        """
        ...

    async def remove(self, organization_id: str, connection_id: str) -> int: ...

    async def drop(self, organization_id: str, signal_id: str) -> None: ...

    async def expire(self, organization_id: str, signal_ids: Sequence[str], *, before: datetime) -> None:
        """Delete those of some signals' entries that were made before then."""
        ...


class Announcements(Protocol):
    """Tells open pages of this process that an inbox gained an entry."""

    def announce(self, signal: SignalDetected, audience: str) -> None: ...
