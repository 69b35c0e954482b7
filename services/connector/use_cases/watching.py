"""Checks credentials between runs: a dead one is noticed within a minute, and so is a host's return.

This takes one `/me` for each connection and interval. The number of checks per second is bounded, so that a
large installation spends a known share of its app's budget on them and checks less often instead.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from services.connector.errors import (
    ConnectionUnknown,
    HostNotAllowed,
    IntercomRefused,
    IntercomUnreachable,
)
from services.connector.use_cases.changing import change
from services.connector.use_cases.side_by_side import SideBySide
from shared.errors import ConfigurationError, TransientError

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable

    from services.connector.domain.connection import Connection
    from services.connector.metrics import Metrics
    from services.connector.ports import Connections, Intercom, Vault
    from shared.clock import Clock

_LOG = structlog.get_logger(__name__)

LOOKS_PER_TICK = 10
"""Ticks are a second apart: 600 calls a minute at most, 6 % of an app's default budget (FACTS §4)."""

TICK_SECONDS = 1.0


class Watching:
    def __init__(
        self,
        *,
        connections: Connections,
        intercom: Intercom,
        vault: Vault,
        clock: Clock,
        metrics: Metrics,
        look_seconds: float,
        rng: random.Random,
    ) -> None:
        self._connections = connections
        self._intercom = intercom
        self._vault = vault
        self._clock = clock
        self._metrics = metrics
        self._look = timedelta(seconds=look_seconds)
        self._side_by_side = SideBySide("looks", clock=clock, metrics=metrics, rng=rng)

    async def tick(self) -> int:
        """Check the credentials that are due; return how many were checked here.

        A connection that fails is logged and skipped for a while. Raises TransientError if none can be read.
        """
        due = await self._connections.due_for_look(
            self._clock.now(), LOOKS_PER_TICK, leave_out=self._side_by_side.put_off()
        )
        return await self._side_by_side.each(self._claimed, due)

    async def _claimed(self, connection: Connection) -> bool:
        now = self._clock.now()
        if not await self._connections.looked_at(connection, next_look_at=now + self._look):
            return False
        interval = timedelta(seconds=connection.settings.sync_interval_seconds)
        if connection.state == "connected" and interval <= self._look:
            return False  # Its runs look often enough.
        await self.look(connection)
        return True

    async def look(self, connection: Connection) -> None:
        """Ask `/me`, and stop or resume the connection accordingly. No response decides nothing."""
        if connection.credential is None:
            return
        refusal: IntercomRefused | None = None
        try:
            token = self._vault.decrypt(connection.credential)
            # One refusal may be a hiccup, and stopping a tenant has large consequences (FACTS §3).
            refusal = await self._refusal(token, connection) and await self._refusal(token, connection)
        except (IntercomUnreachable, HostNotAllowed, ConfigurationError) as error:
            self._metrics.looks.labels("no_answer").inc()
            _LOG.debug("credential could not be looked at", connection_id=connection.id, reason=str(error))
            return
        self._metrics.looks.labels("refused" if refusal else "fine").inc()
        if refusal is not None:
            await self._stop(connection, refusal)
        elif connection.attention == "unreachable":
            await self._resume(connection)

    async def _refusal(self, token: str, connection: Connection) -> IntercomRefused | None:
        try:
            await self._intercom.who_am_i(token, connection.workspace.base_url)
        except IntercomRefused as refusal:
            # Other refusals concern what may be read: runs meet them, and know which reads can continue.
            return refusal if refusal.kind == "token_rejected" else None
        return None

    async def _stop(self, connection: Connection, refusal: IntercomRefused) -> None:
        now = self._clock.now()

        def decide(present: Connection) -> Connection:
            if present.credential != connection.credential:
                return present  # Somebody reconnected while we asked.
            return present.in_need("token_revoked", str(refusal), now)

        await self._apply(connection, decide, stopped=True)

    async def _resume(self, connection: Connection) -> None:
        now = self._clock.now()
        await self._apply(
            connection,
            lambda present: present.recovered(now) if present.attention == "unreachable" else present,
            stopped=False,
        )

    async def _apply(
        self, connection: Connection, decide: Callable[[Connection], Connection], *, stopped: bool
    ) -> None:
        try:
            before, after = await change(self._connections, connection.organization_id, connection.id, decide)
        except ConnectionUnknown:
            return
        if after == before:
            return
        if stopped:
            self._metrics.attention.labels("token_revoked").inc()
        else:
            self._metrics.recovered.inc()
        _LOG.info("credential looked at", connection_id=connection.id, state=after.state)

    async def access_removed(self, workspace_id: str) -> int:
        """Check all connections of a workspace whose access was removed, according to Intercom.

        Its notice is verified, since it may be late, about an installation that was replaced meanwhile.
        Returns how many connections were checked.
        """
        concerned = await self._connections.of_workspace(workspace_id)
        for connection in concerned:
            await self.look(connection)
        return len(concerned)

    async def run(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Tick until cancelled."""
        while True:
            try:
                await self.tick()
            except TransientError as error:
                _LOG.warning("looking at credentials waits", reason=str(error))
            await sleep(TICK_SECONDS)
