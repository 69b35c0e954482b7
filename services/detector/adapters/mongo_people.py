"""How many conversations people take part in, in MongoDB's protocol: a number on their own documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo import UpdateOne

from services.detector.adapters.mirror_documents import CONVERSATIONS, COUNT_FROM, COUNT_MARKS
from services.detector.adapters.mongo_mirror_collections import identity_by_key
from services.detector.ports import DuePerson
from shared.documents.collection import Collection, Index, database_errors

if TYPE_CHECKING:
    from collections.abc import Collection as Keys
    from collections.abc import Sequence
    from datetime import datetime

    from pymongo.asynchronous.database import AsyncDatabase

    from shared.documents.database import Document

_OLDEST_FIRST = ((COUNT_FROM, 1),)


class MongoPeopleCounts:
    """See `ports.PeopleCounts`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._contacts = Collection(database, "contacts")
        self._conversations = Collection(database, "conversations")

    async def prepare(self) -> None:
        """Make the indexes that are missing."""
        await self._contacts.ensure_indexes(Index(keys=_OLDEST_FIRST, sparse=True))

    async def participants(
        self, organization_id: str, conversation_keys: Keys[str]
    ) -> dict[str, frozenset[str]]:
        if not conversation_keys:
            return {}
        ids = [identity_by_key(organization_id, "conversation", key) for key in sorted(conversation_keys)]
        found = await self._conversations.of(organization_id).find(
            {"_id": {"$in": ids}, "key": {"$gt": ""}}, projection={"_id": 0, "key": 1, "contact_keys": 1}
        )
        return {one["key"]: frozenset(one["contact_keys"]) for one in found}

    async def mark(self, organization_id: str, keys: Keys[str], at: datetime) -> None:
        if not keys:
            return
        ids = [identity_by_key(organization_id, "contact", key) for key in sorted(keys)]
        # A grave has no key; who comes back from it is marked by the mirror.
        await self._contacts.of(organization_id).update_many(
            {"_id": {"$in": ids}, "key": {"$gt": ""}}, {"$min": {COUNT_FROM: at}, "$inc": {COUNT_MARKS: 1}}
        )

    async def due(self, now: datetime, limit: int) -> list[DuePerson]:
        with database_errors():
            cursor = self._contacts.across_organizations().find(
                {COUNT_FROM: {"$lte": now}},
                projection={"_id": 0, "organization_id": 1, "key": 1, COUNT_MARKS: 1},
                sort=list(_OLDEST_FIRST),
                limit=limit,
            )
            return [
                DuePerson(one["organization_id"], one["key"], one.get(COUNT_MARKS)) async for one in cursor
            ]

    async def count(self, organization_id: str, keys: Keys[str]) -> dict[str, int]:
        mine = {"contact_keys": {"$in": sorted(keys)}}
        found = await self._conversations.of(organization_id).aggregate(
            [
                {"$match": mine},
                {"$unwind": "$contact_keys"},
                {"$match": mine},
                {"$group": {"_id": "$contact_keys", "conversations": {"$sum": 1}}},
            ]
        )
        return {one["_id"]: one["conversations"] for one in found}

    async def save(self, organization_id: str, counted: Sequence[tuple[DuePerson, int]]) -> None:
        await self._contacts.of(organization_id).bulk_write(
            [
                UpdateOne(
                    {
                        "_id": identity_by_key(organization_id, "contact", one.key),
                        "key": one.key,
                        COUNT_MARKS: one.marks,
                    },
                    {"$set": {CONVERSATIONS: count}, "$unset": {COUNT_FROM: ""}},
                )
                for one, count in counted
            ]
        )
