"""A customer's earlier health: which states are remembered, what moved it, and which falls to report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from services.detector.domain.health import Health, State

MOST_STATES = 120
"""Earlier states that are kept; with a change a day, four months."""


SETTLING = timedelta(hours=24)
"""Measurements this soon after the first one are ignored in comparisons: conversations are still arriving,
and the number moves without anything having happened."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A customer's newly measured health; `changes` counts the customer's states up to the one measured.

    `keep` says whether it is worth remembering among the earlier states.
    """

    customer_id: str
    changes: int
    health: Health
    keep: bool


@dataclass(frozen=True, slots=True)
class HealthHistory:
    """The latest health in full, and the states before it, oldest first and at most `MOST_STATES`.

    `known_since` is the time of the first measurement.
    """

    known_since: datetime | None = None
    latest: Health | None = None
    states: tuple[State, ...] = ()

    def worth_keeping(self, fresh: State) -> bool:
        """Return whether a state adds something: a point of difference, or a day later than the last."""
        if not self.states:
            return True
        last = self.states[-1]
        return fresh.at - last.at >= timedelta(days=1) or (
            fresh.score != last.score or bool(moved(last, fresh))
        )

    @property
    def settled(self) -> tuple[State, ...]:
        """The states that can be compared with: those with a score, after the first day."""
        if self.known_since is None:
            return ()
        first = self.known_since + SETTLING
        return tuple(state for state in self.states if state.score is not None and state.at >= first)

    def about(self, days: int, now: datetime) -> State | None:
        """Return the newest settled state that is at least so many days old, else the oldest one."""
        older = [state for state in self.settled if state.at <= now - timedelta(days=days)]
        return older[-1] if older else next(iter(self.settled), None)


@dataclass(frozen=True, slots=True)
class Moved:
    """How many points an ingredient gained or lost since an earlier moment."""

    name: str
    points: float


def moved(before: State, after: State) -> tuple[Moved, ...]:
    """Return what moved the score between two moments, the largest first; less than a point is left out."""
    changes = (
        Moved(name, round(points - before.points.get(name, 0.0), 1)) for name, points in after.points.items()
    )
    return tuple(
        sorted(
            (change for change in changes if abs(change.points) >= 1), key=lambda change: -abs(change.points)
        )
    )


@dataclass(frozen=True, slots=True)
class FallRules:
    """When a fall is worth reporting: so many points below the best score of so many days.

    A fall is over when the score is back within `settled` points of where it fell from.
    """

    points: int = 20
    days: int = 30
    settled: int = 10


@dataclass(frozen=True, slots=True)
class Fall:
    """A fall from an earlier state."""

    before: State
    after: State

    @property
    def points(self) -> int:
        return (self.before.score or 0) - (self.after.score or 0)


def find_fall(history: HealthHistory, latest: State, rules: FallRules, *, is_open: bool) -> Fall | None:
    """Return the fall that the latest measurement is part of, or None.

    `is_open` says that a fall has been reported already: it then lasts until the score has recovered.
    """
    if latest.score is None:
        return None
    first = latest.at - timedelta(days=rules.days)
    earlier = [state for state in history.settled if first <= state.at < latest.at]
    if not earlier:
        return None
    best = max(earlier, key=lambda one: (one.score or 0, one.at))
    fall = Fall(best, latest)
    return fall if fall.points >= (rules.settled if is_open else rules.points) else None
