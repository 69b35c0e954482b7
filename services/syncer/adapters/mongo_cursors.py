"""Cursors of each resource, in MongoDB's protocol."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from services.syncer.domain.cursor import Cursor
from shared.documents.collection import Collection, Index

if TYPE_CHECKING:
    from pymongo.asynchronous.database import AsyncDatabase

    from services.syncer.domain.connection import ConnectionKey
    from shared.contracts.sync import ResourceType

_FEW = 50
"""More than there are types of resources."""

_FIELDS = tuple(Cursor.__dataclass_fields__)


class MongoCursors:
    """Implements `ports.Cursors`."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._collection = Collection(database, "cursors")

    async def ensure_indexes(self) -> None:
        await self._collection.ensure_indexes(Index((("organization_id", 1), ("connection_id", 1))))

    async def all(self, key: ConnectionKey) -> dict[ResourceType, Cursor]:
        documents = await self._collection.of(key.organization_id).find(
            {"connection_id": key.connection_id}, limit=_FEW
        )
        cursors = [
            Cursor(**{name: document[name] for name in _FIELDS if name in document}) for document in documents
        ]
        return {cursor.resource: cursor for cursor in cursors}

    async def save(self, key: ConnectionKey, cursor: Cursor) -> None:
        await self._collection.of(key.organization_id).replace_one(
            {"_id": key.document_id(cursor.resource)},
            {
                "_id": key.document_id(cursor.resource),
                "connection_id": key.connection_id,
                **asdict(cursor),
            },
            upsert=True,
        )

    async def forget(self, key: ConnectionKey) -> int:
        deleted = await self._collection.of(key.organization_id).delete_many(
            {"connection_id": key.connection_id}
        )
        return deleted.deleted_count
