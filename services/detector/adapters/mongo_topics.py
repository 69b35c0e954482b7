"""Topics in MongoDB's protocol: the workspace's tags by name, with what bears them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from services.detector.adapters.narrowing import bearing, between
from services.detector.errors import InvalidRequestError
from services.detector.lists import Narrowing, Portion, TopicRow
from shared.documents.collection import Collection

if TYPE_CHECKING:
    from datetime import datetime

    from pymongo.asynchronous.database import AsyncDatabase

    from shared.documents.database import Document

_AT_ONCE = 8
"""Tags counted beside each other; each takes two questions by an index."""
_FIELD = "topic"


class MongoTopics:
    """See `lists.Topics`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._tags = Collection(database, "tags")
        self._conversations = Collection(database, "conversations")
        self._signals = Collection(database, "signals")

    async def names(self, organization_id: str, limit: int) -> list[str]:
        names = await self._tags.of(organization_id).distinct("data.name", {"key": {"$gt": ""}})
        # A name that is no text belongs to a tag that cannot be read.
        return sorted((one for one in names if isinstance(one, str)), key=str.casefold)[:limit]

    async def count(self, organization_id: str) -> int:
        return len(await self._tags.of(organization_id).distinct("data.name", {"key": {"$gt": ""}}))

    async def topics(
        self,
        organization_id: str,
        *,
        since: datetime | None,
        until: datetime | None,
        position: dict[str, Any] | None,
        limit: int,
    ) -> Portion[TopicRow]:
        named = {"$gt": _after(position)}
        found = await self._tags.of(organization_id).aggregate(
            [
                {"$match": {"key": {"$gt": ""}, "data.name": named}},
                {"$group": {"_id": "$data.name", "keys": {"$push": "$key"}}},
                {"$sort": {"_id": 1}},
                {"$limit": limit + 1},
            ]
        )
        turns = asyncio.Semaphore(_AT_ONCE)
        period = between(Narrowing(since=since, until=until))

        async def row(document: Document) -> TopicRow:
            async with turns:
                return await self._row(organization_id, document["_id"], document["keys"], period)

        rows = await asyncio.gather(*(row(document) for document in found[:limit]))
        following = {"f": _FIELD, "v": found[limit - 1]["_id"]} if len(found) > limit else None
        return Portion(list(rows), following)

    async def _row(
        self, organization_id: str, name: str, keys: list[str], period: dict[str, Any]
    ) -> TopicRow:
        tagged = {**bearing(keys), **({"updated_at": period} if period else {})}
        signals: dict[str, Any] = {"tags": name, "state": "open"}
        if period:
            signals["shown_at"] = period
        subjects, count = await asyncio.gather(
            self._conversations.of(organization_id).aggregate(
                [
                    {"$match": tagged},
                    {
                        "$group": {
                            "_id": "$subject",
                            "conversations": {"$sum": 1},
                            "last": {"$max": "$updated_at"},
                        }
                    },
                ]
            ),
            self._signals.of(organization_id).count(signals),
        )
        return TopicRow(
            tag=name,
            conversations=sum(one["conversations"] for one in subjects),
            customers=sum(str(one["_id"]).startswith("customer/") for one in subjects),
            signals=count,
            last_at=max((one["last"] for one in subjects), default=None),
        )


def _after(position: dict[str, Any] | None) -> str:
    if position is None:
        return ""
    if position.get("f") != _FIELD or not isinstance(position.get("v"), str):
        raise InvalidRequestError("The cursor belongs to another list; begin again from the first page.")
    return str(position["v"])
