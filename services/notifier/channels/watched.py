"""Reports each message that was sent, for tests that kill the process before that is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.faults import place

if TYPE_CHECKING:
    from services.notifier.ports import Channel, Message
    from shared.contracts.deliveries import ChannelName
    from shared.faults import Faults


class WatchedChannel:
    """Delivers through another channel."""

    def __init__(self, channel: Channel, faults: Faults) -> None:
        self._channel = channel
        self._faults = faults

    @property
    def name(self) -> ChannelName:
        return self._channel.name

    async def deliver(self, message: Message) -> str:
        answer = await self._channel.deliver(message)
        self._faults.reached(place("notifier", f"{self.name}.sent"))
        return answer
