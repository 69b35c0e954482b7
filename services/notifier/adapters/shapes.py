"""What stored documents must hold to be read: one whose values are of other types cannot be used anywhere.

It counts as unreadable where it is read, and not first where sending or a page uses the wrong value. Nothing
is converted: whoever wrote a text where a moment is meant wrote by other rules than these. Fields that are
not named here are not looked at; the signal inside is checked by its contract.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.notifier.domain.notification import State
from services.notifier.errors import FailureReason
from shared.contracts.deliveries import ChannelName
from shared.contracts.signals import SignalKind


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True)


class _Recipient(_Shape):
    key: str
    label: str


class _Attempt(_Shape):
    number: int
    at: AwareDatetime
    seconds: float
    outcome: Literal["delivered", "retry", "failed"]
    detail: str
    reason: FailureReason | None = None
    status: int | None = None


class DueShape(_Shape):
    """What must be known of a notification before it is claimed."""

    organization_id: str
    id: str
    rule_id: str
    channel: ChannelName


class ClaimShape(DueShape):
    """A notification that somebody sends."""

    lease: str
    lease_seconds: float | None = None


class NotificationShape(DueShape):
    """A notification with its attempts."""

    connection_id: str
    recipient: _Recipient
    state: State
    created_at: AwareDatetime
    next_attempt_at: AwareDatetime
    settled_at: AwareDatetime | None
    tries: int
    attempts: list[_Attempt]
    cancelled_because: str | None
    over: str | None = None
    test: bool
    sent_revision: int | None = None


class InboxShape(_Shape):
    """An entry of an inbox."""

    id: str
    added_at: AwareDatetime
    over: str | None
    read_by: list[Any]


class SealedShape(_Shape):
    """What a rule keeps encrypted."""

    organization_id: str
    id: str
    sealed_url: str | None = None
    sealed_secret: str | None = None


class _Health(_Shape):
    failures_in_a_row: int = 0
    last_failure: str | None = None
    last_failure_at: AwareDatetime | None = None
    last_delivered_at: AwareDatetime | None = None


class RuleShape(SealedShape):
    """A rule."""

    name: str
    channel: ChannelName
    created_at: AwareDatetime
    created_by: str
    kinds: list[SignalKind] = []
    customers: list[str] = []
    owners: list[str] = []
    tags: list[str] = []
    minimum_confidence: float = 0.0
    good_moods: bool = False
    recipients: list[str] = []
    destination: _Recipient | None = None
    enabled: bool = True
    revision: int = 1
    asks_since: AwareDatetime | None = None
    health: _Health = _Health()
