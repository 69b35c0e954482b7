"""The moods of a person or customer: their average with time decay, and their shifts.

`mood_shift` decides from a series of moods when a mood shifts and when it has recovered. This module adds in
which conversation the words stand, so that a shift can be shown (DESIGN §6.3).
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
    """The mood of one customer message: `score` from -1 to 1, its confidence as `weight`, its words.

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
    """How moods are averaged; `mood_shift.ShiftParameters` says when they shift.

    Attributes:
        half_life_days: the age at which a message counts half.
        max_age_days: messages older than this say nothing about the present.
    """

    half_life_days: float = 30.0
    max_age_days: int = 365


@dataclass(frozen=True, slots=True)
class Mood:
    """An average: the decayed mean, the number of messages behind it, and the time of the newest."""

    mean: float
    messages: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Shift:
    """One person's recent words are clearly below, or above, the earlier ones.

    `points` are the words that show it, oldest first.
    """

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
    """Return the shift for the worse that lasts until that person's newest message, or None."""
    return _found(points, negative_shift)


def find_gladness(points: Sequence[MoodPoint]) -> Shift | None:
    """Return the shift for the better of somebody who was unhappy, or None."""
    return _found(points, positive_shift)


def _found(
    points: Sequence[MoodPoint], rule: Callable[[Sequence[ScoredPoint]], MoodShift | None]
) -> Shift | None:
    ordered = sorted(points, key=lambda point: (point.at, point.part_id))
    shift = rule([_for_shift(point) for point in ordered])
    if shift is None:
        return None
    telling = {evidence.part_id for evidence in shift.evidence}
    return Shift(shift.before, shift.after, tuple(point for point in ordered if point.part_id in telling))


def _for_shift(point: MoodPoint) -> ScoredPoint:
    evidence = Evidence(point.part_id, point.start, point.end, point.quote)
    return ScoredPoint(point.at, point.score, point.weight, evidence, point.author_id, point.conversation_id)
