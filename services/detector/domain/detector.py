"""The two kinds of detector: one reads conversations, the other account facts.

A detector is pure: the same input gives the same findings, and nothing else is read or changed. It abstains
(returns nothing) below its threshold, on empty text and on languages it does not know.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, Self, runtime_checkable

from services.detector.domain.errors import DetectorRegistrationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.detector.domain.conversation import AccountFacts, AccountHistory, Context, Conversation
    from services.detector.domain.finding import Finding, Kind


@dataclass(frozen=True)
class Parameters:
    """A detector's parameters; a detector with more of them extends this class with its own defaults.

    `threshold`: findings less confident than this are not made.
    """

    threshold: float = 0.5

    def updated(self, values: Mapping[str, Any]) -> Self:
        """These parameters with some replaced. Raises DetectorRegistrationError on an unknown name."""
        unknown = set(values) - set(self.__dataclass_fields__)
        if unknown:
            raise DetectorRegistrationError(type(self).__name__, f"unknown parameters {sorted(unknown)}")
        return replace(self, **values)


@runtime_checkable
class Identified(Protocol):
    """What every detector says about itself. A changed rule or constant requires a changed version."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def kinds(self) -> frozenset[Kind]: ...
    @property
    def parameters(self) -> Parameters: ...


@runtime_checkable
class Detector(Identified, Protocol):
    """Reads a conversation's text (and may weigh the account facts in the context)."""

    def detect(self, conversation: Conversation, context: Context) -> tuple[Finding, ...]:
        """Findings in a stable order; each with evidence inside one of the conversation's messages."""
        ...


@runtime_checkable
class AccountDetector(Identified, Protocol):
    """Reads an account's facts and history, no text."""

    def detect_account(
        self, facts: AccountFacts, history: AccountHistory, context: Context
    ) -> tuple[Finding, ...]:
        """Findings that hold at `context.now`; each with at least one FactEvidence."""
        ...
