"""Moods rolled up, and how long a shift lasts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.mood import MoodPoint, MoodRules, decayed_mean, find_shift, roll_up

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW = datetime(2026, 6, 1, tzinfo=UTC)
RULES = MoodRules()


def point(days_ago: float, score: float, weight: float = 0.9) -> MoodPoint:
    return MoodPoint(
        at=NOW - timedelta(days=days_ago),
        score=score,
        weight=weight,
        conversation_key="ws1:k1",
        conversation_id="k1",
        part_id=f"p{days_ago}",
        start=0,
        end=4,
        quote="word",
    )


GLAD = [point(days, 0.8) for days in (90, 70, 50, 30)]


def test_newer_words_weigh_more() -> None:
    """An angry word today outweighs a glad one of three months ago."""
    mood = roll_up([point(90, 1.0), point(0, -1.0)], RULES)
    assert mood is not None
    assert mood.mean < -0.7
    assert roll_up([], RULES) is None


def test_a_turn_is_a_shift_and_a_level_is_not() -> None:
    """Anger after gladness is a shift; anger as always is not."""
    shift = find_shift([*GLAD, point(1, -0.9), point(0, -0.8)])
    assert shift is not None
    assert shift.before - shift.after > 0.6
    assert [one.score for one in shift.points] == [-0.9, -0.8]
    assert find_shift([point(days, -0.9) for days in (90, 60, 30, 1)]) is None


def test_a_shift_lasts_until_the_mood_is_back() -> None:
    """An open shift holds through lukewarm words and ends with glad ones."""
    angry = [*GLAD, point(2, -0.9)]
    assert find_shift([*angry, point(1, -0.1)]) is not None
    assert find_shift([*angry, point(1, 0.7), point(0.5, 0.6), point(0, 0.8)]) is None


def test_a_shift_is_one_persons() -> None:
    """A colleague's gladness does not hide it, and a colleague's anger does not make one."""
    turned = find_shift([*GLAD, point(3, -0.9), point(1, 0.9)._replace(author_id="else")])
    assert turned is not None
    assert find_shift([*GLAD, point(1, -0.9)._replace(author_id="else")]) is None


_POINTS = st.lists(
    st.builds(point, st.floats(0, 365), st.floats(-1, 1), st.floats(0.1, 1)), min_size=1, max_size=30
)


@given(_POINTS)
def test_a_roll_up_does_not_depend_on_the_order(points: Sequence[MoodPoint]) -> None:
    """The mean lies between the extremes, whatever order the messages arrived in."""
    mood = roll_up(points, RULES)
    shuffled = sorted(points, key=lambda one: (one.score, one.weight))
    again = roll_up(shuffled, RULES)
    assert mood is not None
    assert again is not None
    assert abs(mood.mean - again.mean) < 1e-9
    scores = [one.score for one in points]
    assert min(scores) - 1e-9 <= mood.mean <= max(scores) + 1e-9


@given(_POINTS)
def test_the_mean_of_one_score_is_that_score(points: Sequence[MoodPoint]) -> None:
    """Weights never change what everybody agrees on."""
    same = [point((NOW - one.at) / timedelta(days=1), 0.5, one.weight) for one in points]
    assert abs(decayed_mean(same, NOW, 30) - 0.5) < 1e-9
