"""Webhooks by the Standard Webhooks specification; the body is a CloudEvent in structured JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from standardwebhooks.webhooks import Webhook

from services.notifier.errors import DeliveryPostponed, DeliveryRefused

if TYPE_CHECKING:
    from services.notifier.channels.outgoing import OutgoingHttp
    from services.notifier.ports import Message
    from shared.contracts.deliveries import ChannelName

_NOT_TRUSTED = frozenset({401, 403})
"""How receivers refuse a signature. Who gives a rule a new secret gives it to the receiver a while before or
after, and what is sent in between must not be lost."""


class WebhookChannel:
    """Signs with the rule's secret. `webhook-id` is the notification's id, the same in every attempt."""

    def __init__(self, http: OutgoingHttp) -> None:
        self._http = http

    @property
    def name(self) -> ChannelName:
        return "webhook"

    async def deliver(self, message: Message) -> str:
        if message.url is None or message.secret is None:
            raise DeliveryRefused(
                "The rule has no address or no secret. Edit it and give both.", reason="not_configured"
            )
        body = orjson.dumps(cloud_event(message))
        identifier = message.notification.id
        signature = Webhook(message.secret.get_secret_value()).sign(identifier, message.at, body.decode())
        headers = {
            "Content-Type": "application/cloudevents+json",
            "webhook-id": identifier,
            "webhook-timestamp": str(int(message.at.timestamp())),
            "webhook-signature": signature,
        }
        try:
            answer = await self._http.post(message.url.get_secret_value(), body, headers)
        except DeliveryRefused as error:
            if error.status in _NOT_TRUSTED:
                raise DeliveryPostponed(str(error), reason=error.failure, status=error.status) from error
            raise
        return f"The receiver answered {answer.status}."


def cloud_event(message: Message) -> dict[str, Any]:
    """Return the signal as the CloudEvent that is on the bus, with the address of its page added."""
    signal = message.notification.signal
    return {
        "specversion": "1.0",
        "id": signal.event_id(),
        "type": signal.TYPE,
        "source": "/earshot/notifier",
        "subject": signal.key(),
        "time": signal.changed_at.isoformat(),
        "datacontenttype": "application/json",
        "organizationid": signal.organization_id,
        "connectionid": signal.connection_id,
        "link": message.link,
        "data": signal.model_dump(mode="json", exclude_none=True),
    }
