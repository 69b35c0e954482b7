"""Which organizations use the language model, and what they spent on it, in MongoDB's protocol.

An organization's day is one document. Each request is counted by one guarded write before it is sent, so that
two replicas together cannot spend more than one may.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from services.detector.adapters.guarded import upsert_newer
from services.detector.ports import Spent
from shared.documents.collection import Collection, Index

if TYPE_CHECKING:
    from collections.abc import Collection as Names

    from pymongo.asynchronous.database import AsyncDatabase

    from shared.documents.database import Document

_KEPT_SECONDS = 60 * 60 * 24 * 40
"""Days are kept for over a month, so that somebody who wonders about a bill can look."""


class MongoModelUse:
    """See `ports.ModelUse`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._choices = Collection(database, "language_model_choices")
        self._days = Collection(database, "language_model_days")

    async def prepare(self) -> None:
        """Make the indexes that are missing."""
        await self._days.ensure_indexes(Index(keys=(("began_at", 1),), expire_after_seconds=_KEPT_SECONDS))

    async def chosen(self, organization_id: str) -> frozenset[str]:
        document = await self._choices.of(organization_id).find_one({"_id": organization_id})
        return frozenset(document["detectors"]) if document else frozenset()

    async def choose(self, organization_id: str, detectors: Names[str], by: str, at: datetime) -> None:
        await self._choices.of(organization_id).update_one(
            {"_id": organization_id},
            {"$set": {"detectors": sorted(detectors), "by": by, "at": at}},
            upsert=True,
        )

    async def spend(self, organization_id: str, day: str, tokens: int, most: Spent) -> bool:
        if most.requests < 1 or tokens > most.tokens:
            return False
        room = {"requests": {"$lt": most.requests}, "tokens": {"$lte": most.tokens - tokens}}
        # Where the day's document has no room, the upsert meets its `_id`, and is refused.
        return await upsert_newer(
            self._days.of(organization_id),
            {"_id": f"{organization_id}/{day}", **room},
            {"$inc": {"requests": 1, "tokens": tokens}, "$set": {"began_at": _began(day)}},
        )

    async def correct(self, organization_id: str, day: str, tokens: int) -> None:
        await self._days.of(organization_id).update_one(
            {"_id": f"{organization_id}/{day}"}, {"$inc": {"tokens": tokens}}
        )

    async def spent(self, organization_id: str, day: str) -> Spent:
        document = await self._days.of(organization_id).find_one({"_id": f"{organization_id}/{day}"})
        return Spent(document["requests"], document["tokens"]) if document else Spent()


def _began(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)
