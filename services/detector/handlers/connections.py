"""Handles connections and removal orders from the bus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.contracts.connections import ConnectionChanged, DataRemovalRequested, DataRemoved
from shared.contracts.topics import CONNECTIONS, REMOVALS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.detector.use_cases.connections import KeepConnections, RemoveData
    from shared.contracts.event import Event
    from shared.messaging.consumer import Consumer
    from shared.messaging.received import Received


def subscribe_connections(consumer: Consumer, *, keep: KeepConnections, remove: RemoveData) -> None:
    """Declare the subscriptions to connections and removals."""

    async def on_connections(batch: Sequence[Received[Event]]) -> None:
        last = {
            (one.event.organization_id, one.event.connection_id): one.event
            for one in batch
            if isinstance(one.event, ConnectionChanged)
        }
        for event in last.values():
            await keep.changed(event)

    async def on_removals(batch: Sequence[Received[Event]]) -> None:
        for received in batch:
            event = received.event
            if isinstance(event, DataRemovalRequested):
                await remove.ordered(event)
            elif isinstance(event, DataRemoved) and event.service == "syncer":
                await remove.source_is_dry(event)

    consumer.subscribe([CONNECTIONS], on_connections, events=[ConnectionChanged], name="connections")
    consumer.subscribe([REMOVALS], on_removals, events=[DataRemovalRequested, DataRemoved], name="removals")
