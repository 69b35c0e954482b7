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


HINTED = RuleBook(
    (
        Cue("wish", 3.0, ("wish",)),
        Cue("asks", 1.0, ("could|can",), hint=True),
        Cue("refund", -4.0, ("refund",)),
        Cue("soon", 0.5, ("soon",), whole_message=True),
    )
)


@pytest.mark.parametrize(
    ("text", "plain", "hinted"),
    [
        ("could it fly", [], [1.0]),
        ("I wish it could fly", [3.0], []),
        ("could I have a refund", [-4.0], [-3.0]),
        ("Could it fly. Soon?", [], [1.5]),
        ("it flies", [], []),
    ],
)
def test_hints_are_scored_apart(text: str, plain: list[float], hinted: list[float]) -> None:
    """A hint never counts by itself, nor beside a cue that says it outright; vetoes hold for it too."""
    clauses = split_clauses(text)
    assert [one.score for one in HINTED.score_message(clauses) if one.score > 0] == [
        score for score in plain if score > 0
    ]
    assert [one.score for one in HINTED.score_hints(clauses)] == hinted
    assert HINTED.has_hint(clauses) is ("could" in text.lower())


def test_the_strongest_hit_is_the_most_telling_one() -> None:
    """The highest score, else the lowest, else nothing."""
    assert HINTED.strongest_hit(split_clauses("I wish. The refund.")) == 3.0
    assert HINTED.strongest_hit(split_clauses("The refund.")) == -4.0
    assert HINTED.strongest_hit(split_clauses("Nothing.")) == 0.0
