"""Handles what the bus brings: connections, requests to read, orders to remove data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.contracts.connections import ConnectionChanged, DataRemovalRequested
from shared.contracts.sync import SyncRequested
from shared.contracts.topics import CONNECTIONS, REMOVALS, SYNC_REQUESTS
from shared.errors import PartlyTransientError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.syncer.use_cases.intake import Intake
    from services.syncer.use_cases.removal import Removal
    from shared.contracts.event import Event
    from shared.messaging.consumer import Consumer
    from shared.messaging.received import Received


def subscribe(consumer: Consumer, *, intake: Intake, removal: Removal) -> None:
    """Declare the syncer's subscriptions; one group each, so that a long removal delays no hint."""

    async def on_connections(batch: Sequence[Received[Event]]) -> None:
        for received in batch:
            if isinstance(received.event, ConnectionChanged):
                await intake.connection_changed(received.event)

    async def on_requests(batch: Sequence[Received[Event]]) -> None:
        for received in batch:
            if isinstance(received.event, SyncRequested):
                await intake.sync_requested(received.event, received.traceparent)

    async def on_removals(batch: Sequence[Received[Event]]) -> None:
        # One slice per call: a consumer that polls nothing for too long is taken for dead.
        event = batch[0].event
        finished = not isinstance(event, DataRemovalRequested) or await removal.remove(event)
        waiting = range(1 if finished else 0, len(batch))
        if waiting:
            raise PartlyTransientError("More is left to remove.", waiting=waiting)

    consumer.subscribe([CONNECTIONS], on_connections, events=[ConnectionChanged], name="connections")
    consumer.subscribe([SYNC_REQUESTS], on_requests, events=[SyncRequested], name="requests")
    consumer.subscribe([REMOVALS], on_removals, events=[DataRemovalRequested], name="removals", max_records=1)
