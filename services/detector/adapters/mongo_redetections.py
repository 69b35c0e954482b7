"""Redetections in MongoDB's protocol, one per connection.

A slice's position and counts are stored together, in one guarded write.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from services.detector.adapters.claiming import claim_first
from services.detector.adapters.flat import flat
from services.detector.adapters.guarded import upsert_newer
from services.detector.domain.redetection import Difference, Example, Redetection, Tally
from shared.documents.collection import Collection, Index

if TYPE_CHECKING:
    from collections.abc import Collection as Keys
    from datetime import datetime

    from pymongo.asynchronous.database import AsyncDatabase

    from services.detector.domain.redetection import State
    from shared.documents.database import Document

_NEVER_CLAIMED = timedelta(days=365)


class MongoRedetections:
    """See `ports.Redetections`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._collection = Collection(database, "redetections")

    async def prepare(self) -> None:
        """Make the indexes that are missing."""
        await self._collection.ensure_indexes(Index(keys=(("state", 1), ("claimed_until", 1))))

    async def ask(self, redetection: Redetection) -> None:
        await upsert_newer(
            self._collection.of(redetection.organization_id),
            {
                "_id": _identity(redetection.organization_id, redetection.connection_id),
                "redetection_id": {"$ne": redetection.redetection_id},
            },
            {
                "$set": {
                    **_fields(redetection),
                    "claimed_by": None,
                    "claimed_until": redetection.started_at - _NEVER_CLAIMED,
                }
            },
        )

    async def claim(
        self, owner: str, now: datetime, lease_seconds: float, fingerprints: Keys[str]
    ) -> Redetection | None:
        document = await claim_first(
            self._collection,
            {"state": "reading", "fingerprint": {"$in": sorted(fingerprints)}},
            owner,
            now=now,
            lease_seconds=lease_seconds,
        )
        return _redetection_from(document) if document else None

    async def advance(self, redetection: Redetection, owner: str, *, cursor: str, now: datetime) -> bool:
        document = await self._collection.of(redetection.organization_id).find_one_and_update(
            {
                "_id": _identity(redetection.organization_id, redetection.connection_id),
                "redetection_id": redetection.redetection_id,
                "state": "reading",
                "cursor": cursor,
                "claimed_by": owner,
            },
            # Given up at once, so that any replica takes the next slice and slices stay short; free since now
            # only, so that a workspace of a million conversations holds nobody up.
            {"$set": {**_fields(redetection), "claimed_by": None, "claimed_until": now}},
        )
        return document is not None

    async def of(self, organization_id: str) -> list[Redetection]:
        documents = await self._collection.of(organization_id).find({}, sort=[("_id", 1)])
        return [_redetection_from(document) for document in documents]

    async def decide(self, redetection: Redetection, state: State, by: str, at: datetime) -> None:
        await self._collection.of(redetection.organization_id).update_one(
            {
                "_id": _identity(redetection.organization_id, redetection.connection_id),
                "redetection_id": redetection.redetection_id,
            },
            {"$set": {"state": state, "decided_by": by, "decided_at": at}},
        )

    async def remove(self, organization_id: str, connection_id: str) -> int:
        result = await self._collection.of(organization_id).delete_many(
            {"_id": _identity(organization_id, connection_id)}
        )
        return result.deleted_count


def _identity(organization_id: str, connection_id: str) -> str:
    return f"{organization_id}/{connection_id}"


def _fields(redetection: Redetection) -> Document:
    fields = flat(redetection)
    del fields["organization_id"]
    return {
        **fields,
        "redetection_id": redetection.redetection_id,
        "difference": {
            "tallies": [flat(tally) for tally in redetection.difference.tallies],
            "examples": [flat(example) for example in redetection.difference.examples],
        },
    }


def _redetection_from(document: Document) -> Redetection:
    fields = {name: document[name] for name in Redetection.__dataclass_fields__ if name != "difference"}
    stored = document["difference"]
    return Redetection(
        **fields,
        difference=Difference(
            tuple(Tally(**one) for one in stored["tallies"]),
            tuple(Example(**one) for one in stored["examples"]),
        ),
    )
