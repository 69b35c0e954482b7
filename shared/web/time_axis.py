"""A time axis: where moments fall, and which ones deserve a tick, for spans from hours to decades."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_MOST_TICKS = 8
_STEPS_DAYS = (1, 2, 7, 14)
_STEPS_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120)
_DAYS_A_MONTH = 30.44


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """Maps moments in [start, end] to positions in [left, right]; outside ones go to the nearer edge."""

    start: datetime
    end: datetime
    left: float
    right: float

    def position(self, moment: datetime) -> float:
        span = (self.end - self.start).total_seconds()
        share = (moment - self.start).total_seconds() / span if span > 0 else 0.5
        return self.left + min(1.0, max(0.0, share)) * (self.right - self.left)

    def ticks(self) -> list[tuple[float, str]]:
        """Return at most about eight (position, label) pairs at round dates."""
        days = (self.end - self.start).total_seconds() / 86_400
        moments = self._days(days) if days < _STEPS_DAYS[-1] * _MOST_TICKS else self._months(days)
        return [(self.position(moment), label) for moment, label in moments]

    def _days(self, days: float) -> list[tuple[datetime, str]]:
        step = next((s for s in _STEPS_DAYS if days / s <= _MOST_TICKS), _STEPS_DAYS[-1])
        moment = self.start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        ticks = []
        while moment <= self.end:
            if moment >= self.start:
                ticks.append((moment, f"{moment.day} {moment:%b}"))
            moment += timedelta(days=step)
        return ticks

    def _months(self, days: float) -> list[tuple[datetime, str]]:
        months = days / _DAYS_A_MONTH
        step = next((s for s in _STEPS_MONTHS if months / s <= _MOST_TICKS), _STEPS_MONTHS[-1])
        year, month = self.start.year, self.start.month
        if step >= 12:  # noqa: PLR2004 - months in a year
            month = 1
        ticks: list[tuple[datetime, str]] = []
        while (moment := datetime(year, month, 1, tzinfo=UTC)) <= self.end:
            if moment >= self.start:
                first = not ticks or moment.month == 1
                ticks.append((moment, f"{moment:%b %Y}" if first else f"{moment:%b}"))
            year, month = year + (month - 1 + step) // 12, (month - 1 + step) % 12 + 1
        return ticks
