"""How many conversations people take part in, in MongoDB's protocol: a number on their own documents."""

from __future__ import annotations

from collections import Counter
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
_TOGETHER = 1_000
"""Conversations that are read to count for several people at once. If there are more, each person's are
counted separately: the index alone answers that, however many they are."""


class MongoPeopleCounts:
    """See `ports.PeopleCounts`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._contacts = Collection(database, "contacts")
        self._conversations = Collection(database, "conversations")
        self._connections = Collection(database, "connections")

    async def prepare(self) -> None:
        """Make the indexes that are missing."""
        await self._contacts.ensure_indexes(
            Index(keys=_OLDEST_FIRST, sparse=True), Index(keys=(("organization_id", 1), *_OLDEST_FIRST))
        )

    async def participants(
        self, organization_id: str, conversation_keys: Keys[str]
    ) -> dict[str, frozenset[str]]:
        if not conversation_keys:
            return {}
        ids = [identity_by_key(organization_id, "conversation", key) for key in sorted(conversation_keys)]
        documents = await self._conversations.of(organization_id).find(
            {"_id": {"$in": ids}, "key": {"$gt": ""}}, projection={"_id": 0, "key": 1, "contact_keys": 1}
        )
        return {one["key"]: frozenset(one["contact_keys"]) for one in documents}

    async def mark(self, organization_id: str, keys: Keys[str], at: datetime) -> None:
        if not keys:
            return
        ids = [identity_by_key(organization_id, "contact", key) for key in sorted(keys)]
        # A grave has no key; who comes back from it is marked by the mirror.
        await self._contacts.of(organization_id).update_many(
            {"_id": {"$in": ids}, "key": {"$gt": ""}}, {"$min": {COUNT_FROM: at}, "$inc": {COUNT_MARKS: 1}}
        )

    async def due(self, now: datetime, limit: int, *, after: str = "") -> list[DuePerson]:
        waiting = {COUNT_FROM: {"$lte": now}}
        with database_errors():
            # Asked every second, for all organizations at once; mostly nobody waits.
            bare = self._contacts.across_organizations()
            somebody = await bare.find_one(waiting, {"organization_id": 1}, sort=list(_OLDEST_FIRST))
            if somebody is None:
                return []
            # By the connections, which are few: to name those of a million people, each of them is read.
            known = await self._connections.across_organizations().distinct("organization_id")
        organizations = sorted({*known, somebody["organization_id"]})
        for organization_id in sorted(
            organizations, key=lambda organization: (organization <= after, organization)
        ):
            documents = await self._contacts.of(organization_id).find(
                waiting,
                projection={"_id": 0, "key": 1, COUNT_MARKS: 1},
                sort=list(_OLDEST_FIRST),
                limit=limit,
            )
            if documents:
                return [DuePerson(organization_id, one["key"], one.get(COUNT_MARKS)) for one in documents]
        return []

    async def count(self, organization_id: str, keys: Keys[str]) -> dict[str, int]:
        scoped = self._conversations.of(organization_id)
        documents = await scoped.find(
            {"contact_keys": {"$in": sorted(keys)}},
            projection={"_id": 0, "contact_keys": 1},
            limit=_TOGETHER + 1,
        )
        if len(documents) > _TOGETHER:
            return {key: await scoped.count({"contact_keys": key}) for key in sorted(keys)}
        return Counter(key for one in documents for key in {*one["contact_keys"]}.intersection(keys))

    async def save(self, organization_id: str, counted: Sequence[tuple[DuePerson, int]]) -> None:
        await self._contacts.of(organization_id).bulk_write(
            [
                UpdateOne(
                    _unmarked_since(organization_id, person),
                    {"$set": {CONVERSATIONS: count}, "$unset": {COUNT_FROM: ""}},
                )
                for person, count in counted
            ]
        )

    async def put_off(self, organization_id: str, people: Sequence[DuePerson], until: datetime) -> None:
        await self._contacts.of(organization_id).bulk_write(
            [
                UpdateOne(_unmarked_since(organization_id, person), {"$set": {COUNT_FROM: until}})
                for person in people
            ]
        )


def _unmarked_since(organization_id: str, one: DuePerson) -> Document:
    return {
        "_id": identity_by_key(organization_id, "contact", one.key),
        "key": one.key,
        COUNT_MARKS: one.marks,
    }
