"""Constants found by fitting."""

from __future__ import annotations

import math

import pytest

from services.detector.evaluation.fitting import fit_platt, fit_softmax


def test_the_curve_gives_back_the_observed_shares() -> None:
    """At a score where three of four are right, it says about three quarters."""
    scores = [0.0] * 400 + [1.0] * 400
    outcomes = [at % 4 == 0 for at in range(400)] + [at % 4 != 0 for at in range(400)]
    slope, offset = fit_platt(scores, outcomes)
    assert 1 / (1 + math.exp(-offset)) == pytest.approx(0.25, abs=0.02)
    assert 1 / (1 + math.exp(-slope - offset)) == pytest.approx(0.75, abs=0.02)


def test_one_score_only_is_no_reason_to_fail() -> None:
    """Without spread the slope cannot be told, the share still can."""
    slope, offset = fit_platt([0.0, 0.0, 0.0, 0.0], [True, False, True, False])
    assert 1 / (1 + math.exp(-offset)) == pytest.approx(0.5)
    assert abs(slope) < 1


def test_both_outcomes_are_needed() -> None:
    """Nothing can be learned from examples that are all right."""
    with pytest.raises(ValueError, match="right and examples"):
        fit_platt([1.0, 2.0], [True, True])


def test_softmax_separates_and_repeats() -> None:
    """The same seed gives the same weights, and the classes come apart."""
    rows = [(1.0, value, 0.0) for value in (-1.0, -0.9, 0.9, 1.0)] * 20
    labels = [0, 0, 1, 1] * 20
    weights = fit_softmax(rows, labels, [1.0] * 80, classes=2)
    assert weights == fit_softmax(rows, labels, [1.0] * 80, classes=2)
    assert weights[1][1] > 0 > weights[0][1]
    assert weights[0][2] == 0
