"""Handles what the bus brings: the syncer's reports, and each service's confirmation of a removal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.contracts.connections import DataRemovalRequested, DataRemoved
from shared.contracts.sync import SyncCompleted, SyncInterrupted, SyncProgressed
from shared.contracts.topics import REMOVALS, SYNC_PROGRESS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.connector.use_cases.listening import Listening
    from shared.contracts.event import Event
    from shared.messaging.consumer import Consumer
    from shared.messaging.received import Received


def subscribe(consumer: Consumer, *, listening: Listening) -> None:
    """Declare the connector's subscriptions."""

    async def on_progress(batch: Sequence[Received[Event]]) -> None:
        for received in batch:
            event = received.event
            if isinstance(event, (SyncProgressed, SyncCompleted, SyncInterrupted)):
                await listening.sync_reported(event)

    async def on_removal(batch: Sequence[Received[Event]]) -> None:
        for received in batch:
            event = received.event
            if isinstance(event, DataRemoved):
                await listening.data_removed(event)
            elif isinstance(event, DataRemovalRequested):
                await listening.removal_requested(event)

    consumer.subscribe(
        [SYNC_PROGRESS],
        on_progress,
        events=[SyncProgressed, SyncCompleted, SyncInterrupted],
        name="progress",
    )
    consumer.subscribe([REMOVALS], on_removal, events=[DataRemovalRequested, DataRemoved], name="removals")
