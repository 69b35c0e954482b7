"""Moods rolled up, and the turn to the worse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.detector.domain.finding import Evidence, Finding, Kind, Polarity
from services.detector.domain.mood_shift import MoodPoint, negative_shift, rolled_up

START = datetime(2026, 1, 1, tzinfo=UTC)


def points(*scores: float, confidence: float = 0.9) -> list[MoodPoint]:
    return [
        MoodPoint(START + timedelta(days=at), score, confidence, Evidence(str(at), 0, 1, "x"))
        for at, score in enumerate(scores)
    ]


@pytest.mark.parametrize(
    ("scores", "parts"),
    [
        ((0.5, 0.2, -0.8), ["2"]),
        ((0.5, 0.2, -0.5, -0.6), ["3"]),
        ((0.5, 0.2, 0.1), None),
        ((-0.7, -0.6, -0.8), None),
        ((0.5, 0.4, -0.8, 0.7), None),
        ((0.5, -0.8), None),
        ((), None),
        ((-0.1, -0.1, -0.5), None),
    ],
)
def test_a_turn_needs_a_better_past_and_a_bad_present(
    scores: tuple[float, ...], parts: list[str] | None
) -> None:
    """Constant anger, recovery and too short a past are no turn."""
    shift = negative_shift(points(*scores))
    assert ([quote.part_id for quote in shift.evidence] if shift else None) == parts


def test_an_unsure_turn_must_be_said_twice() -> None:
    """One doubtful message is not enough, two in a row are."""
    assert negative_shift(points(0.5, 0.4, -0.6, confidence=0.6)) is None
    shift = negative_shift(points(0.5, 0.4, -0.6, -0.7, confidence=0.6))
    assert shift is not None
    assert len(shift.evidence) == 2
    assert shift.before > 0 > shift.after


def test_old_moods_fade() -> None:
    """After a half-life a message counts half; the future counts nothing."""
    told = points(1.0, -1.0)
    assert rolled_up(told, told[1].at, half_life_days=1) == pytest.approx(-1 / 3)
    assert rolled_up(told, START, half_life_days=1) == 1.0
    assert rolled_up([], START) is None


def test_a_point_comes_from_a_finding() -> None:
    """Score, confidence and quote are taken over."""
    quote = Evidence("p", 0, 1, "x")
    found = Finding(Kind.SENTIMENT, 0.8, "s", "1", (quote,), polarity=Polarity.NEGATIVE, score=-0.7)
    assert MoodPoint.of(found, START) == MoodPoint(START, -0.7, 0.8, quote)
