"""Thresholds from people's judgements: single ones move nothing, many false alarms ask for surer words."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.corrections import Correction, thresholds

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def said(confidence: float, *, right: bool, slot: str = "upsell") -> Correction:
    return Correction(
        organization_id="acme",
        connection_id="con1",
        signal_id=f"s{confidence}",
        slot=slot,
        verdict="confirmed" if right else "dismissed",
        label="none",
        by="ann@acme.example",
        at=NOW,
        confidence=confidence,
        detector="upsell 1",
        spans=(),
    )


def test_one_or_two_dismissals_move_nothing() -> None:
    """What is expected of a detector outweighs two people who disagree."""
    assert thresholds([said(0.9, right=False)] * 2) == {}


def test_false_alarms_that_were_unsure_are_cut_off() -> None:
    """The threshold lies just above the dismissed ones and below what was confirmed."""
    judged = [said(one, right=False) for one in (0.61, 0.62, 0.64, 0.66)]
    judged += [said(one, right=True) for one in (0.8, 0.9)]
    (least,) = thresholds(judged).values()
    assert 0.61 < least < 0.8


def test_kinds_are_judged_apart() -> None:
    """False upsells say nothing of notices."""
    found = thresholds([*[said(0.7, right=False)] * 5, said(0.7, right=True, slot="churn_risk/explicit")])
    assert set(found) == {"upsell"}


_CONFIDENCES = st.integers(5_000, 9_900).map(lambda steps: steps / 10_000)
"""As signals carry them: with four decimals."""
_JUDGED = st.lists(st.tuples(_CONFIDENCES, st.booleans()), max_size=40)


@given(_JUDGED, _CONFIDENCES)
def test_a_confirmation_never_raises_and_a_dismissal_never_lowers(
    judged: list[tuple[float, bool]], confidence: float
) -> None:
    """Each judgement moves a threshold its own way or not at all, and none silences a kind."""
    corrections = [said(one, right=right) for one, right in judged]
    before = thresholds(corrections).get("upsell", 0.0)
    confirmed = thresholds([*corrections, said(confidence, right=True)]).get("upsell", 0.0)
    dismissed = thresholds([*corrections, said(confidence, right=False)]).get("upsell", 0.0)
    assert confirmed <= before <= dismissed <= 0.95
