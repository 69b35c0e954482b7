"""Bad ratings of conversations, recently and more than once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from services.detector.domain.detector import Parameters
from services.detector.domain.finding import FactEvidence, Finding, Kind

if TYPE_CHECKING:
    from services.detector.domain.conversation import AccountFacts, AccountHistory, Context

NAME = "low_ratings"
VERSION = "1"


@dataclass(frozen=True)
class LowRatingsParameters(Parameters):
    """How bad, how recent and how many.

    `low`: the highest of Intercom's ratings (1..5) that counts as bad. `least` bad ratings are needed within
    `recent_days`.
    """

    low: int = 2
    recent_days: int = 60
    least: int = 2


@dataclass(frozen=True)
class LowRatingsDetector:
    """An AccountDetector; one bad rating is a bad day, two are a mood."""

    parameters: LowRatingsParameters = field(default_factory=LowRatingsParameters)
    name: str = NAME
    version: str = VERSION

    @property
    def kinds(self) -> frozenset[Kind]:
        return frozenset({Kind.CHURN_RISK})

    def detect_account(
        self, facts: AccountFacts, history: AccountHistory, context: Context
    ) -> tuple[Finding, ...]:
        del facts
        told = self.parameters
        recent = [
            conversation.rating
            for conversation in history.conversations
            if conversation.rating is not None
            and conversation.rated_at is not None
            and 0 <= (context.now - conversation.rated_at).days <= told.recent_days
        ]
        bad = [rating for rating in recent if rating <= told.low]
        if len(bad) < told.least or 2 * len(bad) <= len(recent):
            return ()
        confidence = min(0.85, 0.55 + 0.1 * len(bad))
        if confidence < told.threshold:
            return ()
        proof = FactEvidence(
            "ratings", ", ".join(map(str, bad)), f"{len(bad)} of {len(recent)} marks are bad"
        )
        return (
            Finding(Kind.CHURN_RISK, confidence, self.name, self.version, facts=(proof,), explicit=False),
        )


def create(parameters: Parameters | None = None) -> LowRatingsDetector:
    """The detector; `parameters` must be LowRatingsParameters."""
    if parameters is None:
        return LowRatingsDetector()
    if not isinstance(parameters, LowRatingsParameters):
        raise TypeError("low_ratings takes LowRatingsParameters")
    return LowRatingsDetector(parameters)
