"""What model and rules say together counts sooner than what the model says alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.detector.detectors.renewal import create
from services.detector.domain.conversation import AuthorType, Context, Conversation, Message
from services.detector.domain.learned import Curve, Learned
from services.detector.domain.lexical import LexicalParameters
from services.detector.domain.model_scores import LABELS, MessageScores, ModelScores

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
BACKED = "Could you send the renewal quote for our contract?"
SILENT = "Could you send the blue folder to our office?"


def scored(**known: float) -> MessageScores:
    return MessageScores(ModelScores(tuple(known.get(label, -4.0) for label in LABELS)))


def found(text: str, scores: MessageScores, alone: float) -> bool:
    learned = Learned("m1", {label: Curve(points=0.5) for label in LABELS})
    detector = create(LexicalParameters(threshold=0.6, alone=alone)).with_model(learned)
    conversation = Conversation("o", "c", "k", (Message("m", AuthorType.CUSTOMER, NOON, text),))
    return bool(detector.detect(conversation, Context(now=NOON, scores={"m": scores})))


@pytest.mark.parametrize(
    ("text", "alone", "said"), [(BACKED, 0.9, True), (SILENT, 0.9, False), (SILENT, 0.7, True)]
)
def test_the_model_alone_must_be_surer(text: str, alone: float, said: bool) -> None:
    """Where no rule agrees, the higher threshold holds."""
    assert found(text, scored(renewal=1.2), alone) is said


@pytest.mark.parametrize(
    ("scores", "denies"),
    [
        (scored(renewal=-3.5), True),
        (scored(renewal=-0.5), False),
        (scored(renewal=-0.5, churn_risk=3.0), True),
        (scored(renewal=0.5, churn_risk=4.0), False),
        (scored(renewal=-2.5, churn_risk=-0.5), False),
    ],
)
def test_a_model_denies_a_kind_surely_or_for_another(scores: MessageScores, denies: bool) -> None:
    """Mere doubt is no denial, and two kinds may stand in one message."""
    assert scores.denies("renewal") is denies


def test_phrases_do_not_outvote_a_denial() -> None:
    """A message full of a kind's phrases that the model takes for another kind needs the higher threshold."""
    assert not found(BACKED, scored(renewal=-0.2, churn_risk=4.0), 0.97)
    assert found(BACKED, scored(renewal=-0.2), 0.97)
