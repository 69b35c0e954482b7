"""A renewal date that is near, from the account's facts alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from services.detector.domain.detector import Parameters
from services.detector.domain.finding import FactEvidence, Finding, Kind, on_day

if TYPE_CHECKING:
    from services.detector.domain.conversation import AccountFacts, AccountHistory, Context

NAME = "renewal_date"
VERSION = "2"


@dataclass(frozen=True)
class RenewalDateParameters(Parameters):
    """`ahead_days`: how long before the date, while a team can still act on it."""

    ahead_days: int = 60


@dataclass(frozen=True)
class RenewalDateDetector:
    """An AccountDetector: a date is a fact, so it is as sure as the workspace's data is."""

    parameters: RenewalDateParameters = field(default_factory=RenewalDateParameters)
    name: str = NAME
    version: str = VERSION
    confidence: float = 0.95

    @property
    def kinds(self) -> frozenset[Kind]:
        return frozenset({Kind.RENEWAL})

    def detect_account(
        self, facts: AccountFacts, history: AccountHistory, context: Context
    ) -> tuple[Finding, ...]:
        del history
        if facts.renewal_date is None or self.confidence < self.parameters.threshold:
            return ()
        days = (facts.renewal_date - context.now.date()).days
        if not 0 <= days <= self.parameters.ahead_days:
            return ()
        proof = FactEvidence(
            "renewal_date",
            facts.renewal_date.isoformat(),
            f"renews on {on_day(facts.renewal_date)}",
            since=datetime.combine(facts.renewal_date, time(), UTC) - timedelta(self.parameters.ahead_days),
        )
        return (Finding(Kind.RENEWAL, self.confidence, self.name, self.version, facts=(proof,)),)


def create(parameters: Parameters | None = None) -> RenewalDateDetector:
    """The detector; `parameters` must be RenewalDateParameters."""
    if parameters is None:
        return RenewalDateDetector()
    if not isinstance(parameters, RenewalDateParameters):
        raise TypeError("renewal_date takes RenewalDateParameters")
    return RenewalDateDetector(parameters)
