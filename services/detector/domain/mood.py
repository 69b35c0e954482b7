"""Moods of a person or customer: rolled up with time decay, and turned.

`mood_shift` decides when a mood turns and when it is back, from a row of moods; this module knows in which
conversation the words stand, so that a shift can be shown (DESIGN §6.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from services.detector.domain.finding import Evidence
from services.detector.domain.mood_shift import MoodPoint as ScoredPoint
from services.detector.domain.mood_shift import MoodShift, negative_shift, positive_shift

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

_DAY_SECONDS = 86_400.0


class MoodPoint(NamedTuple):
    """How one customer message felt: `score` from -1 to 1, `weight` its confidence, and its telling words.

    A tuple, because a review makes one of every message of a year.
    """

    at: datetime
    score: float
    weight: float
    conversation_key: str
    conversation_id: str
    part_id: str
    start: int
    end: int
    quote: str
    author_id: str = ""
    author_name: str = ""
    author_email: str = ""


@dataclass(frozen=True)
class MoodRules:
    """How moods are rolled up; how they turn is told by `mood_shift.ShiftParameters`.

    Attributes:
        half_life_days: after how long a message counts half in a roll-up.
        max_age_days: messages older than this say nothing about now.
    """

    half_life_days: float = 30.0
    max_age_days: int = 365


@dataclass(frozen=True, slots=True)
class Mood:
    """A roll-up: the decayed mean, from how many messages, up to when."""

    mean: float
    messages: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Shift:
    """Somebody's recent words lie below the earlier ones, or above them; `points` show it, oldest first."""

    before: float
    after: float
    points: tuple[MoodPoint, ...]

    @property
    def is_for_the_better(self) -> bool:
        return self.after > self.before


def decayed_mean(points: Iterable[MoodPoint], at: datetime, half_life_days: float) -> float:
    """Return the mean score, each message's weight halving with each half-life before `at`; 0.0 for none."""
    total = weights = 0.0
    for point in points:
        age_days = max(0.0, (at - point.at).total_seconds() / _DAY_SECONDS)
        weight = point.weight * 2.0 ** (-age_days / half_life_days)
        total += weight * point.score
        weights += weight
    return total / weights if weights else 0.0


def roll_up(points: Sequence[MoodPoint], rules: MoodRules) -> Mood | None:
    """Return the mood as of the newest message, whatever the order of the points; None without any."""
    if not points:
        return None
    last = max(point.at for point in points)
    return Mood(decayed_mean(points, last, rules.half_life_days), len(points), last)


def find_shift(points: Sequence[MoodPoint]) -> Shift | None:
    """Return the turn to the worse that lasts until the newest message of the one who turned, or None."""
    return _found(points, negative_shift)


def find_gladness(points: Sequence[MoodPoint]) -> Shift | None:
    """Return the turn for the better of somebody who was unhappy, or None."""
    return _found(points, positive_shift)


def _found(
    points: Sequence[MoodPoint], rule: Callable[[Sequence[ScoredPoint]], MoodShift | None]
) -> Shift | None:
    ordered = sorted(points, key=lambda point: (point.at, point.part_id))
    found = rule([_for_shift(point) for point in ordered])
    if found is None:
        return None
    telling = {evidence.part_id for evidence in found.evidence}
    return Shift(found.before, found.after, tuple(point for point in ordered if point.part_id in telling))


def _for_shift(point: MoodPoint) -> ScoredPoint:
    evidence = Evidence(point.part_id, point.start, point.end, point.quote)
    return ScoredPoint(point.at, point.score, point.weight, evidence, point.author_id, point.conversation_id)
