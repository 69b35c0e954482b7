"""All seats taken: the next person who joins needs a larger contract."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from services.detector.domain.detector import Parameters
from services.detector.domain.finding import FactEvidence, Finding, Kind

if TYPE_CHECKING:
    from services.detector.domain.conversation import AccountFacts, AccountHistory, Context

NAME = "seats_full"
VERSION = "1"


@dataclass(frozen=True)
class SeatsFullParameters(Parameters):
    """How full is full.

    `share`: the part of the seats in use from which it is time to talk. `least_seats`: contracts with fewer
    seats are always full.
    """

    share: float = 0.95
    least_seats: int = 5


@dataclass(frozen=True)
class SeatsFullDetector:
    """An AccountDetector over seats and people."""

    parameters: SeatsFullParameters = field(default_factory=SeatsFullParameters)
    name: str = NAME
    version: str = VERSION

    @property
    def kinds(self) -> frozenset[Kind]:
        return frozenset({Kind.EXPANSION})

    def detect_account(
        self, facts: AccountFacts, history: AccountHistory, context: Context
    ) -> tuple[Finding, ...]:
        del history, context
        told = self.parameters
        confidence = 0.7
        if not facts.seats or facts.user_count is None or facts.seats < told.least_seats:
            return ()
        if facts.user_count < facts.seats * told.share or confidence < told.threshold:
            return ()
        proof = FactEvidence(
            "seats", str(facts.seats), f"{facts.user_count} of {facts.seats} seats are in use"
        )
        return (Finding(Kind.EXPANSION, confidence, self.name, self.version, facts=(proof,)),)


def create(parameters: Parameters | None = None) -> SeatsFullDetector:
    """The detector; `parameters` must be SeatsFullParameters."""
    if parameters is None:
        return SeatsFullDetector()
    if not isinstance(parameters, SeatsFullParameters):
        raise TypeError("seats_full takes SeatsFullParameters")
    return SeatsFullDetector(parameters)
