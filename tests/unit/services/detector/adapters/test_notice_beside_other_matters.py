"""Notice and the next message of the same customer, judged together by the packaged model and the rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from services.detector.adapters.onnx_text_model import OnnxTextModel
from services.detector.detectors import discover
from services.detector.domain.conversation import AuthorType, Context, Conversation, Message
from services.detector.domain.finding import Kind
from services.detector.domain.message_scoring import score_messages

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOTICES = (
    "We won't be renewing next year.",
    "Please close our account at the end of March.",
    "We've decided to move to another provider.",
    "I'd like to cancel our subscription please.",
    "Our board has decided not to continue with you after June.",
)
OTHER_MATTERS = (
    "How do I export all our data?",
    "Also, where do I find the last three invoices?",
    "And the login page is slow again today, by the way.",
    "Could you send us the VAT receipt for January as well?",
    "One more thing: the mobile app would need a dark mode.",
)
HALF_SAID = ("We need to cancel it.", "Please cancel.", "We are leaving.", "I want to cancel.")
EXPLANATIONS = (
    "The booking for Friday, not the account.",
    "the 3pm demo call",
    "I mean the SMS add-on order from this morning.",
    "Sorry, that was meant for our landlord.",
    "My appointment with Tom on Friday.",
)
ANSWERS = ("", "Hi! Let me check that and come back to you.")


class Judge:
    """The packaged model and the detector of churn risk."""

    def __init__(self) -> None:
        self._model = OnnxTextModel()
        detectors = discover(learned=self._model.learned).conversation
        self._detectors = [detector for detector in detectors if Kind.CHURN_RISK in detector.kinds]

    def leaves(self, *said: str, answer: str) -> bool:
        """Return whether a churn risk is found in what a customer said, with or without an agent's answer."""
        conversation = conversation_of(*said, answer=answer)
        (scores,) = score_messages(self._model, [conversation])
        context = Context(now=NOON, scores=scores)
        return any(detector.detect(conversation, context) for detector in self._detectors)


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge()


def conversation_of(*said: str, answer: str) -> Conversation:
    texts = [(AuthorType.CUSTOMER, text) for text in said]
    if answer:
        texts.append((AuthorType.AGENT, answer))
    messages = tuple(
        Message(str(place), author, NOON + timedelta(minutes=place), text)
        for place, (author, text) in enumerate(texts)
    )
    return Conversation("org", "ws", "1", messages)


@pytest.mark.parametrize("answer", ANSWERS)
def test_notice_is_found_whatever_the_customer_goes_on_to_ask(judge: Judge, answer: str) -> None:
    """A question about invoices takes no notice back."""
    pairs = product(NOTICES, OTHER_MATTERS)
    assert [pair for pair in pairs if not judge.leaves(*pair, answer=answer)] == []


@pytest.mark.parametrize("answer", ANSWERS)
def test_what_the_next_message_explains_is_understood_by_it(judge: Judge, answer: str) -> None:
    """Half a sentence about a booking is no farewell."""
    pairs = product(HALF_SAID, EXPLANATIONS)
    assert [pair for pair in pairs if judge.leaves(*pair, answer=answer)] == []
