"""The inbox inside Earshot: one entry for each signal, whoever else is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.notifier.channels.addressed import address_of
from services.notifier.domain.rule import EVERYONE

if TYPE_CHECKING:
    from services.notifier.ports import Announcements, Inbox, Message
    from shared.contracts.deliveries import ChannelName


class InboxChannel:
    def __init__(self, inbox: Inbox, announcements: Announcements) -> None:
        self._inbox = inbox
        self._announcements = announcements

    @property
    def name(self) -> ChannelName:
        return "inbox"

    async def deliver(self, message: Message) -> str:
        notification = message.notification
        audience = notification.recipient.key
        if audience != EVERYONE:
            # Readers are identified by address, so an entry under any other name would never be found.
            address_of(notification.recipient)
        await self._inbox.put(notification.signal, audience, message.at)
        self._announcements.announce(notification.signal, audience)
        return "Put into the inbox."
