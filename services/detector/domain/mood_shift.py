"""Moods over time: rolled up with decay, and the moment they turn.

A level is not news: some people always sound cross. A shift is: the mood of the last messages lies
clearly below what it was before, said surely or said twice, and not recovered since.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from services.detector.domain.finding import Evidence, Finding

_SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True)
class MoodPoint:
    """The mood of one message: `score` -1..1, `confidence` 0..1, and the words that show it."""

    at: datetime
    score: float
    confidence: float
    evidence: Evidence

    @classmethod
    def of(cls, finding: Finding, at: datetime) -> MoodPoint:
        """The point of a sentiment finding on a message written at `at`."""
        return cls(at, finding.score or 0.0, finding.confidence, finding.evidence[0])


@dataclass(frozen=True, slots=True)
class ShiftParameters:
    """When a mood counts as turned. `half_life_days`: after so long a message counts half."""

    half_life_days: float = 30.0
    recent: int = 2
    least_before: int = 2
    drop: float = 0.6
    recent_at_most: float = -0.45
    before_at_least: float = -0.2
    sure: float = 0.8


@dataclass(frozen=True, slots=True)
class MoodShift:
    """A turn to the worse: mood before and after (-1..1), how sure, and the words of the turn."""

    at: datetime
    before: float
    after: float
    confidence: float
    evidence: tuple[Evidence, ...]


def rolled_up(points: Sequence[MoodPoint], now: datetime, half_life_days: float = 30.0) -> float | None:
    """Mean mood weighted by confidence and age; None when there is no point up to `now`."""
    total = weight_sum = 0.0
    for point in points:
        age_days = (now - point.at).total_seconds() / _SECONDS_PER_DAY
        if age_days < 0:
            continue
        weight = point.confidence * 0.5 ** (age_days / half_life_days)
        total += weight * point.score
        weight_sum += weight
    return total / weight_sum if weight_sum else None


def negative_shift(
    points: Sequence[MoodPoint], parameters: ShiftParameters | None = None
) -> MoodShift | None:
    """The turn to the worse that the newest points make, or None. Points must be in order of time."""
    told = parameters or ShiftParameters()
    for recent in range(1, told.recent + 1):
        before, after = points[:-recent], points[-recent:]
        if len(before) < told.least_before:
            return None
        shift = _shift(before, after, told)
        if shift is not None:
            return shift
    return None


def _shift(
    before: Sequence[MoodPoint], after: Sequence[MoodPoint], told: ShiftParameters
) -> MoodShift | None:
    earlier = rolled_up(before, before[-1].at, told.half_life_days)
    later = sum(point.score for point in after) / len(after)
    if earlier is None or earlier < told.before_at_least or later > told.recent_at_most:
        return None
    if earlier - later < told.drop or any(point.score > 0 for point in after):
        return None
    single = len(after) == 1
    confidence = max(point.confidence for point in after)
    if single and confidence < told.sure:
        return None
    return MoodShift(
        at=after[0].at,
        before=earlier,
        after=later,
        confidence=confidence,
        evidence=tuple(point.evidence for point in after),
    )
