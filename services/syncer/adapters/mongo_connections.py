"""The syncer's copy of the connections, in MongoDB's protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo.errors import DuplicateKeyError

from services.syncer.domain.connection import READABLE, Barrier, Connection, ConnectionKey
from shared.documents.collection import ORGANIZATION, Collection, database_errors

if TYPE_CHECKING:
    from pymongo.asynchronous.database import AsyncDatabase


class MongoConnections:
    """Implements `ports.Connections`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._collection = Collection(database, "connections")
        self._removals = Collection(database, "removals")

    async def keep(self, connection: Connection) -> bool:
        stored = await self._keep(connection)
        if stored and await self.barred(connection.key) is not None:
            # Its record came after the order to remove, or at the same moment.
            await self.forget(connection.key)
            return False
        return stored

    async def bar(self, key: ConnectionKey, workspace_id: str | None = None) -> None:
        named = {"workspace_id": workspace_id} if workspace_id is not None else {}
        await self._removals.of(key.organization_id).update_one(
            {"_id": key.document_id()}, {"$set": {"connection_id": key.connection_id, **named}}, upsert=True
        )

    async def barred(self, key: ConnectionKey) -> Barrier | None:
        document = await self._removals.of(key.organization_id).find_one({"_id": key.document_id()})
        return Barrier(key, document.get("workspace_id")) if document else None

    async def _keep(self, connection: Connection) -> bool:
        scoped = self._collection.of(connection.key.organization_id)
        document_id = connection.key.document_id()
        content = {
            "connection_id": connection.key.connection_id,
            "revision": connection.revision,
            "state": connection.state,
            "workspace_id": connection.workspace_id,
            "region": connection.region,
            "base_url": connection.base_url,
            "app_base_url": connection.app_base_url,
            "lookback_days": connection.lookback_days,
        }
        changed = await scoped.update_one(
            {"_id": document_id, "revision": {"$lt": connection.revision}}, {"$set": content}
        )
        if changed.matched_count:
            return True
        try:
            await scoped.insert_one({"_id": document_id, **content, "verified_revision": None})
        except DuplicateKeyError:
            return False  # This revision or a newer one is known.
        return True

    async def get(self, key: ConnectionKey) -> Connection | None:
        document = await self._collection.of(key.organization_id).find_one({"_id": key.document_id()})
        if document is None:
            return None
        return Connection(
            key=key,
            revision=document["revision"],
            state=document["state"],
            workspace_id=document["workspace_id"],
            region=document["region"],
            base_url=document["base_url"],
            app_base_url=document["app_base_url"],
            lookback_days=document["lookback_days"],
            verified_revision=document["verified_revision"],
        )

    async def readable(self) -> list[ConnectionKey]:
        """Return the connections of all organizations that runs make sense for."""
        with database_errors():
            documents = self._collection.across_organizations().find(
                {"state": {"$in": sorted(READABLE)}}, {ORGANIZATION: 1, "connection_id": 1}
            )
            return [ConnectionKey(one[ORGANIZATION], one["connection_id"]) async for one in documents]

    async def verified(self, key: ConnectionKey, revision: int) -> None:
        await self._collection.of(key.organization_id).update_one(
            {"_id": key.document_id(), "revision": revision}, {"$set": {"verified_revision": revision}}
        )

    async def forget(self, key: ConnectionKey) -> int:
        deleted = await self._collection.of(key.organization_id).delete_many({"_id": key.document_id()})
        return deleted.deleted_count
