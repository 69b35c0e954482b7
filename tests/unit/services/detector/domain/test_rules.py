"""Cues add up, families count once, vetoes pull down, message cues never speak alone."""

from __future__ import annotations

import pytest

from services.detector.domain.rules import Calibration, Cue, RuleBook
from services.detector.domain.text.sentences import split_clauses

BOOK = RuleBook(
    (
        Cue("cancel", 3.0, ("cancel our? plan",), family="end"),
        Cue("stop", 2.0, ("stop",), family="end"),
        Cue("meeting", -4.0, ("meeting",)),
        Cue("sorry", 0.5, ("sorry",), whole_message=True),
    )
)


@pytest.mark.parametrize(
    ("text", "scores"),
    [
        ("cancel our plan", [3.0]),
        ("stop and cancel plan", [3.0]),
        ("stop the meeting", [-2.0]),
        ("Sorry. Please cancel our plan. Bye", [3.5]),
        ("sorry", []),
        ("meeting", []),
        ("nothing here", []),
    ],
)
def test_scores(text: str, scores: list[float]) -> None:
    """Only clauses with something to say are scored."""
    assert [one.score for one in BOOK.score_message(split_clauses(text))] == scores


def test_the_cues_behind_a_score_are_named() -> None:
    """A score can be explained."""
    (scored,) = BOOK.score_message(split_clauses("stop the meeting"))
    assert scored.cues == ("meeting", "stop")


def test_confidence_grows_with_score_and_never_reaches_certainty() -> None:
    """The curve is monotonic and open at both ends, however large the score."""
    curve = Calibration(1.0, -2.0)
    assert 0 < curve.confidence(-1e9) < curve.confidence(2.0) == 0.5 < curve.confidence(1e9) < 1
