"""The mood of single messages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.detector.detectors.sentiment import EVIDENCE_LIMIT_CHARACTERS, create
from services.detector.domain.conversation import AuthorType, Context, Conversation, Message
from services.detector.domain.detector import Parameters
from services.detector.domain.finding import Finding, Polarity

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def moods(*texts: str, threshold: float = 0.0) -> list[Finding]:
    messages = tuple(Message(str(at), AuthorType.CUSTOMER, NOON, text) for at, text in enumerate(texts))
    detector = create(Parameters(threshold=threshold))
    return list(detector.detect(Conversation("o", "w", "c", messages), Context(NOON)))


@pytest.mark.parametrize(
    ("text", "polarity"),
    [
        ("I love it, thank you so much!", Polarity.POSITIVE),
        ("That worked, perfect.", Polarity.POSITIVE),
        ("This is ridiculous, it still does not work.", Polarity.NEGATIVE),
        ("Great, another outage.", Polarity.NEGATIVE),
        ("Thanks for nothing.", Polarity.NEGATIVE),
        ("I have an issue with the webhook, can you help?", Polarity.NEUTRAL),
        ("Could you send me the invoice? Thanks.", Polarity.NEUTRAL),
        ("Please cancel our subscription.", Polarity.NEUTRAL),
    ],
)
def test_moods_are_told_apart(text: str, polarity: Polarity) -> None:
    """Support language, politeness and sarcasm included."""
    assert moods(text)[0].polarity is polarity


def test_each_message_has_its_own_mood() -> None:
    """Moods follow the messages in order, with a score on the right side of zero."""
    good, bad = moods("I love it!", "This is awful and useless.")
    assert (good.score or 0) > 0 > (bad.score or 0)
    assert (good.evidence[0].part_id, bad.evidence[0].part_id) == ("0", "1")


def test_the_evidence_is_the_clause_that_says_it() -> None:
    """Not the whole letter."""
    (found,) = moods("Hello Tom. We met in May. The new editor is terrible and my team hates it. Bye.")
    assert found.evidence[0].quote == "The new editor is terrible and my team hates it."


def test_evidence_is_short() -> None:
    """An endless sentence is cut."""
    (found,) = moods("terrible " * 39)
    assert len(found.evidence[0].quote) == EVIDENCE_LIMIT_CHARACTERS


def test_unsure_is_silent() -> None:
    """Below the threshold there is no mood."""
    assert moods("I love it!", threshold=0.9999) == []
