"""Questions without a reply, several at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from services.detector.domain.detector import Parameters
from services.detector.domain.finding import FactEvidence, Finding, Kind, on_day

if TYPE_CHECKING:
    from services.detector.domain.conversation import (
        AccountFacts,
        AccountHistory,
        Context,
        ConversationSummary,
    )

NAME = "unanswered"
VERSION = "3"


@dataclass(frozen=True)
class UnansweredParameters(Parameters):
    """`waiting_days`: how long an open question must have had no reply. `least`: how many of them at once."""

    waiting_days: int = 3
    least: int = 2


@dataclass(frozen=True)
class UnansweredDetector:
    """An AccountDetector over the history of conversations."""

    parameters: UnansweredParameters = field(default_factory=UnansweredParameters)
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
        waiting = [
            conversation
            for conversation in history.conversations
            if _days_waiting(conversation, context) >= told.waiting_days
        ]
        if len(waiting) < told.least:
            return ()
        confidence = min(0.8, 0.5 + 0.1 * len(waiting))
        if confidence < told.threshold:
            return ()
        oldest = min(summary.last_asked_at for summary in waiting if summary.last_asked_at)
        proof = FactEvidence(
            "unanswered_conversations",
            str(len(waiting)),
            f"{len(waiting)} open questions wait for an answer, the oldest since {on_day(oldest)}",
        )
        return (
            Finding(Kind.CHURN_RISK, confidence, self.name, self.version, facts=(proof,), explicit=False),
        )


def _days_waiting(one: ConversationSummary, context: Context) -> int:
    """Days since the customer last asked something in an open conversation; -1 if nobody waits."""
    since = one.waits_since
    return -1 if since is None else (context.now - since).days


def create(parameters: Parameters | None = None) -> UnansweredDetector:
    """The detector; `parameters` must be UnansweredParameters."""
    if parameters is None:
        return UnansweredDetector()
    if not isinstance(parameters, UnansweredParameters):
        raise TypeError("unanswered takes UnansweredParameters")
    return UnansweredDetector(parameters)
