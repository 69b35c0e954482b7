"""How a model's scores and the points of rules become a confidence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.learned import HIGHEST_CONFIDENCE, Curve, MoodCurve
from services.detector.domain.model_scores import LABELS, ModelScores

numbers = st.floats(-1e6, 1e6)


@given(logit=numbers, points=numbers)
def test_confidence_is_a_probability_that_never_reaches_certainty(logit: float, points: float) -> None:
    """Whatever the model says, no page shows 1.00 or 0."""
    assert 0 < Curve(1.0, 0.5, -1.0).confidence(logit, points) <= HIGHEST_CONFIDENCE


@given(points=st.floats(0, 100))
def test_points_of_rules_make_surer(points: float) -> None:
    """A phrase that fires never makes a message less sure, and a heap of them not certain."""
    curve = Curve(1.0, 0.5, -1.0)
    assert curve.confidence(0.0) <= curve.confidence(0.0, points) <= curve.confidence(0.0, 5.0)


def test_moods_share_one_and_follow_the_offsets() -> None:
    """The three probabilities add up to one; an offset moves them."""
    scores = ModelScores((1.0, 0.0, -1.0, *(0.0 for _ in LABELS[3:])))
    plain = MoodCurve().probabilities(scores)
    moved = MoodCurve(1.0, (-1.0, 1.0, 0.0)).probabilities(scores)
    assert sum(plain) == pytest.approx(1.0)
    assert plain[0] > plain[1] > plain[2]
    assert moved[1] > moved[0]
