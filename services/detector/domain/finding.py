"""What a detector may report: a kind, how sure it is, and the words or facts that prove it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from services.detector.domain.errors import EvidenceMismatchError, InvalidFindingError

if TYPE_CHECKING:
    from datetime import date, datetime

    from services.detector.domain.conversation import Message


class Kind(StrEnum):
    """What a finding is about."""

    ONBOARDING = "onboarding"
    RENEWAL = "renewal"
    UPSELL = "upsell"
    EXPANSION = "expansion"
    CHURN_RISK = "churn_risk"
    FEATURE_REQUEST = "feature_request"
    SENTIMENT = "sentiment"


LIFECYCLE_KINDS = frozenset({Kind.ONBOARDING, Kind.RENEWAL, Kind.UPSELL, Kind.EXPANSION, Kind.CHURN_RISK})
"""The kinds that are only looked for where a connection's lifecycle switch is on."""


class Polarity(StrEnum):
    """The mood of one message. A message whose mood is uncertain has no sentiment finding at all."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A quote from one message: `quote` equals the message's text[start:end], in code points.

    `confidence` is how sure these words alone make the finding; None if as sure as the finding itself.
    """

    part_id: str
    start: int
    end: int
    quote: str
    confidence: float | None = None

    @classmethod
    def of(cls, message: Message, start: int, end: int, confidence: float | None = None) -> Self:
        """Quote a message. Raises EvidenceMismatchError when the span is empty or outside the text."""
        if not 0 <= start < end <= len(message.text):
            raise EvidenceMismatchError(message.part_id, start, end)
        return cls(message.part_id, start, end, message.text[start:end], confidence)

    def verify(self, message: Message) -> None:
        """Raise EvidenceMismatchError unless the quote is what the message says at these offsets."""
        inside = 0 <= self.start < self.end <= len(message.text)
        same = message.part_id == self.part_id and message.text[self.start : self.end] == self.quote
        if not (inside and same):
            raise EvidenceMismatchError(self.part_id, self.start, self.end)


@dataclass(frozen=True, slots=True)
class FactEvidence:
    """An account fact that a finding rests on: its name, its value as text, and why it matters.

    `reason` stays true for as long as the fact lasts: it names a date, never a number of days from now.
    `since` is when the fact began to hold, if its value says so.
    """

    name: str
    value: str
    reason: str
    since: datetime | None = None


def on_day(moment: date) -> str:
    """Return a day as people write it, as in "3 Mar 2026"."""
    return f"{moment.day} {moment:%b %Y}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a detector found.

    `confidence` is calibrated: of the findings made with 0.8, about eight in ten are right.
    `explicit` is set for churn risk from words (True: notice given; False: implied risk), else None.
    `subject` is a feature request's wish in the customer's words. `polarity` and `score`
    (-1 wholly negative .. 1 wholly positive) are set for sentiment. A finding has evidence from
    text, from facts, or both, never neither. Raises InvalidFindingError otherwise.
    """

    kind: Kind
    confidence: float
    detector: str
    version: str
    evidence: tuple[Evidence, ...] = ()
    facts: tuple[FactEvidence, ...] = ()
    explicit: bool | None = None
    subject: str = ""
    polarity: Polarity | None = None
    score: float | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.confidence <= 1.0:
            raise InvalidFindingError(self.detector, f"confidence {self.confidence} is not within 0..1")
        if not self.evidence and not self.facts:
            raise InvalidFindingError(self.detector, "it rests on no evidence")
        if self.kind is Kind.FEATURE_REQUEST and not self.subject:
            raise InvalidFindingError(self.detector, "a feature request needs a subject")
        if self.kind is Kind.SENTIMENT and self.polarity is None:
            raise InvalidFindingError(self.detector, "a sentiment needs a polarity")

    def confidence_of(self, evidence: Evidence) -> float:
        """How sure one piece of the evidence is; never surer than the finding itself."""
        own = evidence.confidence
        return self.confidence if own is None else min(own, self.confidence)
