"""The JSON shapes of the notifier's API. No secret ever leaves: addresses and signing secrets go in only."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from services.notifier.domain.notification import Attempt, Notification, State
from services.notifier.domain.rule import Rule  # noqa: TC001 - see above
from services.notifier.ports import InboxEntry  # noqa: TC001 - see above
from services.notifier.use_cases.administer import RuleDraft
from shared.contracts.deliveries import ChannelName
from shared.contracts.signals import SignalDetected, SignalKind

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

    name: str = Field(max_length=200)
    channel: ChannelName
    kinds: tuple[SignalKind, ...] = Field(default=(), max_length=_MOST_LISTED)
    customers: tuple[str, ...] = Field(default=(), max_length=_MOST_LISTED, description="Names or ids.")
    owners: tuple[str, ...] = Field(default=(), max_length=_MOST_LISTED)
    tags: tuple[str, ...] = Field(default=(), max_length=_MOST_LISTED)
    minimum_confidence: float = Field(default=0, ge=0, le=1)
    good_moods: bool = Field(default=False, description="Also tell when a mood turned for the better.")
    recipients: tuple[str, ...] = Field(
        default=(),
        max_length=_MOST_LISTED,
        description='For inbox and email: addresses, "owner", and for the inbox "everyone".',
    )
    url: SecretStr | None = Field(
        default=None, description="For slack and webhook. Stored encrypted, never shown; absent keeps it."
    )
    secret: SecretStr | None = Field(
        default=None, description="For webhook: whsec_…; absent keeps it, or makes one."
    )
    enabled: bool = True
    revision: int | None = Field(
        default=None,
        description="The revision that was read: the change is refused when there is a newer one.",
    )

    def draft(self) -> RuleDraft:
        return RuleDraft(**{name: getattr(self, name) for name in type(self).model_fields})


class RuleView(BaseModel):
    id: str
    name: str
    channel: ChannelName
    kinds: tuple[SignalKind, ...]
    customers: tuple[str, ...]
    owners: tuple[str, ...]
    tags: tuple[str, ...]
    minimum_confidence: float
    good_moods: bool
    recipients: tuple[str, ...]
    destination: str | None = Field(description="Where to, in words without secrets.")
    enabled: bool
    revision: int
    created_at: datetime
    created_by: str
    failures_in_a_row: int
    last_failure: str | None
    last_failure_at: datetime | None
    last_delivered_at: datetime | None
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

    id: str
    signal_id: str
    kind: SignalKind
    customer: str | None
    rule_id: str
    channel: ChannelName
    recipient: str
    state: State
    created_at: datetime
    next_attempt_at: datetime | None = Field(description="None once it is settled.")
    settled_at: datetime | None
    cancelled_because: str | None
    test: bool

    @classmethod
    def of(cls, notification: Notification) -> NotificationView:
        return cls(**_notification_fields(notification))


class DeliveryView(NotificationView):
    """A notification with every attempt that was made for it."""

    attempts: tuple[Attempt, ...]

    @classmethod
    def of(cls, notification: Notification) -> DeliveryView:
        return cls(**_notification_fields(notification), attempts=notification.attempts)


def _notification_fields(notification: Notification) -> dict[str, object]:
    same = ("id", "rule_id", "channel", "state", "created_at", "settled_at", "cancelled_because", "test")
    return {
        **{name: getattr(notification, name) for name in same},
        "signal_id": notification.signal.signal_id,
        "kind": notification.signal.kind,
        "customer": notification.signal.customer.name if notification.signal.customer else None,
        "recipient": notification.recipient.label,
        "next_attempt_at": notification.next_attempt_at if notification.state == "pending" else None,
    }


class EntryView(BaseModel):
    id: str
    added_at: datetime
    read: bool
    over: str | None = Field(description="Why the signal ended, or None while it is open.")
    signal: SignalDetected

    @classmethod
    def of(cls, entry: InboxEntry) -> EntryView:
        return cls(
            id=entry.id, added_at=entry.added_at, read=entry.read, over=entry.over, signal=entry.signal
        )


class Unread(BaseModel):
    unread: int


class MarkRead(BaseModel):
    """Which entry to mark as read; without an id, all of them."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"id": "sig-1"}, {}]})

    id: str | None = Field(default=None, max_length=256)


class Marked(BaseModel):
    marked: int


class SampleResult(BaseModel):
    """What came of a sample."""

    notification_id: str
    delivered: bool
    detail: str
