"""A customer with fewer people or seats than before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from services.detector.domain.detector import Parameters
from services.detector.domain.finding import FactEvidence, Finding, Kind

if TYPE_CHECKING:
    from services.detector.domain.conversation import AccountFacts, AccountHistory, Context

NAME = "shrinking"
VERSION = "1"

_WORDS = {"user_count": "people", "seats": "seats"}
"""What is counted, in words: an alert shows the reason without the name of the fact."""


@dataclass(frozen=True)
class ShrinkingParameters(Parameters):
    """How far back, how much and how large.

    `within_days`: how far back to compare. `share`: the part that must be gone. `least_people`: in a smaller
    company one person leaving is a large share and means nothing.
    """

    within_days: int = 90
    share: float = 0.25
    least_people: int = 5


@dataclass(frozen=True)
class ShrinkingDetector:
    """An AccountDetector; compares with the highest count of the period."""

    parameters: ShrinkingParameters = field(default_factory=ShrinkingParameters)
    name: str = NAME
    version: str = VERSION

    @property
    def kinds(self) -> frozenset[Kind]:
        return frozenset({Kind.CHURN_RISK})

    def detect_account(
        self, facts: AccountFacts, history: AccountHistory, context: Context
    ) -> tuple[Finding, ...]:
        found = [
            proof
            for name, now in (("user_count", facts.user_count), ("seats", facts.seats))
            if now is not None and (proof := self._fallen(name, now, history, context)) is not None
        ]
        confidence = 0.65 if len(found) == 1 else 0.8
        if not found or confidence < self.parameters.threshold:
            return ()
        return (
            Finding(Kind.CHURN_RISK, confidence, self.name, self.version, facts=tuple(found), explicit=False),
        )

    def _fallen(self, name: str, now: int, history: AccountHistory, context: Context) -> FactEvidence | None:
        told = self.parameters
        past = [
            value
            for snapshot in history.snapshots
            if 0 <= (context.now - snapshot.at).days <= told.within_days
            and (value := getattr(snapshot.facts, name)) is not None
        ]
        highest = max(past, default=0)
        if highest < told.least_people or now > highest * (1 - told.share):
            return None
        reason = f"{_WORDS[name]} fell from {highest} to {now} within {told.within_days} days"
        return FactEvidence(name, str(now), reason)


def create(parameters: Parameters | None = None) -> ShrinkingDetector:
    """The detector; `parameters` must be ShrinkingParameters."""
    if parameters is None:
        return ShrinkingDetector()
    if not isinstance(parameters, ShrinkingParameters):
        raise TypeError("shrinking takes ShrinkingParameters")
    return ShrinkingDetector(parameters)
