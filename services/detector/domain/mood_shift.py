"""Moods over time: averaged with decay, and the moment when they shift.

A level is not news: some people always sound cross. A shift is: what one person wrote last is clearly below
what the same person wrote before, said surely or said twice, and not made good since. Other people's moods
neither create nor hide it, so a colleague's "thanks" does not cover somebody's anger. The moods are processed
from the oldest on, so the result does not depend on how often or how late it is computed.

A shift for the better is reported more sparingly, since thanks are polite: somebody who was unhappy for a
while must sound glad again and again, over days, with no bad word in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from services.detector.domain.finding import Evidence, Finding

_SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True)
class MoodPoint:
    """The mood of one message: `score` -1..1, `confidence` 0..1, its words, their author and position."""

    at: datetime
    score: float
    confidence: float
    evidence: Evidence
    author_id: str = ""
    conversation_id: str = ""

    @classmethod
    def of(cls, finding: Finding, at: datetime, author_id: str = "") -> MoodPoint:
        """The point of a sentiment finding on a message written at `at`."""
        return cls(at, finding.score or 0.0, finding.confidence, finding.evidence[0], author_id)


@dataclass(frozen=True, slots=True)
class ShiftParameters:
    """When a mood counts as turned, and when as made good. Scores and their differences are -1..1.

    Attributes:
        half_life_days: after so long a message counts half in the mood before.
        recent: at most so many messages make the turn.
        least_before: so many messages must tell the mood before; one is enough where it is `good`.
        good: from here on the mood before was good and not merely calm.
        before_at_least: below it the mood before was bad already.
        drop: how far the mood must fall.
        recent_at_most: how bad it must be then.
        once_at_most: how bad a turn that was said once must be.
        sure: how confident a turn that was said once must be.
        sure_after_good: the same after a good mood, which makes a misread question less likely.
        plunge: a fall from a good mood that is so deep may be told in words that are...
        plunged_at_most: ...no worse than this: hurt, sarcasm and bitterness need no strong word.
        calm: what is nearer to 0 than this has no side...
        calm_weight: ...and counts for so little in the mood before: who praised and asks on is glad still.
        bad: a message at or below this is no sign of recovery.
        recovered_after: made good when so many messages in a row are...
        recovered_within: ...on average at most this far below the mood before...
        recovered_at: ...or at least this good.
        made_good: so good a message makes it good at once, where all bad words stand in its conversation.
    """

    half_life_days: float = 30.0
    recent: int = 2
    least_before: int = 2
    good: float = 0.4
    before_at_least: float = -0.2
    drop: float = 0.6
    recent_at_most: float = -0.5
    once_at_most: float = -0.75
    sure: float = 0.75
    sure_after_good: float = 0.7
    plunge: float = 0.9
    plunged_at_most: float = -0.3
    calm: float = 0.2
    calm_weight: float = 0.3
    bad: float = -0.2
    recovered_after: int = 3
    recovered_within: float = 0.3
    recovered_at: float = 0.3
    made_good: float = 0.3


_STANDARD = ShiftParameters()


@dataclass(frozen=True, slots=True)
class GladnessParameters:
    """When an unhappy mood has turned for the better. Scores are -1..1.

    Attributes:
        half_life_days: after so long a message counts half in the mood before.
        least_before: so many messages must tell the mood before...
        before_at_most: ...which must be this bad.
        glad: from here on a message is glad.
        glad_messages: so many glad messages make the turn...
        lasting_days: ...over at least so many days, so that the thanks at the end of a matter are no turn...
        mean_at_least: ...with all that was said between them this good on average.
        sure: how confident the surest of them must be.
        bad: a message at or below this ends it, or begins the count anew.
    """

    half_life_days: float = 30.0
    least_before: int = 3
    before_at_most: float = -0.3
    glad: float = 0.4
    glad_messages: int = 3
    lasting_days: float = 7.0
    mean_at_least: float = 0.3
    sure: float = 0.8
    bad: float = -0.2


_GLADNESS = GladnessParameters()


@dataclass(frozen=True, slots=True)
class MoodShift:
    """A shift that lasts: mood before and after (-1..1), how sure, and the words that show it."""

    at: datetime
    before: float
    after: float
    confidence: float
    evidence: tuple[Evidence, ...]


def negative_shift(points: Sequence[MoodPoint], parameters: ShiftParameters = _STANDARD) -> MoodShift | None:
    """The newest shift for the worse that still lasts, or None. Points must be in order of time."""
    return _newest(_of_one(own, parameters) for own in _by_author(points))


def positive_shift(
    points: Sequence[MoodPoint], parameters: GladnessParameters = _GLADNESS
) -> MoodShift | None:
    """The newest shift for the better that no bad word has ended, or None.

    Points must be in order of time. Only the words that made the shift are its evidence; what is glad later
    is a level.
    """
    return _newest(_gladness_of_one(own, parameters) for own in _by_author(points))


def _by_author(points: Sequence[MoodPoint]) -> list[list[MoodPoint]]:
    grouped: dict[str, list[MoodPoint]] = {}
    for point in points:
        grouped.setdefault(point.author_id, []).append(point)
    return list(grouped.values())


def _newest(shifts: Iterable[MoodShift | None]) -> MoodShift | None:
    return max((shift for shift in shifts if shift is not None), key=lambda shift: shift.at, default=None)


def _of_one(points: Sequence[MoodPoint], parameters: ShiftParameters) -> MoodShift | None:
    """One person's shift that is open after the last point, with every bad word since it began."""
    before = _moods_before(points, parameters.half_life_days, parameters.calm, parameters.calm_weight)
    began: int | None = None
    for at in range(1, len(points)):
        if began is not None:
            began = None if _made_good(points, began, at, before[began], parameters) else began
        if began is None:
            lengths = range(1, min(parameters.recent, at) + 1)
            began = next(
                (at + 1 - n for n in lengths if _turned(points, at + 1 - n, at, before, parameters)), None
            )
    if began is None:
        return None
    telling = [point for point in points[began:] if point.score <= parameters.bad]
    return MoodShift(
        at=points[began].at,
        before=before[began],
        after=sum(point.score for point in telling) / len(telling),
        confidence=max(point.confidence for point in telling),
        evidence=tuple(point.evidence for point in telling),
    )


