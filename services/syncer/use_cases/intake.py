"""What the bus brings to the syncer: connections, requests to read, hints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from services.syncer.domain.connection import Connection, ConnectionKey
from services.syncer.domain.run import Hint

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.syncer.ports import Connections, Credentials, Runs
    from shared.clock import Clock
    from shared.contracts.connections import ConnectionChanged
    from shared.contracts.sync import SyncRequested

_LOG = structlog.get_logger(__name__)

_LARGEST_REQUEST_AGE_SECONDS = 86_400
"""Requests older than their topic keeps are history replayed; the schedule has asked again since. Not so
hints: they may have waited for the bus that long, and what one names, as a redaction, no search may show."""


class Intake:
    """Takes in what the connector publishes."""

    def __init__(
        self,
        *,
        connections: Connections,
        credentials: Credentials,
        runs: Runs,
        clock: Clock,
        wake: Callable[[], None],
    ) -> None:
        self._connections = connections
        self._credentials = credentials
        self._runs = runs
        self._clock = clock
        self._wake = wake

    async def connection_changed(self, event: ConnectionChanged) -> None:
        """Store the newest state; end all runs of a connection that can no longer be read.

        A longer lookback is read at once: the connector's request arrives on another topic, and the run that
        it began may have been planned before the new setting arrived.
        """
        key = ConnectionKey(event.organization_id, event.connection_id)
        known = await self._connections.get(key)
        if event.state == "removed":
            await self._connections.bar(key, event.workspace_id or (known.workspace_id if known else None))
        connection = Connection(
            key=key,
            revision=event.revision,
            state=event.state,
            workspace_id=event.workspace_id,
            region=event.region,
            base_url=event.base_url,
            app_base_url=event.app_base_url,
            lookback_days=event.settings.lookback_days,
        )
        stored = await self._connections.keep(connection)
        # Repeated for a known state too: the process may have died before what follows.
        again = known is not None and known.revision == event.revision
        if not stored and not again and event.state != "removed":
            return
        self._credentials.drop(key)
        if not connection.readable:
            await self._runs.stop(key)
        else:
            await self._runs.resume_hints(key, now=self._clock.now())
            if again or (known is not None and connection.lookback_days > known.lookback_days):
                await self._runs.request(
                    key,
                    request_id=f"{key.connection_id}-lookback-{event.revision}",
                    reason="lookback_extended",
                    now=self._clock.now(),
                )
            self._wake()
        if event.state == "removed":
            await self._connections.forget(key)

    async def sync_requested(self, event: SyncRequested, traceparent: str | None) -> None:
        """Start, join or resume a full run; or add hints to the run that follows them.

        Requests come on a topic of their own: one that is read after the order to remove asks for nothing.
        """
        key = ConnectionKey(event.organization_id, event.connection_id)
        now = self._clock.now()
        age = (now - event.requested_at).total_seconds()
        if age > _LARGEST_REQUEST_AGE_SECONDS and not event.hints:
            _LOG.info("old request ignored", request_id=event.request_id, age_seconds=round(age))
            return
        if await self._connections.barred(key) is not None:
            return
        taken = False
        if event.hints:
            hints = [
                Hint(
                    f"{event.request_id}:{number}",
                    hint.resource,
                    hint.id,
                    redacted_part=hint.redacted_part_id,
                )
                for number, hint in enumerate(event.hints)
            ]
            taken = await self._runs.hint(
                key, hints, request_id=event.request_id, now=now, traceparent=traceparent
            )
        if not taken or event.reason != "hint":
            # Too many hints at once: a run that searches finds them all with fewer calls.
            reason = "scheduled" if event.reason == "hint" else event.reason
            await self._runs.request(
                key, request_id=event.request_id, reason=reason, now=now, traceparent=traceparent
            )
        if await self._connections.barred(key) is not None:
            await self._runs.forget(key)
            return
        self._wake()
