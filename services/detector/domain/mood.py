"""Sentiment rolled up with time decay, and when a mood has shifted.

A level says little: some people always grumble. What tells is that somebody's recent words differ from
their own earlier ones, so recent days are compared with what came before them (DESIGN §6.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class MoodPoint:
    """How one customer message felt: `score` from -1 to 1, `weight` its confidence, and its telling words."""

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
    """When a mood has shifted.

    Attributes:
        half_life_days: after how long a message counts half in a roll-up.
        recent_days: what counts as recent, before the newest message.
        earlier_half_life_days: the same for what came before the recent days.
        opens_at, holds_at: difference of the two means at which a shift opens, and below which it is
            over; apart from each other, so that a shift does not flicker.
    """

    half_life_days: float = 30.0
    recent_days: float = 14.0
    earlier_half_life_days: float = 60.0
    min_recent: int = 2
    min_earlier: int = 3
    opens_at: float = 0.6
    holds_at: float = 0.3
    max_age_days: int = 365


@dataclass(frozen=True, slots=True)
class Mood:
    """A roll-up: the decayed mean, from how many messages, up to when."""

    mean: float
    messages: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Shift:
    """Recent words differ from earlier ones; `points` are the recent ones that carry the difference."""

    direction: Literal["down", "up"]
    before: float
    after: float
    points: tuple[MoodPoint, ...]

    @property
    def size(self) -> float:
        return abs(self.after - self.before)


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


def find_shift(
    points: Sequence[MoodPoint], rules: MoodRules, *, holding: Literal["down", "up"] | None = None
) -> Shift | None:
    """Return the shift that the newest message ends, if there is one.

    `holding` names the direction of a shift that is open already: it lasts until the difference falls
    below the lower mark.
    """
    if not points:
        return None
    last = max(point.at for point in points)
    recent_from = last - timedelta(days=rules.recent_days)
    recent = [point for point in points if point.at >= recent_from]
    earlier = [point for point in points if point.at < recent_from]
    if len(recent) < rules.min_recent or len(earlier) < rules.min_earlier:
        return None
    after = decayed_mean(recent, last, rules.recent_days)
    before = decayed_mean(earlier, recent_from, rules.earlier_half_life_days)
    direction: Literal["down", "up"] = "down" if after < before else "up"
    needed = rules.holds_at if direction == holding else rules.opens_at
    if abs(after - before) < needed:
        return None
    sign = -1 if direction == "down" else 1
    telling = sorted(
        (point for point in recent if point.score * sign > 0), key=lambda point: (point.at, point.part_id)
    )
    return Shift(direction, before, after, tuple(telling)) if telling else None
