"""Removing what is held of one connection, and giving our word on it.

The order comes on one topic and signals on another, so neither says when the last signal has come. The
detector's own word does: what it tells of the connection was changed before that moment, by its own clock.
So removal waits for that word, and whatever was changed before it is refused whenever it comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from shared.contracts.connections import DataRemoved

if TYPE_CHECKING:
    from services.notifier.ports import Inbox, KnownSignals, Notifications
    from shared.clock import Clock
    from shared.messaging.publisher import EventPublisher

_LOG = structlog.get_logger(__name__)


class DataRemoval:
    """Deletes, then publishes. After a crash in between the same fact is published again."""

    def __init__(
        self,
        *,
        notifications: Notifications,
        inbox: Inbox,
        known: KnownSignals,
        publisher: EventPublisher,
        clock: Clock,
    ) -> None:
        self._notifications = notifications
        self._inbox = inbox
        self._known = known
        self._publisher = publisher
        self._clock = clock

    async def remove(self, word: DataRemoved) -> None:
        """Remove everything of the connection that the detector has just let go of, and say so."""
        organization_id, connection_id = word.organization_id, word.connection_id
        # First, nothing new is admitted: signals under way on another topic are refused from here on.
        documents = await self._known.forget(organization_id, connection_id, until=word.removed_at)
        documents += await self._notifications.remove(organization_id, connection_id)
        documents += await self._inbox.remove(organization_id, connection_id)
        await self._publisher.publish(
            DataRemoved(
                organization_id=organization_id,
                connection_id=connection_id,
                removal_id=word.removal_id,
                service="notifier",
                documents=documents,
                removed_at=self._clock.now(),
            )
        )
        _LOG.info(
            "data removed", organization_id=organization_id, connection_id=connection_id, documents=documents
        )
