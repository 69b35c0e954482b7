"""Topics in MongoDB's protocol: the workspace's tags by name, with what bears them."""

from __future__ import annotations

import asyncio
from datetime import datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from services.detector.adapters.narrowing import bearing, between
from services.detector.errors import InvalidRequestError
from services.detector.lists import Narrowing, Portion, TopicRow
from shared.documents.collection import Collection

if TYPE_CHECKING:
    from pymongo.asynchronous.database import AsyncDatabase

    from services.detector.lists import TopicSort
    from shared.documents.database import Document

_AT_ONCE = 8
"""Tags counted beside each other; each takes two questions by an index."""
_FIELD = "topic"
Place = tuple[bool, float, str]
_OF_CUSTOMER = {"$and": [{"$gte": ["$_id", "customer/"]}, {"$lt": ["$_id", "customer0"]}]}
"""Whether a subject is a customer, by its key; the character 0 follows the slash."""

_COUNTED: list[dict[str, Any]] = [
    {"$group": {"_id": "$subject", "number": {"$sum": 1}, "last": {"$max": "$updated_at"}}},
    {
        "$group": {
            "_id": None,
            "conversations": {"$sum": "$number"},
            "customers": {"$sum": {"$cond": [_OF_CUSTOMER, 1, 0]}},
            "last": {"$max": "$last"},
        }
    },
]
"""Counts in the database, so that a tag of ten thousand customers is answered with one line all the same."""


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
        sort: TopicSort,
        since: datetime | None,
        until: datetime | None,
        position: dict[str, Any] | None,
        limit: int,
    ) -> Portion[TopicRow]:
        period = between(Narrowing(since=since, until=until))
        after = _place(position, sort)
        tags = await self._tags.of(organization_id).aggregate(
            [
                {"$match": {"key": {"$gt": ""}, "data.name": {"$gt": ""}}},
                {"$group": {"_id": "$data.name", "keys": {"$push": "$key"}}},
            ]
        )
        places = await self._places(organization_id, tags, sort, period)
        order = sorted(zip(places, tags, strict=True), key=itemgetter(0), reverse=sort == "-name")
        if after is not None:
            order = [one for one in order if (one[0] < after if sort == "-name" else one[0] > after)]
        found = [document for _, document in order[: limit + 1]]
        turns = asyncio.Semaphore(_AT_ONCE)

        async def row(document: Document) -> TopicRow:
            async with turns:
                return await self._row(organization_id, document["_id"], document["keys"], period)

        rows = await asyncio.gather(*(row(document) for document in found[:limit]))
        following = {"f": _FIELD, "o": sort, "v": order[limit - 1][0]} if len(found) > limit else None
        return Portion(list(rows), following)

    async def _places(
        self, organization_id: str, tags: list[Document], sort: TopicSort, period: dict[str, Any]
    ) -> list[Place]:
        """Return where each tag stands in the order: what has no value, then the value, then the name."""
        if sort in {"name", "-name"}:
            return [(False, 0.0, tag["_id"]) for tag in tags]
        # One question for all of them, whose answer has a line for each tag.
        counted = await self._conversations.of(organization_id).aggregate(
            [
                {"$match": {"tag_keys": {"$gt": ""}, **({"updated_at": period} if period else {})}},
                {"$unwind": "$tag_keys"},
                {"$group": {"_id": "$tag_keys", "number": {"$sum": 1}, "last": {"$max": "$updated_at"}}},
            ]
        )
        numbers = {one["_id"]: one["number"] for one in counted}
        # A moment that is none belongs to a conversation that cannot be read.
        moved = {one["_id"]: one["last"].timestamp() for one in counted if isinstance(one["last"], datetime)}
        sign = -1.0 if sort.startswith("-") else 1.0
        if sort.endswith("conversations"):
            borne = [sum(numbers.get(key, 0) for key in tag["keys"]) for tag in tags]
            return [(False, sign * number, tag["_id"]) for number, tag in zip(borne, tags, strict=True)]
        newest = [max((moved[key] for key in tag["keys"] if key in moved), default=None) for tag in tags]
        return [
            (last is None, sign * (last or 0.0), tag["_id"]) for last, tag in zip(newest, tags, strict=True)
        ]

    async def _row(
        self, organization_id: str, name: str, keys: list[str], period: dict[str, Any]
    ) -> TopicRow:
        tagged = {**bearing(keys), **({"updated_at": period} if period else {})}
        signals: dict[str, Any] = {"tags": name, "state": "open"}
        if period:
            signals["shown_at"] = period
        found, count = await asyncio.gather(
            self._conversations.of(organization_id).aggregate([{"$match": tagged}, *_COUNTED]),
            self._signals.of(organization_id).count(signals),
        )
        whole: dict[str, Any] = found[0] if found else {"conversations": 0, "customers": 0, "last": None}
        return TopicRow(
            tag=name,
            conversations=whole["conversations"],
            customers=whole["customers"],
            signals=count,
            last_at=whole["last"],
        )


def _place(position: dict[str, Any] | None, sort: TopicSort) -> Place | None:
    if position is None:
        return None
    match position:
        case {"f": "topic", "o": order, "v": [bool() as unknown, int() | float() as value, str() as name]}:
            if order == sort:
                return unknown, float(value), name
    raise InvalidRequestError("The cursor belongs to another list; begin again from the first page.")
