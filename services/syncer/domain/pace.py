"""How fast one resource is being read: a number that is told once it has been watched long enough to hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

_SMOOTHING_SECONDS = 60.0
"""Time over which the pace forgets: steps take turns of some seconds, and over fewer of them it flickers."""

_SETTLED_SECONDS = 20.0
"""Calls in flight grow from a few over the first slices, and tell of a time many times too long."""

_LONGEST_WAIT = timedelta(minutes=2)
"""Waits up to this belong to reading: a rate limit's, another app's scroll. A longer one was an outage."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What was read of one resource in a second, over the time it was watched, with its waits."""

    items_per_second: float
    watched_seconds: float
    measured_at: datetime

    @property
    def settled(self) -> bool:
        return self.watched_seconds >= _SETTLED_SECONDS


def paced(known: Pace | None, amount: int, *, since: datetime, now: datetime) -> Pace | None:
    """Return a resource's pace after `amount` more of it was read between two moments.

    The plain mean at first, later weighed by how long was watched. What passed since the last measure counts
    too: steps take turns, and the others' are a part of how long this one takes.
    """
    watched, rate = (known.watched_seconds, known.items_per_second) if known is not None else (0.0, 0.0)
    if known is not None and timedelta() <= since - known.measured_at <= _LONGEST_WAIT:
        since = known.measured_at
    seconds = (now - since).total_seconds()
    if seconds <= 0:
        return known
    weight = max(seconds / (watched + seconds), min(seconds / _SMOOTHING_SECONDS, 1.0))
    return Pace(rate + (amount / seconds - rate) * weight, watched + seconds, now)
