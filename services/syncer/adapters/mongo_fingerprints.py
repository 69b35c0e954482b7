"""What is known of each resource, one document each, in MongoDB's protocol; written in bulk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo import DeleteOne, InsertOne, UpdateOne
from pymongo.errors import BulkWriteError

from services.syncer.domain.fingerprint import GONE, Fingerprint
from shared.documents.collection import Collection, Index
from shared.documents.database import DUPLICATE_KEY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pymongo.asynchronous.database import AsyncDatabase

    from services.syncer.domain.connection import ConnectionKey
    from shared.contracts.sync import ResourceType
    from shared.documents.collection import Write


class MongoFingerprints:
    """Implements `ports.Fingerprints`.

    The versions of a conversation's parts are a list of "version id" strings: ids come from outside and
    could hold what a field's name may not.
    """

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._collection = Collection(database, "fingerprints")

    async def ensure_indexes(self) -> None:
        await self._collection.ensure_indexes(
            Index((("organization_id", 1), ("connection_id", 1), ("resource", 1), ("id", 1)))
        )

    async def of(
        self, key: ConnectionKey, resource: ResourceType, ids: Sequence[str]
    ) -> dict[str, Fingerprint]:
        if not ids:
            return {}
        documents = await self._collection.of(key.organization_id).find(
            {"_id": {"$in": [key.document_id(resource, id_) for id_ in ids]}}
        )
        return {document["id"]: _fingerprint(document) for document in documents}

    async def store(
        self, key: ConnectionKey, records: Sequence[Fingerprint], *, writer: str
    ) -> list[Fingerprint]:
        if not records:
            return []
        writes: list[Write] = [_write(key, record, writer) for record in records]
        scoped = self._collection.of(key.organization_id)
        try:
            result = await scoped.bulk_write(writes, ordered=False)
        except BulkWriteError as error:
            failures = error.details.get("writeErrors", [])
            if any(failure.get("code") != DUPLICATE_KEY for failure in failures):
                raise
        else:
            if result is not None and result.matched_count + result.inserted_count == len(records):
                return []
        written = {
            document["_id"]
            for document in await scoped.find(
                {
                    "_id": {"$in": [key.document_id(record.resource, record.id) for record in records]},
                    "writer": writer,
                },
                projection={"_id": 1},
            )
        }
        return [record for record in records if key.document_id(record.resource, record.id) not in written]

    async def mark(
        self, key: ConnectionKey, resource: ResourceType, ids: Sequence[str], *, walk: str
    ) -> None:
        if ids:
            await self._collection.of(key.organization_id).update_many(
                {"_id": {"$in": [key.document_id(resource, id_) for id_ in ids]}}, {"$set": {"walk": walk}}
            )

    async def unseen(
        self,
        key: ConnectionKey,
        resource: ResourceType,
        *,
        walk: str,
        after: str,
        limit: int,
        changed_since: int | None = None,
    ) -> list[Fingerprint]:
        wanted: dict[str, Any] = {
            "connection_id": key.connection_id,
            "resource": resource,
            "id": {"$gt": after},
            "walk": {"$ne": walk},
            "version": {"$ne": GONE},
        }
        if changed_since is not None:
            wanted["$or"] = _lively_since(changed_since)
        documents = await self._collection.of(key.organization_id).find(wanted, sort=[("id", 1)], limit=limit)
        return [_fingerprint(document) for document in documents]

    async def lively(
        self, key: ConnectionKey, *, after: str, changed_since: int, limit: int
    ) -> list[Fingerprint]:
        documents = await self._collection.of(key.organization_id).find(
            {
                "connection_id": key.connection_id,
                "resource": "conversation",
                "id": {"$gt": after},
                "version": {"$ne": GONE},
                "$or": _lively_since(changed_since),
            },
            sort=[("id", 1)],
            limit=limit,
        )
        return [_fingerprint(document) for document in documents]

    async def forget(self, key: ConnectionKey, resource: ResourceType, ids: Sequence[str]) -> int:
        deleted = await self._collection.of(key.organization_id).delete_many(
            {"_id": {"$in": [key.document_id(resource, id_) for id_ in ids]}}
        )
        return deleted.deleted_count

    async def release(self, key: ConnectionKey, records: Sequence[Fingerprint]) -> list[Fingerprint]:
        scoped = self._collection.of(key.organization_id)
        known = {key.document_id(record.resource, record.id): record for record in records}
        deletes: list[Write] = [
            DeleteOne({"_id": document_id, "revision": record.revision})
            for document_id, record in known.items()
            if record.revision
        ]
        if deletes:
            await scoped.bulk_write(deletes, ordered=False)
        left = await scoped.find({"_id": {"$in": list(known)}}, projection={"_id": 1})
        return [known[document["_id"]] for document in left]

    async def count(self, key: ConnectionKey, resource: ResourceType) -> int:
        return await self._collection.of(key.organization_id).count(
            {"connection_id": key.connection_id, "resource": resource, "version": {"$ne": GONE}}
        )

    async def some(self, key: ConnectionKey, *, limit: int) -> list[Fingerprint]:
        documents = await self._collection.of(key.organization_id).find(
            {"connection_id": key.connection_id}, limit=limit
        )
        return [_fingerprint(document) for document in documents]

    async def everything(
        self, key: ConnectionKey, *, after: Fingerprint | None, limit: int
    ) -> list[Fingerprint]:
        beyond = (
            [
                {"resource": after.resource, "id": {"$gt": after.id}},
                {"resource": {"$gt": after.resource}},
            ]
            if after is not None
            else [{}]
        )
        documents = await self._collection.of(key.organization_id).find(
            {"connection_id": key.connection_id, "$or": beyond},
            sort=[("resource", 1), ("id", 1)],
            limit=limit,
        )
        return [_fingerprint(document) for document in documents]


def _lively_since(start: int) -> list[dict[str, Any]]:
    return [{"open": True}, {"updated_at": {"$gte": start}}]


def _write(key: ConnectionKey, record: Fingerprint, writer: str) -> Write:
    content = {
        "version": record.version,
        "updated_at": record.updated_at,
        "settled": record.settled,
        "open": record.open,
        "parts": [f"{version} {part}" for part, version in record.parts.items()],
        "source_parts": record.source_parts,
        "row": record.row,
        "read_at": record.read_at,
        "revision": record.revision + 1,
        "writer": writer,
    }
    document_id = key.document_id(record.resource, record.id)
    if record.revision == 0:
        return InsertOne(
            {
                "_id": document_id,
                "connection_id": key.connection_id,
                "resource": record.resource,
                "id": record.id,
                "walk": None,
                **content,
            }
        )
    return UpdateOne({"_id": document_id, "revision": record.revision}, {"$set": content})


def _fingerprint(document: dict[str, Any]) -> Fingerprint:
    parts: dict[str, str] = {}
    for entry in document["parts"]:
        version, _, part = entry.partition(" ")
        parts[part] = version
    return Fingerprint(
        resource=document["resource"],
        id=document["id"],
        version=document["version"],
        updated_at=document["updated_at"],
        settled=document["settled"],
        open=document["open"],
        parts=parts,
        source_parts=document["source_parts"],
        # Documents of an earlier version lack these two; the next reading of each adds them.
        row=document.get("row"),
        read_at=document.get("read_at"),
        revision=document["revision"],
    )
