"""Connections in MongoDB: one document each, its pending facts and its sync report on it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter
from pymongo.errors import DuplicateKeyError

from services.connector.domain.connection import Connection
from services.connector.domain.report import SyncReport
from services.connector.errors import ConnectionConflict
from shared.documents.collection import Collection, Index, database_errors
from shared.documents.pending import PENDING_INDEX, PendingFacts, pending_facts

if TYPE_CHECKING:
    from datetime import datetime

    from pymongo.asynchronous.database import AsyncDatabase

    from shared.clock import Clock
    from shared.contracts.event import Event
    from shared.messaging.publisher import EventPublisher

_CONNECTION = TypeAdapter(Connection)
_REPORT = TypeAdapter(SyncReport)
_CHANGED_MEANWHILE = "Somebody else changed this connection meanwhile. Reload the page and try again."


class MongoConnections:
    def __init__(
        self, database: AsyncDatabase[dict[str, Any]], publisher: EventPublisher, clock: Clock
    ) -> None:
        self._collection = Collection(database, "connections")
        self._clock = clock
        self.pending = PendingFacts(self._collection, publisher, clock)

    async def ensure_indexes(self) -> None:
        await self._collection.ensure_indexes(
            Index((("organization_id", 1), ("created_at", 1)), name="organization"),
            Index((("organization_id", 1), ("workspace.id", 1)), unique=True, name="one per workspace"),
            Index((("workspace.id", 1),), name="workspace"),
            Index((("next_sync_at", 1),), name="due"),
            PENDING_INDEX,
        )

    async def list_of(self, organization_id: str) -> list[Connection]:
        found = await self._collection.of(organization_id).find({}, sort=[("created_at", 1)], limit=1_000)
        return [_connection(document) for document in found]

    async def get(self, organization_id: str, connection_id: str) -> Connection | None:
        document = await self._collection.of(organization_id).find_one({"_id": connection_id})
        return _connection(document) if document else None

    async def of_workspace(self, workspace_id: str) -> list[Connection]:
        with database_errors():
            cursor = self._collection.across_organizations().find(
                {"workspace.id": workspace_id, "state": "connected"}, limit=100
            )
            return [_connection(document) async for document in cursor]

    async def insert(self, connection: Connection, *facts: Event) -> None:
        now = self._clock.now()
        try:
            await self._collection.of(connection.organization_id).insert_one(
                {
                    "_id": connection.id,
                    **_fields(connection),
                    "created_at": now,
                    "pending": pending_facts(*facts, at=now),
                }
            )
        except DuplicateKeyError as error:
            raise ConnectionConflict("This workspace is connected already.") from error

    async def replace(self, before: Connection, after: Connection, *facts: Event) -> None:
        update: dict[str, Any] = {"$set": _fields(after)}
        if facts:
            update["$push"] = {"pending": {"$each": pending_facts(*facts, at=self._clock.now())}}
        result = await self._collection.of(before.organization_id).update_one(
            {"_id": before.id, "revision": before.revision}, update
        )
        if not result.matched_count:
            raise ConnectionConflict(_CHANGED_MEANWHILE)

    async def due(self, now: datetime, limit: int) -> list[Connection]:
        with database_errors():
            cursor = self._collection.across_organizations().find(
                {"next_sync_at": {"$lte": now}, "state": "connected"},
                sort=[("next_sync_at", 1)],
                limit=limit,
            )
            return [_connection(document) async for document in cursor]

    async def scheduled(
        self, connection: Connection, *, was_due: datetime, next_sync_at: datetime, fact: Event
    ) -> bool:
        result = await self._collection.of(connection.organization_id).update_one(
            {"_id": connection.id, "next_sync_at": was_due, "state": "connected"},
            {
                "$set": {"next_sync_at": next_sync_at},
                "$push": {"pending": {"$each": pending_facts(fact, at=self._clock.now())}},
            },
        )
        return result.modified_count == 1

    async def record_fact(self, connection: Connection, fact: Event) -> None:
        await self._collection.of(connection.organization_id).update_one(
            {"_id": connection.id},
            {"$push": {"pending": {"$each": pending_facts(fact, at=self._clock.now())}}},
        )

    async def report(self, organization_id: str, connection_id: str) -> SyncReport:
        document = await self._collection.of(organization_id).find_one(
            {"_id": connection_id}, projection={"report": 1}
        )
        stored = (document or {}).get("report")
        return _REPORT.validate_python(stored) if stored else SyncReport()

    async def save_report(self, organization_id: str, connection_id: str, report: SyncReport) -> None:
        await self._collection.of(organization_id).update_one(
            {"_id": connection_id}, {"$set": {"report": _REPORT.dump_python(report)}}
        )

    async def confirm_removal(
        self, organization_id: str, connection_id: str, removal_id: str, service: str, documents: int
    ) -> None:
        await self._collection.of(organization_id).update_one(
            {
                "_id": connection_id,
                "removal.id": removal_id,
                "removal.confirmed": {"$not": {"$elemMatch": {"service": service}}},
            },
            {"$push": {"removal.confirmed": {"service": service, "documents": documents}}},
        )

    async def publish_pending(self, organization_id: str, connection_id: str) -> None:
        document = await self._collection.of(organization_id).find_one(
            {"_id": connection_id}, projection={"organization_id": 1, "pending": 1}
        )
        if document:
            await self.pending.publish(document)


def _fields(connection: Connection) -> dict[str, Any]:
    fields = asdict(connection)
    fields["settings"] = connection.settings.model_dump()
    del fields["id"]
    if connection.removal is not None:
        fields["removal"]["confirmed"] = [
            {"service": service, "documents": documents}
            for service, documents in connection.removal.confirmed
        ]
    return fields


def _connection(document: dict[str, Any]) -> Connection:
    fields = {**document, "id": document["_id"]}
    removal = document.get("removal")
    if removal:
        confirmed = [(entry["service"], entry["documents"]) for entry in removal["confirmed"]]
        fields["removal"] = {**removal, "confirmed": confirmed}
    return _CONNECTION.validate_python(fields)
