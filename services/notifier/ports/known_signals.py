"""What is remembered of signals that were seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shared.contracts.signals import SignalDetected, SignalEvent


@dataclass(frozen=True, slots=True)
class KnownSignal:
    """What is remembered of every signal seen, announced or not.

    Attributes:
        words_until: when its newest words were said.
        news_since: when the opening that was announced changed it; None while it was found in the past only.
        ahead: its newest state while its opening has not come yet; None from then on.
    """

    revision: int
    over: bool
    words_until: datetime
    news_since: datetime | None = None
    ahead: SignalDetected | None = None


class KnownSignals(Protocol):
    """Remembers signals and removed connections, so that records which arrive late or twice do no harm."""

    async def get(self, organization_id: str, signal_id: str) -> KnownSignal | None: ...

    async def remember(
        self,
        signal: SignalEvent,
        *,
        over: bool,
        at: datetime,
        is_news: bool = False,
        is_ahead: bool = False,
    ) -> None:
        """Store a signal's state with the time it was seen; of older revisions, only that they are news.

        Whether it is news stays unchanged unless this says so: only openings do. What `is_ahead` of the
        opening is stored whole, until something is remembered that is not.
        """
        ...

    async def forget(self, organization_id: str, connection_id: str, *, until: datetime) -> int:
        """Delete a connection's signals, and record that signals changed up to `until` are not wanted."""
        ...

    async def drop(self, organization_id: str, signal_id: str) -> None: ...

    async def unseen_since(self, before: datetime, limit: int) -> list[tuple[str, str]]:
        """Return organization and id of signals that were last seen before then, longest ago first."""
        ...

    async def fade(self, organization_id: str, signal_ids: Sequence[str], *, before: datetime) -> list[str]:
        """Make signals last seen before then no longer news; return which of these they are.

        From here on no newer state of them is announced, whatever else of them is deleted.
        """
        ...

    async def expire(self, organization_id: str, signal_ids: Sequence[str], *, before: datetime) -> int:
        """Delete what is remembered of those last seen before then; return how many."""
        ...

    async def removed_until(self, organization_id: str, connection_id: str) -> datetime | None: ...