def _gladness_of_one(points: Sequence[MoodPoint], parameters: GladnessParameters) -> MoodShift | None:
    before = _moods_before(points, parameters.half_life_days)
    first: int | None = None
    turned: MoodShift | None = None
    for at, point in enumerate(points):
        if point.score <= parameters.bad:
            first = turned = None
        elif first is None and point.score >= parameters.glad:
            first = at
        if first is None or turned is not None or first < parameters.least_before:
            continue
        turned = _gladness(points[first : at + 1], before[first], parameters)
    return turned


def _gladness(since: Sequence[MoodPoint], before: float, parameters: GladnessParameters) -> MoodShift | None:
    glad = [point for point in since if point.score >= parameters.glad]
    lasted_days = (glad[-1].at - glad[0].at).total_seconds() / _SECONDS_PER_DAY
    if (
        before > parameters.before_at_most
        or len(glad) < parameters.glad_messages
        or lasted_days < parameters.lasting_days
    ):
        return None
    surest = max(point.confidence for point in glad)
    if (
        surest < parameters.sure
        or sum(point.score for point in since) / len(since) < parameters.mean_at_least
    ):
        return None
    return MoodShift(
        at=glad[0].at,
        before=before,
        after=sum(point.score for point in glad) / len(glad),
        confidence=surest,
        evidence=tuple(point.evidence for point in glad),
    )


def _moods_before(
    points: Sequence[MoodPoint], half_life_days: float, calm: float = 0.0, calm_weight: float = 1.0
) -> list[float]:
    """For each point, the average mood of the points before it, as of the last of them; 0.0 for the first."""
    moods: list[float] = []
    total = weights = 0.0
    for at, point in enumerate(points):
        moods.append(total / weights if weights else 0.0)
        age_days = (point.at - points[at - 1].at).total_seconds() / _SECONDS_PER_DAY if at else 0.0
        faded = 0.5 ** (age_days / half_life_days)
        weight = point.confidence * (calm_weight if abs(point.score) < calm else 1.0)
        total = total * faded + weight * point.score
        weights = weights * faded + weight
    return moods


def _turned(
    points: Sequence[MoodPoint], first: int, last: int, before: Sequence[float], parameters: ShiftParameters
) -> bool:
    after = points[first : last + 1]
    good = before[first] >= parameters.good
    if first < (1 if good else parameters.least_before) or any(
        point.score > parameters.bad for point in after
    ):
        return False
    later = sum(point.score for point in after) / len(after)
    fall = before[first] - later
    if before[first] < parameters.before_at_least or fall < parameters.drop:
        return False
    plunged = good and fall >= parameters.plunge
    if len(after) > 1:
        return later <= (parameters.plunged_at_most if plunged else parameters.recent_at_most)
    sure = after[0].confidence >= (parameters.sure_after_good if good else parameters.sure)
    return sure and later <= (parameters.plunged_at_most if plunged else parameters.once_at_most)


def _made_good(
    points: Sequence[MoodPoint], began: int, at: int, before: float, parameters: ShiftParameters
) -> bool:
    newest = points[at]
    if newest.score <= parameters.bad:
        return False
    where = {
        mood_point.conversation_id for mood_point in points[began:at] if mood_point.score <= parameters.bad
    }
    if where == {newest.conversation_id} and newest.score >= parameters.made_good:
        return True
    since = points[max(began, at + 1 - parameters.recovered_after) : at + 1]
    if len(since) < parameters.recovered_after or any(point.score <= parameters.bad for point in since):
        return False
    mean = sum(point.score for point in since) / len(since)
    return mean >= min(before - parameters.recovered_within, parameters.recovered_at)
