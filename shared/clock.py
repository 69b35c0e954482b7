"""The one module that reads the system's time; everything else is given a `Clock`."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time. Implementations return aware datetimes in UTC."""

    def now(self) -> datetime:
        """Return the current time, aware and in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back; only differences mean anything."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class ManualClock:
    """A clock that stands still until it is moved; for tests and for replays."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("A clock needs an aware datetime: give the start a time zone.")
        self._now = start.astimezone(UTC)
        self._elapsed = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._elapsed

    def advance(self, seconds: float) -> None:
        """Move both clocks forward by `seconds` (never negative)."""
        if seconds < 0:
            raise ValueError("A clock moves forward only; use set_wall_time to move the wall clock back.")
        self._now += timedelta(seconds=seconds)
        self._elapsed += seconds

    def set_wall_time(self, moment: datetime) -> None:
        """Set the wall clock, even backwards, as a corrected system clock does; monotonic time stays."""
        self._now = moment.astimezone(UTC)
