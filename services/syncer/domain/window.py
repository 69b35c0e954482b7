"""Which changes a run asks for, and which rows of the response count.

Intercom may read a time in a search as exact seconds, as a UTC day or as a day in the workspace's zone, and
may take `>` as "or equal" (FACTS §6). A window is requested so that all of these interpretations contain it;
rows outside it are dropped here.
"""

from __future__ import annotations

from dataclasses import dataclass

DAY_SAFE_SECONDS = 90_000
"""25 hours: `>` on a day starts the next day, and zones shift a day's start by up to 14 hours either way,
but never so that a day's end lies more than 25 hours after a moment in it (a day may have 25 hours)."""

FUTURE_SAFE_SECONDS = 172_800
"""Two days: an upper bound cut to a day must not hide today in any zone."""

SETTLED_SECONDS = 2
"""A version read this long after its second is final: nothing more can happen in that second."""


@dataclass(frozen=True, slots=True)
class Window:
    """Changes since `low` (Unix seconds, inclusive); `exact` when the workspace reads seconds as seconds."""

    low: int
    exact: bool = False

    @classmethod
    def since(cls, cursor: int, *, overlap_seconds: int, exact: bool = False) -> Window:
        """Return the window that begins an overlap before the cursor, because searches lag behind."""
        return cls(low=max(cursor - overlap_seconds, 0), exact=exact)

    def asked_after(self) -> int:
        """Return the value for a filter with `>`: one second less where seconds are proven exact."""
        return max(self.low - (1 if self.exact else DAY_SAFE_SECONDS), 0)

    def holds(self, updated_at: int | None) -> bool:
        """Tell whether a row counts. One without a time cannot be ruled out."""
        return updated_at is None or updated_at >= self.low


def is_settled(updated_at: int | None, read_at: int) -> bool:
    """Tell whether a version read at `read_at` (the source's clock) can still change within its second."""
    return updated_at is not None and read_at >= updated_at + SETTLED_SECONDS


class Descending:
    """Watches whether rows come newest first, so that a walk may stop where they get too old.

    The order that was asked for may have been ignored (FACTS §6): one row out of order forbids stopping.
    """

    def __init__(self, last: int | None = None, *, broken: bool = False) -> None:
        self.last = last
        self.broken = broken

    def saw(self, updated_at: int | None) -> None:
        if updated_at is None or (self.last is not None and updated_at > self.last):
            self.broken = True
        else:
            self.last = updated_at

    def passed(self, low: int) -> bool:
        """Tell whether every row still to come is older than `low`."""
        return not self.broken and self.last is not None and self.last < low
