"""Asking for runs when they are due. Any replica may do it; a guarded update lets one of them win."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from shared.contracts.sync import SyncRequested
from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from services.connector.domain.connection import Connection
    from services.connector.ports import Connections
    from shared.clock import Clock

_LOG = structlog.get_logger(__name__)

_TAKEN_AT_ONCE = 500
"""Due connections that one look takes; the rest are still due at the next look."""


class Scheduling:
    def __init__(self, *, connections: Connections, clock: Clock) -> None:
        self._connections = connections
        self._clock = clock

    async def tick(self) -> int:
        """Ask for the runs that are due; return how many were asked for here."""
        now = self._clock.now()
        asked = 0
        for connection in await self._connections.due(now, _TAKEN_AT_ONCE):
            if await self._ask(connection):
                asked += 1
                await self._connections.publish_pending(connection.organization_id, connection.id)
        return asked

    async def _ask(self, connection: Connection) -> bool:
        due = connection.next_sync_at
        if due is None:
            return False
        now = self._clock.now()
        interval = timedelta(seconds=connection.settings.sync_interval_seconds)
        request = SyncRequested(
            organization_id=connection.organization_id,
            connection_id=connection.id,
            # The due time names the request: two replicas that both ask say the same fact.
            request_id=f"{connection.id}-{int(due.timestamp() * 1000)}",
            reason="scheduled",
            requested_at=now,
        )
        # After an outage the schedule goes on from now; missed runs are not made up for one by one.
        upcoming = max(due + interval, now)
        return await self._connections.scheduled(connection, was_due=due, next_sync_at=upcoming, fact=request)

    async def run(self, every_seconds: float, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Tick until cancelled."""
        while True:
            try:
                await self.tick()
            except TransientError as error:
                _LOG.warning("scheduling waits", reason=str(error))
            await sleep(every_seconds)
