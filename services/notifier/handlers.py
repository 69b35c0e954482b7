"""Handles what the bus brings: stores notifications for signals, and removes data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.contracts.connections import DataRemoved
from shared.contracts.signals import SignalCleared, SignalDetected, SignalEvent, SignalUpdated
from shared.contracts.topics import REMOVALS, SIGNALS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.notifier.use_cases.announce import Announcer
    from services.notifier.use_cases.remove_data import DataRemoval
    from shared.contracts.event import Event
    from shared.messaging.consumer import Consumer
    from shared.messaging.received import Received


def subscribe(consumer: Consumer, *, announcer: Announcer, removal: DataRemoval) -> None:
    """Declare the subscriptions. Sending is not part of handling: no receiver can hold the bus up."""

    async def signals(batch: Sequence[Received[Event]]) -> None:
        await announcer.take([item.event for item in batch if isinstance(item.event, SignalEvent)])

    async def removals(batch: Sequence[Received[Event]]) -> None:
        for item in batch:
            if isinstance(item.event, DataRemoved) and item.event.service == "detector":
                await removal.remove(item.event)

    consumer.subscribe([SIGNALS], signals, events=[SignalDetected, SignalUpdated, SignalCleared])
    consumer.subscribe([REMOVALS], removals, events=[DataRemoved], name="removals")
