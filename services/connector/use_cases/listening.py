"""What others report to the connector: the syncer's progress, removals, Intercom's notifications."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import structlog

from services.connector.domain.webhook import hints_of, notification_identity
from services.connector.errors import ConnectionUnknown
from services.connector.ports import STATE_LIFE
from services.connector.use_cases.changing import change
from shared.contracts.connections import DataRemoved
from shared.contracts.sync import SyncCompleted, SyncInterrupted, SyncProgressed, SyncRequested
from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.connector.domain.connection import Connection
    from services.connector.metrics import Metrics
    from services.connector.ports import Connections, Notices, OAuthStates
    from shared.clock import Clock
    from shared.contracts.connections import DataRemovalRequested
    from shared.messaging.publisher import EventPublisher

_LOG = structlog.get_logger(__name__)

_MOST_WORKSPACE_ID = 256


@dataclass(frozen=True, slots=True)
class TakenNotice:
    """A notification that was stored and is still to be published."""

    organization_id: str
    notification: str


@dataclass(frozen=True, slots=True)
class Health:
    """The response to Intercom's health check of a workspace (FACTS §2)."""

    state: Literal["OK", "UNHEALTHY"]
    message: str | None = None


class Listening:
    def __init__(
        self,
        *,
        connections: Connections,
        notices: Notices,
        states: OAuthStates,
        publisher: EventPublisher,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._connections = connections
        self._notices = notices
        self._states = states
        self._publisher = publisher
        self._clock = clock
        self._metrics = metrics

    async def sync_reported(self, event: SyncProgressed | SyncCompleted | SyncInterrupted) -> None:
        """Store the newest report about a connection's runs; an interruption stops its schedule."""
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
        now = self._clock.now()

        def decide(connection: Connection) -> Connection:
            if _is_of_the_past(event, connection):
                return connection  # It speaks of a credential that was replaced since.
            return connection.in_need(event.reason, event.detail, now)

        try:
            before, after = await change(
                self._connections, event.organization_id, event.connection_id, decide
            )
        except ConnectionUnknown:
            return
        if after != before:
            self._metrics.attention.labels(event.reason).inc()

    async def removal_requested(self, order: DataRemovalRequested) -> None:
        """Remove what the connector holds, and confirm it.

        The connection's own record stays: its page says what was removed, when, and by whom. An order that is
        redelivered after the workspace was connected again names a connection that does not exist any more.
        """
        documents = 0
        connection = await self._connections.get(order.organization_id, order.connection_id)
        removal = connection.removal if connection is not None else None
        if removal is not None and removal.id == order.removal_id:
            documents += await self._notices.forget(order.organization_id, order.connection_id)
            # Not those begun since: an order may come late, or again, while somebody connects anew.
            documents += await self._states.forget(
                order.organization_id, ending_before=removal.requested_at + STATE_LIFE
            )
        await self._publisher.publish(
            DataRemoved(
                organization_id=order.organization_id,
                connection_id=order.connection_id,
                removal_id=order.removal_id,
                service="connector",
                documents=documents,
                removed_at=self._clock.now(),
            )
        )

    async def data_removed(self, event: DataRemoved) -> None:
        """Record one service's confirmation, for the page and for connecting the workspace again."""
        await self._connections.confirm_removal(
            event.organization_id, event.connection_id, event.removal_id, event.service, event.documents
        )

    async def notified(self, body: Mapping[str, Any]) -> list[TakenNotice]:
        """Store one webhook notification as requests to read, which `publish` then publishes.

        Unknown workspaces and topics are dropped: they must get the same response as any other (FACTS §9).
        For a connection that needs attention, notifications are kept: the syncer follows them when it
        continues, and some changes, such as a redaction in an old conversation, are reported by nothing else.
        """
        hints = hints_of(body)
        workspace_id = body.get("app_id")
        if not hints or not isinstance(workspace_id, str) or len(workspace_id) > _MOST_WORKSPACE_ID:
            self._metrics.webhooks.labels("not_for_us").inc()
            return []
        now = self._clock.now()
        identity = notification_identity(body)
        taken = []
        for connection in await self._connections.of_workspace(workspace_id, in_need=True):
            request = SyncRequested(
                organization_id=connection.organization_id,
                connection_id=connection.id,
                request_id=f"hint-{identity}",
                reason="hint",
                hints=hints,
                requested_at=now,
            )
            if await self._notices.take(connection, identity, request, now):
                taken.append(TakenNotice(connection.organization_id, identity))
                self._metrics.sync_requests.labels("hint").inc()
        self._metrics.webhooks.labels("taken" if taken else "known_or_unconnected").inc()
        return taken

    async def publish(self, taken: Sequence[TakenNotice]) -> None:
        """Publish what was stored; what cannot be published now is left to the sweeper."""
        for notice in taken:
            try:
                await self._notices.publish_pending(notice.organization_id, notice.notification)
            except TransientError as error:
                _LOG.warning("hint will be published later", reason=str(error))

    async def health(self, workspace_id: str | None) -> Health:
        """Return what Intercom shows an administrator who looks at the app there."""
        if workspace_id is not None and await self._connections.of_workspace(workspace_id):
            return Health("OK")
        return Health("UNHEALTHY", "Earshot does not read this workspace. Connect it again in Earshot.")


def _is_of_the_past(event: SyncInterrupted, connection: Connection) -> bool:
    """Return whether an interruption is older than the credential.

    Decided by the revision that the run knew, since two services' clocks may differ by minutes; by time if an
    earlier version of the syncer named none.
    """
    if event.connection_revision is not None:
        return event.connection_revision < connection.connected_revision
    return event.interrupted_at < connection.connected_at
