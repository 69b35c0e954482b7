"""Requests runs when they are due. Any replica may do so; a guarded update lets one of them win."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from services.connector.use_cases.changing import announce
from services.connector.use_cases.side_by_side import SideBySide
from shared.contracts.sync import SyncRequested
from shared.errors import TransientError

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable

    from services.connector.domain.connection import Connection
    from services.connector.metrics import Metrics
    from services.connector.ports import Connections
    from shared.clock import Clock

_LOG = structlog.get_logger(__name__)

TAKEN_AT_ONCE = 500
"""Due connections that one tick takes; if there are more, the next tick follows at once."""

_SIDE_BY_SIDE = 100
"""Connections handled at the same time. Each waits for four round trips to the database and the bus: at 20
ms a trip, this makes a thousand requests a second."""


class Scheduling:
    def __init__(
        self, *, connections: Connections, clock: Clock, metrics: Metrics, rng: random.Random
    ) -> None:
        self._connections = connections
        self._clock = clock
        self._metrics = metrics
        self._side_by_side = SideBySide("runs", clock=clock, metrics=metrics, rng=rng)

    async def tick(self) -> int:
        """Request the runs that are due; return how many were requested here.

        A connection that fails is logged and skipped for a while. Raises TransientError if none can be read.
        """
        due = await self._connections.due(
            self._clock.now(), TAKEN_AT_ONCE, leave_out=self._side_by_side.put_off()
        )
        places = asyncio.Semaphore(_SIDE_BY_SIDE)

        async def ask(connection: Connection) -> bool:
            async with places:
                return await self._ask(connection)

        return await self._side_by_side.each(ask, due)

    async def _ask(self, connection: Connection) -> bool:
        now = self._clock.now()
        due, upcoming = connection.next_sync_at, connection.due_after(now)
        if due is None or upcoming is None:
            return False
        request = SyncRequested(
            organization_id=connection.organization_id,
            connection_id=connection.id,
            # The due time identifies the request: two replicas that both request it publish the same fact.
            request_id=f"{connection.id}-{int(due.timestamp() * 1000)}",
            reason="scheduled",
            requested_at=now,
        )
        if not await self._connections.scheduled(connection, next_sync_at=upcoming, fact=request):
            return False
        self._metrics.sync_requests.labels("scheduled").inc()
        self._metrics.schedule_lag_seconds.observe(max((now - due).total_seconds(), 0.0))
        await announce(self._connections, connection)
        return True

    async def run(self, every_seconds: float, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Tick until cancelled; without a pause while there is more than one tick takes."""
        while True:
            asked = 0
            try:
                asked = await self.tick()
            except TransientError as error:
                _LOG.warning("scheduling waits", reason=str(error))
            if asked < TAKEN_AT_ONCE:
                await sleep(every_seconds)
