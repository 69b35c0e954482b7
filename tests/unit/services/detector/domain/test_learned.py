"""How a model's scores and the points of rules become a confidence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.learned import HIGHEST_CONFIDENCE, Curve, Learned, MoodCurve
from services.detector.domain.model_scores import LABELS, MessageScores, ModelScores

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


def scored(value: float) -> ModelScores:
    return ModelScores(tuple(value for _ in LABELS))


def test_a_message_read_within_what_was_said_has_a_curve_of_its_own() -> None:
    """The curve around counts only where that was read, and where the model brings one."""
    curves = {label: Curve() for label in LABELS}
    learned = Learned("m", curves, {"upsell": Curve(logit=0.0, within=1.0)})
    alone, within = MessageScores(scored(2.0)), MessageScores(scored(2.0), within=scored(-2.0))
    assert learned.confidence("upsell", alone, 0.0) == Curve().confidence(2.0)
    assert learned.confidence("upsell", within, 0.0) == Curve().confidence(-2.0)
    assert learned.confidence("renewal", within, 0.0) == Curve().confidence(2.0)


def test_a_clause_is_as_sure_as_its_own_score() -> None:
    """A clause that was read by itself counts by its score, another by the message's."""
    learned = Learned("m", {label: Curve() for label in LABELS})
    said = MessageScores(scored(2.0), {1: scored(-1.0)})
    assert learned.alone("upsell", said, 0.0, 1) == Curve().confidence(-1.0)
    assert learned.alone("upsell", said, 0.0, 0) == Curve().confidence(said.by_itself("upsell"))


def test_what_was_said_around_makes_no_clause_surer() -> None:
    """It speaks for the message; its signature would be as sure as its wish."""
    curves = {label: Curve() for label in LABELS}
    learned = Learned("m", curves, {"upsell": Curve(logit=0.0, within=1.0)})
    said = MessageScores(scored(2.0), {1: scored(-3.0)}, within=scored(4.0))
    assert learned.alone("upsell", said, 0.0, 1) == Curve().confidence(-3.0)


@pytest.mark.parametrize(("logit", "points", "around"), [(3.0, 1.0, 2.0), (-4.0, 0.5, 0.0), (0.0, 0.0, 0.0)])
def test_a_flattened_curve_is_nearer_to_even_on_the_same_side(
    logit: float, points: float, around: float
) -> None:
    """What is likelier than not stays so."""
    curve = Curve(0.8, 0.5, -1.0, 0.3)
    sure = curve.confidence(logit, points, around) - 0.5
    flat = curve.flattened(0.85).confidence(logit, points, around) - 0.5
    assert abs(flat) < abs(sure)
    assert flat * sure > 0
