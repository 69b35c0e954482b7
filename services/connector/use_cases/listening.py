"""What others tell the connector: the syncer's progress, removals confirmed, Intercom's notifications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog

from services.connector.domain.webhook import hint_of, notification_identity
from services.connector.errors import ConnectionConflict
from shared.contracts.sync import SyncCompleted, SyncInterrupted, SyncProgressed, SyncRequested
from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.connector.ports import Connections, Notices
    from shared.clock import Clock
    from shared.contracts.connections import DataRemoved
    from shared.messaging.publisher import EventPublisher

_LOG = structlog.get_logger(__name__)

_TRIES = 5
"""Times a change is tried again over another replica's; more would mean a fault, not a race."""

_MOST_WORKSPACE_ID = 256


class Listening:
    def __init__(
        self, *, connections: Connections, notices: Notices, publisher: EventPublisher, clock: Clock
    ) -> None:
        self._connections = connections
        self._notices = notices
        self._publisher = publisher
        self._clock = clock

    async def sync_reported(self, event: SyncProgressed | SyncCompleted | SyncInterrupted) -> None:
        """Keep the newest word about a connection's runs; an interruption stops its schedule."""
        report = await self._connections.report(event.organization_id, event.connection_id)
        if isinstance(event, SyncProgressed):
            after = report.progressed(event)
        elif isinstance(event, SyncCompleted):
            after = report.completed(event)
        else:
            after = report.interrupted(event)
        if after != report:
            await self._connections.save_report(event.organization_id, event.connection_id, after)
        if isinstance(event, SyncInterrupted):
            await self._interrupted(event)

    async def _interrupted(self, event: SyncInterrupted) -> None:
        for _ in range(_TRIES):
            before = await self._connections.get(event.organization_id, event.connection_id)
            if before is None or event.interrupted_at < before.connected_at:
                return  # It speaks of a credential that was replaced since.
            after = before.in_need(event.reason, event.detail, self._clock.now())
            if after == before:
                return
            try:
                await self._connections.replace(before, after, after.fact())
            except ConnectionConflict:
                continue
            await self._connections.publish_pending(event.organization_id, event.connection_id)
            return
        raise TransientError("The connection kept changing while its interruption was noted.")

    async def data_removed(self, event: DataRemoved) -> None:
        await self._connections.confirm_removal(
            event.organization_id, event.connection_id, event.removal_id, event.service, event.documents
        )

    async def notified(self, body: Mapping[str, Any]) -> int:
        """Turn one webhook notification into requests to read; return how many.

        Unknown workspaces and topics are dropped: they must be answered like any other (FACTS §9).
        """
        hint = hint_of(body)
        workspace_id = body.get("app_id")
        if hint is None or not isinstance(workspace_id, str) or len(workspace_id) > _MOST_WORKSPACE_ID:
            return 0
        asked = 0
        now = self._clock.now()
        identity = notification_identity(body)
        for connection in await self._connections.of_workspace(workspace_id):
            if await self._notices.seen(connection.organization_id, identity):
                continue
            await self._publisher.publish(
                SyncRequested(
                    organization_id=connection.organization_id,
                    connection_id=connection.id,
                    request_id=f"hint-{identity}",
                    reason="hint",
                    hints=(hint,),
                    requested_at=now,
                )
            )
            # Remembered afterwards: one that could not be published is taken when Intercom sends it again.
            await self._notices.remember(connection.organization_id, identity, now)
            asked += 1
        return asked
