"""An active customer that went quiet: nobody seen and nobody writing for longer than usual."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from services.detector.domain.detector import Parameters
from services.detector.domain.finding import FactEvidence, Finding, Kind, on_day

if TYPE_CHECKING:
    from services.detector.domain.conversation import AccountFacts, AccountHistory, Context

NAME = "silence"
VERSION = "2"


@dataclass(frozen=True)
class SilenceParameters(Parameters):
    """How long silence must last, and for whom it counts.

    `quiet_days`: days without any sign of life. `active_conversations`: a customer with fewer than these
    before never wrote much, so silence says nothing.
    """

    quiet_days: int = 30
    active_conversations: int = 3


@dataclass(frozen=True)
class SilenceDetector:
    """An AccountDetector; silence after activity is a hint and never more, so confidence stays below 0.8."""

    parameters: SilenceParameters = field(default_factory=SilenceParameters)
    name: str = NAME
    version: str = VERSION

    @property
    def kinds(self) -> frozenset[Kind]:
        return frozenset({Kind.CHURN_RISK})

    def detect_account(
        self, facts: AccountFacts, history: AccountHistory, context: Context
    ) -> tuple[Finding, ...]:
        spoken = [
            conversation.last_customer_at
            for conversation in history.conversations
            if conversation.last_customer_at
        ]
        if len(spoken) < self.parameters.active_conversations:
            return ()
        last = max([*spoken, *([facts.last_seen_at] if facts.last_seen_at else [])])
        days = (context.now - last).days
        if days < self.parameters.quiet_days:
            return ()
        confidence = min(0.75, 0.5 + 0.1 * days / self.parameters.quiet_days)
        if confidence < self.parameters.threshold:
            return ()
        proof = FactEvidence(
            "last_activity",
            last.date().isoformat(),
            f"nobody seen or heard since {on_day(last)}",
            since=last + timedelta(self.parameters.quiet_days),
        )
        return (
            Finding(Kind.CHURN_RISK, confidence, self.name, self.version, facts=(proof,), explicit=False),
        )


def create(parameters: Parameters | None = None) -> SilenceDetector:
    """The detector; `parameters` must be SilenceParameters."""
    if parameters is None:
        return SilenceDetector()
    if not isinstance(parameters, SilenceParameters):
        raise TypeError("silence takes SilenceParameters")
    return SilenceDetector(parameters)
