"""What lists may be restricted to, and the orders they may be shown in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime

    from services.detector.domain.signal import Signal
    from services.detector.domain.wishes import RequestState
    from shared.contracts.signals import SignalKind

SignalSort = Literal["newest", "confidence", "spend"]
CustomerSort = Literal[
    "-attention",
    "name",
    "-name",
    "spend",
    "-spend",
    "health",
    "-health",
    "mood",
    "-mood",
    "renewal",
    "-renewal",
]
PersonSort = Literal["id", "-last", "last", "-conversations", "conversations"]
RequestSort = Literal["-customers", "-spend", "-last", "title"]
TopicSort = Literal["name", "-name", "conversations", "-conversations", "last", "-last"]
RequestStateFilter: TypeAlias = "RequestState | Literal['unsettled'] | None"
"""One state; "unsettled", which is every state but shipped and declined; or None for all."""
SignalStateFilter = Literal["open", "cleared", "any"]


@dataclass(frozen=True, slots=True)
class SignalFilter:
    """Which signals to list; None means no restriction.

    `since` and `until` restrict when the newest evidence was said. `assigned_to` is an address as
    `identity.as_address` writes it.
    """

    state: SignalStateFilter = "open"
    kind: SignalKind | None = None
    customer_id: str | None = None
    tag: str | None = None
    owner: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    min_confidence: float | None = None
    request_id: str | None = None
    person: str | None = None
    conversation: str | None = None
    assigned_to: str | None = None

    def holds(self, signal: Signal) -> bool:
        """Return whether `Lists.signals` would list the signal in its present state."""
        customer = signal.customer
        asked = (
            (None if self.state == "any" else self.state, (signal.state,)),
            (self.kind, (signal.slot.kind,)),
            (self.customer_id, (customer.id if customer else None,)),
            (self.tag, signal.tags),
            (self.owner, (customer.owner if customer else None,)),
            (self.request_id, (signal.slot.request_id,)),
            (self.person, [person.id for person in signal.people]),
            (self.conversation, [proof.conversation_key for proof in signal.proofs]),
            (self.assigned_to, (signal.assigned_to,)),
        )
        return (
            all(wanted is None or wanted in there for wanted, there in asked)
            and (self.since is None or signal.shown_at >= self.since)
            and (self.until is None or signal.shown_at < self.until)
            and (self.min_confidence is None or signal.confidence >= self.min_confidence)
        )


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Restricts a list of customers, people, requests or conversations; None means no restriction.

    `kind`, `min_confidence` and the period ask for things that have such an open signal; for conversations,
    the period means when they last moved.
    """

    tag: str | None = None
    kind: SignalKind | None = None
    customer_id: str | None = None
    owner: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    min_confidence: float | None = None

    @property
    def is_empty(self) -> bool:
        return self == Narrowing()

    @property
    def asks_for_signals(self) -> bool:
        return any(one is not None for one in (self.kind, self.min_confidence, self.since, self.until))


ANY = Narrowing()
