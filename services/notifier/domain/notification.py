"""A notification: one signal on its way to one recipient by one channel, with every attempt."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - the repository validates stored documents by these annotations
from typing import Literal

from services.notifier.domain.rule import Recipient, Rule  # noqa: TC001 - see above
from services.notifier.errors import FailureReason  # noqa: TC001 - see above
from shared.contracts.deliveries import ChannelName  # noqa: TC001 - see above
from shared.contracts.signals import SignalDetected, SignalEvent

State = Literal["pending", "delivered", "failed", "cancelled"]
STATES: tuple[State, ...] = ("pending", "delivered", "failed", "cancelled")

_ID_LENGTH = 32
"""Hex digits of the SHA-256: as many as a UUID has."""


def notification_id(organization_id: str, signal_id: str, channel: ChannelName, recipient_key: str) -> str:
    """Return the id that this signal always has with this channel and recipient."""
    text = f"{organization_id}\n{signal_id}\n{channel}\n{recipient_key}"
    return hashlib.sha256(text.encode()).hexdigest()[:_ID_LENGTH]


def as_detected(signal: SignalEvent) -> SignalDetected:
    """Return the state that any event of a signal carries, as the one type that is stored and sent."""
    return SignalDetected.model_validate(signal.model_dump())


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try. `detail` is shown to people and holds no secret."""

    number: int
    at: datetime
    seconds: float
    outcome: Literal["delivered", "retry", "failed"]
    detail: str
    reason: FailureReason | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification and its log.

    Attributes:
        rule_id: the rule that made it; its address and secret are used when sending.
        signal: the signal's newest known state, without words that were redacted meanwhile.
        over: why the signal ended, once it has.
        next_attempt_at: when it is due; while it is being sent, when its lease ends by the sender's clock.
        test: asked for by a person from the rules page; sent once, never retried.
        sent_revision: the revision of the signal that was delivered; None until one was, and where an earlier
            version delivered it.
    """

    id: str
    organization_id: str
    connection_id: str
    signal: SignalDetected
    rule_id: str
    channel: ChannelName
    recipient: Recipient
    state: State
    created_at: datetime
    next_attempt_at: datetime
    settled_at: datetime | None = None
    tries: int = 0
    attempts: tuple[Attempt, ...] = ()
    cancelled_because: str | None = None
    over: str | None = None
    test: bool = False
    sent_revision: int | None = None

    @classmethod
    def by_rule(
        cls,
        rule: Rule,
        signal: SignalDetected,
        recipient: Recipient,
        *,
        now: datetime,
        due: datetime,
        test: bool = False,
    ) -> Notification:
        """Return the notification that a rule makes of a signal for one of its recipients."""
        return cls(
            id=notification_id(signal.organization_id, signal.signal_id, rule.channel, recipient.key),
            organization_id=signal.organization_id,
            connection_id=signal.connection_id,
            signal=signal,
            rule_id=rule.id,
            channel=rule.channel,
            recipient=recipient,
            state="pending",
            created_at=now,
            next_attempt_at=due,
            test=test,
        )


@dataclass(frozen=True, slots=True)
class Settlement:
    """The result of an attempt: the notification's next state, and when it is due if that is "pending"."""

    state: State
    attempt: Attempt
    next_attempt_at: datetime | None = None
