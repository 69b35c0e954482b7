"""The JSON shapes of the notifier's API. No secret ever leaves: addresses and signing secrets go in only."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from services.notifier import api_examples
from services.notifier.domain.notification import Notification, State
from services.notifier.domain.rule import Rule  # noqa: TC001 - see above
from services.notifier.errors import FailureReason
from services.notifier.ports import InboxEntry  # noqa: TC001 - see above
from services.notifier.use_cases.rule_drafts import RuleDraft
from shared.contracts.deliveries import ChannelName
from shared.contracts.signals import Direction, SignalDetected, SignalKind

_MOST_LISTED = 100


class RuleBody(BaseModel):
    """A rule to be stored. Empty conditions match everything."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "Churn to the success team",
                    "channel": "webhook",
                    "kinds": ["churn_risk"],
                    "owners": ["dana@example.com"],
                    "minimum_confidence": 0.7,
                    "url": "https://hooks.example.com/earshot",
                }
            ]
        },
    )

    name: str = Field(max_length=200, description="What people call it.")
    channel: ChannelName = Field(description="How to tell; it cannot be mixed within a rule.")
    kinds: tuple[SignalKind, ...] = Field(
        default=(), max_length=_MOST_LISTED, description="Kinds to tell of; empty for all."
    )
    customers: tuple[str, ...] = Field(default=(), max_length=_MOST_LISTED, description="Names or ids.")
    owners: tuple[str, ...] = Field(
        default=(),
        max_length=_MOST_LISTED,
        description="E-mail addresses of account owners whose customers to tell of; empty for all.",
    )
    tags: tuple[str, ...] = Field(
        default=(),
        max_length=_MOST_LISTED,
        description="Names of tags, one of which a signal must bear; empty for any.",
    )
    minimum_confidence: float = Field(default=0, ge=0, le=1, description="How sure a signal must be, 0 to 1.")
    good_moods: bool = Field(default=False, description="Also tell when a mood turned for the better.")
    recipients: tuple[str, ...] = Field(
        default=(),
        max_length=_MOST_LISTED,
        description='For inbox and email: addresses, "owner", and for the inbox "everyone".',
    )
    url: SecretStr | None = Field(
        default=None,
        description="For slack, teams and webhook. Stored encrypted, never shown; absent keeps it.",
    )
    secret: SecretStr | None = Field(
        default=None, description="For webhook: whsec_…; absent keeps it, or makes one."
    )
    enabled: bool = Field(default=True, description="Whether it tells anybody.")
    revision: int | None = Field(
        default=None,
        description="The revision that was read: the change is refused when there is a newer one.",
    )

    def draft(self) -> RuleDraft:
        return RuleDraft(**{name: getattr(self, name) for name in type(self).model_fields})


class RuleView(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [api_examples.RULE]})

    id: str = Field(description="Stays the same.")
    name: str = Field(description="What people call it.")
    channel: ChannelName = Field(description="How it tells.")
    kinds: tuple[SignalKind, ...] = Field(description="Kinds it tells of; empty for all.")
    customers: tuple[str, ...] = Field(description="Names or ids of customers it tells of; empty for all.")
    owners: tuple[str, ...] = Field(
        description="E-mail addresses of account owners whose customers it tells of; empty for all."
    )
    tags: tuple[str, ...] = Field(
        description="Names of tags, one of which a signal must bear; empty for any."
    )
    minimum_confidence: float = Field(description="How sure a signal must be, 0 to 1.")
    good_moods: bool = Field(description="Whether it also tells when a mood turned for the better.")
    recipients: tuple[str, ...] = Field(description="Whom it tells; empty where the channel has one address.")
    destination: str | None = Field(description="Where to, in words without secrets.")
    enabled: bool = Field(description="Whether it tells anybody.")
    revision: int = Field(description="Grows by one with each change; send it with a change of yours.")
    created_at: datetime = Field(description="When it was made.")
    created_by: str = Field(description="Who made it.")
    failures_in_a_row: int = Field(
        description="Tries since the last one that arrived, of whichever notification; most are tried again."
    )
    last_failure: str | None = Field(description="Why the last such try did not succeed; null if all did.")
    last_failure_at: datetime | None = Field(description="When that was; null if all succeeded.")
    last_delivered_at: datetime | None = Field(description="When one last arrived; null if none did.")
    signing_secret: str | None = Field(
        default=None, description="Only in the answer to the request that made it; keep it."
    )

    @classmethod
    def of(cls, rule: Rule, new_secret: SecretStr | None = None) -> RuleView:
        own = ("id", "name", "channel", "kinds", "customers", "owners", "tags", "minimum_confidence")
        more = ("good_moods", "recipients", "enabled", "revision", "created_at", "created_by")
        health = ("failures_in_a_row", "last_failure", "last_failure_at", "last_delivered_at")
        return cls(
            **{name: getattr(rule, name) for name in (*own, *more)},
            **{name: getattr(rule.health, name) for name in health},
            destination=rule.destination.label if rule.destination else None,
            signing_secret=new_secret.get_secret_value() if new_secret else None,
        )


