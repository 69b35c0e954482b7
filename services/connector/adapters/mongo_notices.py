"""Recent webhook notifications in MongoDB, each with the request it causes until that is published.

They are deleted some hours after that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo.errors import DuplicateKeyError

from shared.documents.collection import ORGANIZATION, Collection, Index
from shared.documents.pending import PENDING, PENDING_INDEX, PendingFacts, pending_facts

if TYPE_CHECKING:
    from datetime import datetime

    from pymongo.asynchronous.database import AsyncDatabase

    from services.connector.domain.connection import Connection
    from shared.clock import Clock
    from shared.contracts.event import Event
    from shared.messaging.publisher import EventPublisher

_KEPT_SECONDS = 3 * 3_600
"""Intercom retries once, after a minute, and drops throttled notifications after two hours (FACTS §9)."""

_PUBLISHED = "published_at"
_EXPIRY_INDEX = Index(((_PUBLISHED, 1),), expire_after_seconds=_KEPT_SECONDS, name="published")
"""Covers published notices only: a long outage of the bus must not lose a hint that was acknowledged."""


class MongoNotices:
    """Implements `ports.Notices`."""

    def __init__(
        self, database: AsyncDatabase[dict[str, Any]], publisher: EventPublisher, clock: Clock
    ) -> None:
        self._collection = Collection(database, "notices")
        # One write clears and dates the notice, so that no crash leaves one that never expires.
        self.pending = PendingFacts(self._collection, publisher, clock, stamp=_PUBLISHED)

    async def ensure_indexes(self) -> None:
        await self._collection.ensure_indexes(
            _EXPIRY_INDEX,
            Index(((ORGANIZATION, 1), ("connection_id", 1)), name="connection"),
            PENDING_INDEX,
        )

    async def take(self, connection: Connection, notification: str, fact: Event, now: datetime) -> bool:
        organization_id = connection.organization_id
        try:
            await self._collection.of(organization_id).insert_one(
                {
                    "_id": f"{organization_id}/{notification}",
                    "connection_id": connection.id,
                    PENDING: pending_facts(fact, at=now),
                }
            )
        except DuplicateKeyError:
            return False
        return True

    async def publish_pending(self, organization_id: str, notification: str) -> None:
        document = await self._collection.of(organization_id).find_one(
            {"_id": f"{organization_id}/{notification}"}
        )
        if document is not None:
            await self.pending.publish(document)

    async def forget(self, organization_id: str, connection_id: str) -> int:
        gone = await self._collection.of(organization_id).delete_many({"connection_id": connection_id})
        return gone.deleted_count
