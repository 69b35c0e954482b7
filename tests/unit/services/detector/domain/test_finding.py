"""Findings and evidence refuse what could not be shown."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.detector.domain.conversation import AuthorType, Message
from services.detector.domain.errors import EvidenceMismatchError, InvalidFindingError
from services.detector.domain.finding import Evidence, FactEvidence, Finding, Kind

MESSAGE = Message("p1", AuthorType.CUSTOMER, datetime(2026, 1, 1, tzinfo=UTC), "Grüße 👋 cancel it")
QUOTE = Evidence.of(MESSAGE, 8, 14)


def test_evidence_quotes_code_points() -> None:
    """Offsets count characters, so an emoji before the quote does not move it."""
    assert QUOTE.quote == "cancel"
    QUOTE.verify(MESSAGE)


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (3, 3), (5, 4), (0, 99)])
def test_a_span_outside_the_text_is_refused(start: int, end: int) -> None:
    """A quote that is not there is never made."""
    with pytest.raises(EvidenceMismatchError):
        Evidence.of(MESSAGE, start, end)


@pytest.mark.parametrize(
    "forged",
    [Evidence("p1", 8, 14, "refund"), Evidence("p2", 8, 14, "cancel"), Evidence("p1", 8, 99, "cancel")],
)
def test_a_forged_quote_fails_verification(forged: Evidence) -> None:
    """Words, place and part must all agree with the message."""
    with pytest.raises(EvidenceMismatchError):
        forged.verify(MESSAGE)


@pytest.mark.parametrize(
    ("kind", "confidence", "evidence", "why"),
    [
        (Kind.RENEWAL, 1.1, (QUOTE,), "confidence"),
        (Kind.RENEWAL, 0.5, (), "no evidence"),
        (Kind.FEATURE_REQUEST, 0.5, (QUOTE,), "subject"),
        (Kind.SENTIMENT, 0.5, (QUOTE,), "polarity"),
    ],
)
def test_a_finding_that_cannot_be_shown_is_refused(
    kind: Kind, confidence: float, evidence: tuple[Evidence, ...], why: str
) -> None:
    """The error says what is missing."""
    with pytest.raises(InvalidFindingError, match=why):
        Finding(kind, confidence, "some", "1", evidence=evidence)


def test_each_quote_has_its_own_confidence() -> None:
    """Words that only speak for it are shown less sure than those that say it; none is surer than all."""
    weak = Evidence.of(MESSAGE, 0, 5, 0.6)
    found = Finding(Kind.RENEWAL, 0.9, "some", "1", evidence=(QUOTE, weak))
    assert [found.confidence_of(one) for one in found.evidence] == [0.9, 0.6]
    assert found.confidence_of(Evidence.of(MESSAGE, 0, 5, 0.95)) == 0.9


def test_facts_are_evidence_enough() -> None:
    """A finding from the account's facts needs no quote."""
    proof = FactEvidence("renewal_date", "2026-03-01", "renews in 9 days")
    assert Finding(Kind.RENEWAL, 0.9, "dates", "1", facts=(proof,)).evidence == ()