class NotificationView(BaseModel):
    """Who was told of a signal, and how that stands."""

    model_config = ConfigDict(json_schema_extra={"examples": [api_examples.NOTIFICATION]})

    id: str = Field(description="Stays the same over all attempts; receivers know it again by this.")
    signal_id: str = Field(description="The signal it tells of.")
    kind: SignalKind = Field(description="The signal's kind.")
    explicit: bool | None = Field(
        description="Churn risk only: true where notice was given, false where it is implied; else null."
    )
    direction: Direction | None = Field(
        description="A mood's turn only: `down` for the worse, `up` for the better; else null."
    )
    customer: str | None = Field(description="The customer's name; null where none is known.")
    rule_id: str = Field(description="The rule that made it.")
    channel: ChannelName = Field(description="How it is sent.")
    recipient: str = Field(description="To whom, in words without secrets.")
    state: State = Field(description="What became of it; `pending` while it waits or is tried again.")
    created_at: datetime = Field(description="When it was made.")
    next_attempt_at: datetime | None = Field(description="None once it is settled.")
    settled_at: datetime | None = Field(
        description="When it arrived, was given up or cancelled; null until then."
    )
    cancelled_because: str | None = Field(description="Why it was not sent; null unless it was cancelled.")
    test: bool = Field(description="A sample that a person asked for.")

    @classmethod
    def of(cls, notification: Notification) -> NotificationView:
        return cls(**_notification_fields(notification))


class AttemptView(BaseModel):
    """One try to deliver a notification."""

    model_config = ConfigDict(json_schema_extra={"examples": [api_examples.ATTEMPT]})

    number: int = Field(description="The first try is 1.")
    at: datetime = Field(description="When it began.")
    seconds: float = Field(description="How long it took.")
    outcome: Literal["delivered", "retry", "failed"] = Field(
        description="Whether it arrived, is to be tried again, or was given up."
    )
    detail: str = Field(description="What the receiver answered, or what went wrong.")
    reason: FailureReason | None = Field(description="Why, as a code; null if it arrived.")
    status: int | None = Field(
        description="HTTP status, or the mail server's code, of an answer that was no yes; else null."
    )


class DeliveryView(NotificationView):
    """A notification with every attempt that was made for it."""

    model_config = ConfigDict(json_schema_extra={"examples": [api_examples.DELIVERY]})

    attempts: tuple[AttemptView, ...] = Field(description="Each try, oldest first.")

    @classmethod
    def of(cls, notification: Notification) -> DeliveryView:
        return cls(
            **_notification_fields(notification),
            attempts=tuple(AttemptView(**asdict(attempt)) for attempt in notification.attempts),
        )


def _notification_fields(notification: Notification) -> dict[str, object]:
    same = ("id", "rule_id", "channel", "state", "created_at", "settled_at", "cancelled_because", "test")
    return {
        **{name: getattr(notification, name) for name in same},
        "signal_id": notification.signal.signal_id,
        "kind": notification.signal.kind,
        "explicit": notification.signal.explicit,
        "direction": notification.signal.direction,
        "customer": notification.signal.customer.name if notification.signal.customer else None,
        "recipient": notification.recipient.label,
        "next_attempt_at": notification.next_attempt_at if notification.state == "pending" else None,
    }


class EntryView(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [api_examples.ENTRY]})

    id: str = Field(description="Id of the entry, by which it is marked as read.")
    added_at: datetime = Field(description="When it came into the inbox.")
    read: bool = Field(description="Whether this reader opened it.")
    over: str | None = Field(description="Why the signal ended, or None while it is open.")
    signal: SignalDetected = Field(
        description="The signal's newest state, without words that were redacted meanwhile."
    )

    @classmethod
    def of(cls, entry: InboxEntry) -> EntryView:
        return cls(
            id=entry.id, added_at=entry.added_at, read=entry.read, over=entry.over, signal=entry.signal
        )


class Unread(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"unread": 3}]})

    unread: int = Field(description="Entries that this reader has not opened; 1,000 for more than 999.")


class MarkRead(BaseModel):
    """Which entry to mark as read; without an id, all of them."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"id": "sig-1"}, {}]})

    id: str | None = Field(default=None, max_length=256, description="Which entry; null for all.")


class Marked(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"marked": 1}]})

    marked: int = Field(description="Entries that were unread and are read now.")


class SampleResult(BaseModel):
    """What came of a sample."""

    model_config = ConfigDict(json_schema_extra={"examples": [api_examples.SAMPLE]})

    notification_id: str = Field(description="Where the delivery log has it.")
    delivered: bool = Field(description="Whether it arrived.")
    detail: str = Field(description="What the receiver answered, or what went wrong.")
