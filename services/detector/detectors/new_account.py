"""A customer in its first weeks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from services.detector.domain.detector import Parameters
from services.detector.domain.finding import FactEvidence, Finding, Kind, on_day

if TYPE_CHECKING:
    from services.detector.domain.conversation import AccountFacts, AccountHistory, Context

NAME = "new_account"
VERSION = "2"


@dataclass(frozen=True)
class NewAccountParameters(Parameters):
    """`fresh_days`: how long a customer counts as new."""

    fresh_days: int = 30


@dataclass(frozen=True)
class NewAccountDetector:
    """An AccountDetector; the sign-up date is a fact, so it is as sure as the workspace's data is."""

    parameters: NewAccountParameters = field(default_factory=NewAccountParameters)
    name: str = NAME
    version: str = VERSION

    @property
    def kinds(self) -> frozenset[Kind]:
        return frozenset({Kind.ONBOARDING})

    def detect_account(
        self, facts: AccountFacts, history: AccountHistory, context: Context
    ) -> tuple[Finding, ...]:
        del history
        if facts.signed_up_at is None:
            return ()
        days = (context.now - facts.signed_up_at).days
        confidence = 0.9
        if not 0 <= days <= self.parameters.fresh_days or confidence < self.parameters.threshold:
            return ()
        day = facts.signed_up_at.date()
        proof = FactEvidence(
            "signed_up_at", day.isoformat(), f"signed up on {on_day(day)}", since=facts.signed_up_at
        )
        return (Finding(Kind.ONBOARDING, confidence, self.name, self.version, facts=(proof,)),)


def create(parameters: Parameters | None = None) -> NewAccountDetector:
    """The detector; `parameters` must be NewAccountParameters."""
    if parameters is None:
        return NewAccountDetector()
    if not isinstance(parameters, NewAccountParameters):
        raise TypeError("new_account takes NewAccountParameters")
    return NewAccountDetector(parameters)
