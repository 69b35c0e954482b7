"""What the notifier tells: which notification reached whom, and which did not."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from shared.contracts.event import Event, Identifier, Moment, ShortText
from shared.contracts.topics import DELIVERIES, Topic

ChannelName = Literal["inbox", "email", "slack", "teams", "webhook"]


class NotificationDelivered(Event):
    """One notification reached its recipient; it is never sent again."""

    TYPE: ClassVar[str] = "earshot.notification.delivered.v1"
    TOPIC: ClassVar[Topic] = DELIVERIES

    notification_id: Identifier
    signal_id: Identifier
    channel: ChannelName
    recipient: ShortText = Field(description="Who, in words that hold no secret: no webhook address.")
    attempts: int = Field(ge=1)
    delivered_at: Moment

    def key(self) -> str:
        return self.notification_id

    def fact(self) -> str:
        return self.notification_id


class NotificationFailed(Event):
    """One notification was given up after its last attempt; the delivery log says why."""

    TYPE: ClassVar[str] = "earshot.notification.failed.v1"
    TOPIC: ClassVar[Topic] = DELIVERIES

    notification_id: Identifier
    signal_id: Identifier
    channel: ChannelName
    recipient: ShortText
    attempts: int = Field(ge=1)
    reason: Literal["rejected", "unreachable", "timed_out", "refused_address", "not_configured"]
    detail: ShortText
    failed_at: Moment

    def key(self) -> str:
        return self.notification_id

    def fact(self) -> str:
        return f"{self.notification_id}\n{self.attempts}"
