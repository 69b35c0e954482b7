"""The ways in which notifications are delivered, and what they are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from pydantic import SecretStr

    from services.notifier.domain.notification import Notification
    from shared.contracts.deliveries import ChannelName


@dataclass(frozen=True, slots=True)
class Message:
    """A notification ready to be sent, with what its channel needs.

    Attributes:
        link: the absolute address of the signal's page.
        url: of a Slack, Teams or webhook destination.
        secret: that a webhook is signed with.
        at: the time of this attempt, for signatures.
        currency: what the customer's spend is in, as a code of ISO 4217.
    """

    notification: Notification
    rule_name: str
    link: str
    at: datetime
    url: SecretStr | None = None
    secret: SecretStr | None = None
    currency: str = "USD"


class Channel(Protocol):
    """One way to deliver notifications; each has one file in `channels/`."""

    @property
    def name(self) -> ChannelName: ...

    async def deliver(self, message: Message) -> str:
        """Deliver, or pass on to whoever does; return the receiver's response, in words without secrets.

        Sending the same message again must, if the receiver can tell, show people one message only: the
        notification's id stays the same. Bounded in time.

        Raises:
            DeliveryPostponed: not now; try again.
            DeliveryRefused: never.
        """
        ...
