"""The curves that make confidences of logits."""

from __future__ import annotations

import math

import numpy as np
import pytest

from services.detector.training.curves import fit_curve, threshold_for


def test_a_curve_says_how_often_its_messages_are_right() -> None:
    """Where three of four are right it says so, and where one of four is."""
    logits = np.repeat([2.0, -2.0], 400)
    right = np.tile([1.0, 1.0, 1.0, 0.0], 100)
    right = np.concatenate([right, 1.0 - right])
    curve = fit_curve(logits, np.zeros(800), right, np.ones(800))
    assert curve.confidence(2.0) == pytest.approx(0.75, abs=0.02)
    assert curve.confidence(-2.0) == pytest.approx(0.25, abs=0.02)


def test_what_was_said_around_counts_as_much_as_it_is_right() -> None:
    """Where the message by itself says nothing, the curve goes by what was said around it."""
    around = np.tile([3.0, -3.0], 400)
    logits = np.repeat([1.0, -1.0, 1.0, -1.0], 200)
    curve = fit_curve(logits, np.zeros(800), (around > 0).astype(float), np.ones(800), around)
    assert curve.within > 3 * abs(curve.logit)
    assert curve.confidence(-1.0, around=3.0) > 0.9
    assert curve.confidence(1.0, around=-3.0) < 0.1


def test_a_curve_of_one_reading_has_no_slope_for_the_other() -> None:
    """Messages that were read by themselves tell nothing of what was said around them."""
    logits = np.repeat([2.0, -2.0], 50)
    assert fit_curve(logits, np.zeros(100), (logits > 0).astype(float), np.ones(100)).within == 0.0


@pytest.mark.parametrize("weight", [1.0, 50.0])
def test_sure_and_heavy_messages_do_not_throw_the_fit(weight: float) -> None:
    """A few heavy messages on the wrong side far out leave a curve of ordinary slopes."""
    logits = np.concatenate([np.full(900, -9.0), np.full(80, 7.0), np.full(20, -9.0)])
    right = np.concatenate([np.zeros(900), np.ones(100)])
    weights = np.concatenate([np.ones(980), np.full(20, weight)])
    curve = fit_curve(logits, np.zeros(1000), right, weights)
    assert all(math.isfinite(one) and abs(one) < 20 for one in (curve.logit, curve.points, curve.offset))
    assert curve.confidence(7.0) > 0.9


def test_a_threshold_is_the_lowest_that_is_right_often_enough() -> None:
    """Two wrong ones among the unsure push it up; where nothing is right it is the highest there is."""
    sure = np.array([0.95, 0.9, 0.85, 0.8, 0.705, 0.655])
    right = np.array([1, 1, 1, 1, 0, 0])
    even = np.full(6, 1_000.0)
    assert threshold_for(sure, right, even, precision=0.9, lowest=0.6) == 0.71
    assert threshold_for(sure, right, even, precision=0.6, lowest=0.6) == 0.6
    assert threshold_for(sure, 0 * right, even, precision=0.6, lowest=0.6) == 0.95


def test_a_few_answers_move_a_threshold_little() -> None:
    """One wrong answer of three says less than what the curve expects of all three."""
    sure, even = np.array([0.96, 0.93, 0.915]), np.ones(3)
    assert threshold_for(sure, np.array([1, 1, 0]), even, precision=0.9, lowest=0.7) == 0.7
    assert threshold_for(sure, np.array([1, 1, 0]), 100 * even, precision=0.9, lowest=0.7) == 0.92
