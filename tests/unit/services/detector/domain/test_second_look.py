"""What an answer about one message changes in a finding that rests on several."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.detector.domain.conversation import AuthorType, Conversation, Message
from services.detector.domain.finding import Evidence, Finding, Kind
from services.detector.domain.question import Verdict
from services.detector.domain.second_look import AskRules, Looked, doubts, folded, questions

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
THRESHOLD = 0.7
MESSAGES = tuple(
    Message(name, AuthorType.CUSTOMER, NOON + timedelta(minutes=at), f"We may leave you, {name}. We compare.")
    for at, name in enumerate("abc")
)
BY_PART = {message.part_id: message for message in MESSAGES}


def proof(place: str, confidence: float | None) -> Evidence:
    """The first clause of a message, or with a mark behind its name the second."""
    start, end = (0, 16) if len(place) == 1 else (21, 31)
    return Evidence.of(BY_PART[place[0]], start, end, confidence)


def after_withholding(*evidence: Evidence) -> tuple[Finding, ...]:
    """The findings of a conversation after the model withheld the one that rests on this evidence."""
    found = Finding(Kind.CHURN_RISK, 0.75, "churn_risk", "1", evidence, explicit=False)
    looked = Looked(Conversation("acme", "ws1", "k1", MESSAGES), "con1", (found,))
    asked = doubts(looked, AskRules(), {"churn_risk": THRESHOLD}, {"churn_risk"})
    ((question, mine),) = questions(looked, asked, NOON, None)
    assert question.part_id == evidence[0].part_id
    answered = replace(question, outcome="answered", verdicts=(Verdict(confirmed=False),))
    return folded(looked, [(answered, mine)], [])


@pytest.mark.parametrize(
    ("evidence", "kept", "confidence"),
    [
        ((proof("a", 0.75), proof("b", 0.72)), ["b"], 0.72),
        ((proof("a", 0.75), proof("a+", 0.74), proof("b", 0.71)), ["b"], 0.71),
        ((proof("a", 0.75), proof("b", 0.5), proof("c", 0.7)), ["c", "b"], 0.7),
        ((proof("a", None), proof("b", None)), ["b"], 0.75),
    ],
)
def test_what_other_messages_prove_stays(
    evidence: tuple[Evidence, ...], kept: list[str], confidence: float
) -> None:
    """The model saw one message: the rest counts on, the surest first, no surer than it is by itself."""
    (finding,) = after_withholding(*evidence)
    assert [one.part_id for one in finding.evidence] == kept
    assert finding.confidence == confidence


@pytest.mark.parametrize(
    "evidence",
    [
        (proof("a", 0.75),),
        (proof("a", 0.75), proof("a+", 0.74)),
        (proof("a", 0.75), proof("b", 0.69), proof("c", 0.6)),
    ],
)
def test_what_nothing_else_proves_goes(evidence: tuple[Evidence, ...]) -> None:
    """Further words that are only likely carry no finding by themselves."""
    assert after_withholding(*evidence) == ()
