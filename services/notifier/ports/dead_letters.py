"""Records that services put aside, as people look at them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class DeadLetterView:
    """A record that a service put aside, as the page shows it; `preview` is cut and may be unreadable.

    Attributes:
        organization_id: whose record it is; None where its headers do not say, and then `preview` is empty,
            because it may hold anybody's words.
    """

    organization_id: str | None
    service: str
    offset: int
    at: datetime
    reason: str
    error: str
    attempts: str
    original: str
    type: str
    trace_id: str
    preview: str


@dataclass(frozen=True, slots=True)
class DeadLetterPage:
    """A service's newest dead letters that somebody may see, newest first.

    Attributes:
        looked_at: how many of the newest records were looked at, where they held fewer letters than asked for
            and there are older ones; None where nothing was left out.
    """

    letters: tuple[DeadLetterView, ...] = ()
    looked_at: int | None = None


class DeadLetterReader(Protocol):
    """Looks into the topics of dead letters without moving anybody's place in them."""

    async def newest(self, limit: int, organization_id: str) -> dict[str, DeadLetterPage]:
        """Return an organization's newest letters of each service, and those that name nobody.

        Letters of others and marks take none of their places. Raises TransientError.
        """
        ...
