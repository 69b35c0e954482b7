"""Connections in MongoDB: one document each, with its pending facts, its sync report and its diagnosis."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter
from pymongo.errors import DuplicateKeyError

from services.connector.adapters.connection_documents import (
    connection_from,
    connection_or_why_not,
    fields_of,
)
from services.connector.domain.diagnosis import Diagnosis
from services.connector.domain.report import SyncReport
from services.connector.errors import ChangedMeanwhile
from services.connector.ports import MOST_ASKED, MOST_WAITING, StoredCredential
from shared.contracts.topics import SERVICES
from shared.documents.collection import ORGANIZATION, Collection, Index, database_errors
from shared.documents.pending import PENDING, PENDING_INDEX, PendingFacts, pending_facts
from shared.documents.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Collection as Ids
    from datetime import datetime

    from pymongo.asynchronous.database import AsyncDatabase

    from services.connector.domain.connection import Connection
    from services.connector.domain.unreadable import Unreadable
    from shared.clock import Clock
    from shared.contracts.event import Event
    from shared.documents.database import Document
    from shared.messaging.publisher import EventPublisher

_REPORT = TypeAdapter(SyncReport)
_DIAGNOSIS = TypeAdapter(Diagnosis)
_CHANGED_MEANWHILE = "Somebody else changed this connection meanwhile. Reload the page and try again."

_PLACE = "place"
"""Set on the connection that holds data, of which an organization has one; a unique index ensures that."""

_READING = Reading("connections")

_WITHOUT_REPORT = {"report": 0, "diagnosis": 0, PENDING: 0}
_MOST_OF_ONE = 1_000


class MongoConnections:
    """Implements `ports.Connections`."""

    def __init__(
        self, database: AsyncDatabase[dict[str, Any]], publisher: EventPublisher, clock: Clock
    ) -> None:
        self._collection = Collection(database, "connections")
        self._clock = clock
        self.pending = PendingFacts(self._collection, publisher, clock)

    async def ensure_indexes(self) -> None:
        await self._collection.ensure_indexes(
            Index(((ORGANIZATION, 1), ("created_at", 1)), name="organization"),
            Index(((ORGANIZATION, 1), ("workspace.id", 1)), unique=True, name="one per workspace"),
            Index(((_PLACE, 1),), unique=True, sparse=True, name="one per organization"),
            Index((("workspace.id", 1),), name="workspace"),
            Index((("next_sync_at", 1),), name="due"),
            Index((("next_look_at", 1),), name="look"),
            PENDING_INDEX,
        )

    async def list_of(self, organization_id: str) -> list[Connection]:
        documents = await self._collection.of(organization_id).find(
            {}, sort=[("created_at", 1)], limit=_MOST_OF_ONE, projection=_WITHOUT_REPORT
        )
        return [connection_from(document) for document in documents]

    async def get(self, organization_id: str, connection_id: str) -> Connection | None:
        document = await self._collection.of(organization_id).find_one(
            {"_id": connection_id}, projection=_WITHOUT_REPORT
        )
        return connection_from(document) if document else None

    async def of_workspace(self, workspace_id: str, *, in_need: bool = False) -> list[Connection]:
        states = ["connected", "needs_attention"] if in_need else ["connected"]
        documents = await self._across(
            {"workspace.id": workspace_id, "state": {"$in": states}}, limit=_MOST_OF_ONE
        )
        return _READING.each(documents, connection_from)

    async def insert(
        self, connection: Connection, *facts: Event, instead_of: Connection | None = None
    ) -> None:
        now = self._clock.now()
        scoped = self._collection.of(connection.organization_id)
        if instead_of is not None:
            # Before, since a workspace has one document. A crash in between loses only the note that there
            # was another connection once.
            await scoped.delete_one({"_id": instead_of.id, "state": "removed"})
        try:
            await scoped.insert_one(
                {
                    "_id": connection.id,
                    **fields_of(connection),
                    _PLACE: connection.organization_id,
                    "created_at": now,
                    PENDING: pending_facts(*facts, at=now),
                }
            )
        except DuplicateKeyError as error:
            raise ChangedMeanwhile(_CHANGED_MEANWHILE) from error

    async def replace(self, before: Connection, after: Connection, *facts: Event) -> None:
        update: dict[str, Any] = {"$set": fields_of(after)}
        if after.state == "removed":
            # Everything that names what was read is deleted too; another workspace may be connected.
            update["$unset"] = {_PLACE: "", "report": "", "diagnosis": ""}
        else:
            update["$set"][_PLACE] = after.organization_id
        if facts:
            update["$push"] = {PENDING: {"$each": pending_facts(*facts, at=self._clock.now())}}
        try:
            result = await self._collection.of(before.organization_id).update_one(
                # Two things change without a new revision and must not be set back: the schedule, which
                # advances, and the credential, which is put under a newer key.
                {
                    "_id": before.id,
                    "revision": before.revision,
                    "next_sync_at": before.next_sync_at,
                    "credential": before.credential,
                },
                update,
            )
        except DuplicateKeyError as error:
            raise ChangedMeanwhile(_CHANGED_MEANWHILE) from error
        if not result.matched_count:
            raise ChangedMeanwhile(_CHANGED_MEANWHILE)

    async def due(
        self, now: datetime, limit: int, *, leave_out: Ids[str] = ()
    ) -> list[Connection | Unreadable]:
        documents = await self._across(
            {
                **_but_for(leave_out),
                "next_sync_at": {"$lte": now},
                "state": "connected",
                f"{PENDING}.{MOST_WAITING - 1}": {"$exists": False},
            },
            sort="next_sync_at",
            limit=limit,
        )
        return [connection_or_why_not(document) for document in documents]

    async def scheduled(self, connection: Connection, *, next_sync_at: datetime, fact: Event) -> bool:
        result = await self._collection.of(connection.organization_id).update_one(
            {
                "_id": connection.id,
                "revision": connection.revision,
                "next_sync_at": connection.next_sync_at,
                "state": "connected",
            },
            {
                "$set": {"next_sync_at": next_sync_at},
                "$push": {PENDING: {"$each": pending_facts(fact, at=self._clock.now())}},
            },
        )
        return result.matched_count == 1

    async def due_for_look(
        self, now: datetime, limit: int, *, leave_out: Ids[str] = ()
    ) -> list[Connection | Unreadable]:
        query = {**_but_for(leave_out), "next_look_at": {"$lte": now}}
        documents = await self._across(query, sort="next_look_at", limit=limit)
        return [connection_or_why_not(document) for document in documents]

    async def looked_at(self, connection: Connection, *, next_look_at: datetime) -> bool:
        result = await self._collection.of(connection.organization_id).update_one(
            {"_id": connection.id, "next_look_at": connection.next_look_at},
            {"$set": {"next_look_at": next_look_at}},
        )
        return result.matched_count == 1

    async def record_fact(self, connection: Connection, fact: Event) -> bool:
        scoped = self._collection.of(connection.organization_id)
        connected = {"_id": connection.id, "state": "connected"}
        result = await scoped.update_one(
            {**connected, f"{PENDING}.{MOST_ASKED - 1}": {"$exists": False}},
            {"$push": {PENDING: {"$each": pending_facts(fact, at=self._clock.now())}}},
        )
        return (
            bool(result.matched_count) or await scoped.find_one(connected, projection={"_id": 1}) is not None
        )

    async def report(self, organization_id: str, connection_id: str) -> SyncReport:
        stored = await self._part(organization_id, connection_id, "report")
        return _REPORT.validate_python(stored) if stored else SyncReport()

    async def save_report(self, organization_id: str, connection_id: str, report: SyncReport) -> None:
        await self._collection.of(organization_id).update_one(
            {"_id": connection_id, "state": {"$ne": "removed"}},
            {"$set": {"report": _REPORT.dump_python(report)}},
        )

    async def diagnosis(self, organization_id: str, connection_id: str) -> Diagnosis | None:
        stored = await self._part(organization_id, connection_id, "diagnosis")
        return _DIAGNOSIS.validate_python(stored) if stored else None

    async def save_diagnosis(self, organization_id: str, connection_id: str, diagnosis: Diagnosis) -> None:
        await self._collection.of(organization_id).update_one(
            {"_id": connection_id, "state": {"$ne": "removed"}},
            {"$set": {"diagnosis": _DIAGNOSIS.dump_python(diagnosis)}},
        )

    async def confirm_removal(
        self, organization_id: str, connection_id: str, removal_id: str, service: str, documents: int
    ) -> None:
        await self._collection.of(organization_id).update_one(
            {
                "_id": connection_id,
                "removal.id": removal_id,
                "removal.confirmed.service": {"$ne": service},
            },
            {"$push": {"removal.confirmed": {"service": service, "documents": documents}}},
        )

    async def publish_pending(self, organization_id: str, connection_id: str) -> None:
        document = await self._collection.of(organization_id).find_one(
            {"_id": connection_id}, projection={ORGANIZATION: 1, PENDING: 1}
        )
        if document:
            await self.pending.publish(document)

    async def being_removed(self, ordered_before: datetime, limit: int) -> list[Connection]:
        documents = await self._across(
            {
                "state": "removed",
                "removal.requested_at": {"$lt": ordered_before},
                f"removal.confirmed.{len(SERVICES) - 1}": {"$exists": False},
            },
            limit=limit,
        )
        return _READING.each(documents, connection_from)

    async def credentials(self, after_id: str, limit: int) -> list[StoredCredential]:
        with database_errors():
            cursor = self._collection.across_organizations().find(
                {"_id": {"$gt": after_id}, "credential": {"$ne": None}},
                {ORGANIZATION: 1, "credential": 1},
                sort=[("_id", 1)],
                limit=limit,
            )
            return [
                StoredCredential(document[ORGANIZATION], document["_id"], document["credential"])
                async for document in cursor
            ]

    async def reencrypted(self, credential: StoredCredential, encrypted: str) -> bool:
        result = await self._collection.of(credential.organization_id).update_one(
            {"_id": credential.connection_id, "credential": credential.encrypted},
            {"$set": {"credential": encrypted}},
        )
        return result.matched_count == 1

    async def bring_forward(self, now: datetime, *, look: timedelta, spare: timedelta) -> int:
        every = self._collection.across_organizations()
        moved = 0
        with database_errors():
            for interval in await every.distinct("settings.sync_interval_seconds"):
                ahead = now + timedelta(seconds=interval) + spare
                result = await every.update_many(
                    {
                        "next_sync_at": {"$gt": ahead},
                        "settings.sync_interval_seconds": interval,
                        "state": "connected",
                    },
                    {"$set": {"next_sync_at": now}},
                )
                moved += result.modified_count
            await every.update_many(
                {"next_look_at": {"$gt": now + look + spare}}, {"$set": {"next_look_at": now}}
            )
        return moved

    async def census(self) -> dict[str, int]:
        with database_errors():
            cursor = await self._collection.across_organizations().aggregate(
                [{"$group": {"_id": "$state", "count": {"$sum": 1}}}]
            )
            return {document["_id"]: document["count"] async for document in cursor}

    async def _across(self, query: dict[str, Any], *, limit: int, sort: str = "_id") -> list[Document]:
        with database_errors():
            cursor = self._collection.across_organizations().find(
                query, _WITHOUT_REPORT, sort=[(sort, 1)], limit=limit
            )
            return [document async for document in cursor]

    async def _part(self, organization_id: str, connection_id: str, name: str) -> Any:
        document = await self._collection.of(organization_id).find_one(
            {"_id": connection_id}, projection={name: 1}
        )
        return (document or {}).get(name)


def _but_for(connection_ids: Ids[str]) -> dict[str, Any]:
    return {"_id": {"$nin": list(connection_ids)}} if connection_ids else {}
