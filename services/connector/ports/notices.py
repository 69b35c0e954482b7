"""Webhook notifications that Intercom sent lately."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from services.connector.domain.connection import Connection
    from shared.contracts.event import Event


class Notices(Protocol):
    """Recent webhook notifications, each with the request that it caused until that is published."""

    async def take(self, connection: Connection, notification: str, fact: Event, now: datetime) -> bool:
        """Store a notification and its fact in one write; False if it was stored before."""
        ...

    async def publish_pending(self, organization_id: str, notification: str) -> None:
        """Publish what is pending. Raises TransientError; the sweeper then publishes it."""
        ...

    async def forget(self, organization_id: str, connection_id: str) -> int:
        """Delete a connection's notifications; return how many there were."""
        ...
