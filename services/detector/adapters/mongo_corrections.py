"""Corrections in MongoDB's protocol: one per signal, and the thresholds that follow from all of them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from services.detector.domain.corrections import Correction, TextSpan, thresholds
from shared.documents.collection import Collection, Index

if TYPE_CHECKING:
    from pymongo.asynchronous.database import AsyncDatabase

    from shared.documents.database import Document

_MANY = 10_000
"""Corrections that thresholds rest on and an export contains: the newest ones."""


class MongoCorrections:
    """See `ports.Corrections`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._corrections = Collection(database, "corrections")
        self._thresholds = Collection(database, "thresholds")

    async def prepare(self) -> None:
        """Make the indexes that are missing."""
        await self._corrections.ensure_indexes(
            Index(keys=(("organization_id", 1), ("at", -1))),
            Index(keys=(("organization_id", 1), ("connection_id", 1))),
        )

    async def keep(self, correction: Correction) -> None:
        organization_id = correction.organization_id
        document = _to_document(correction)
        await self._corrections.of(organization_id).update_one(
            {"_id": f"{organization_id}/{correction.signal_id}"}, {"$set": document}, upsert=True
        )
        await self._follow(organization_id)

    async def withdraw_dismissal(self, organization_id: str, signal_id: str) -> None:
        await self._corrections.of(organization_id).delete_one(
            {"_id": f"{organization_id}/{signal_id}", "verdict": "dismissed"}
        )
        await self._follow(organization_id)

    async def newest(self, organization_id: str) -> list[Correction]:
        documents = await self._corrections.of(organization_id).find({}, sort=[("at", -1)], limit=_MANY)
        return [_correction_from(document) for document in documents]

    async def thresholds(self, organization_id: str) -> dict[str, float]:
        document = await self._thresholds.of(organization_id).find_one({"_id": organization_id})
        return {one["slot"]: one["least"] for one in document["slots"]} if document else {}

    async def remove(self, organization_id: str, connection_id: str) -> int:
        result = await self._corrections.of(organization_id).delete_many({"connection_id": connection_id})
        await self._follow(organization_id)
        return result.deleted_count

    async def _follow(self, organization_id: str) -> None:
        """Recompute the thresholds.

        When two processes do so at once, the last result includes both corrections.
        """
        least = thresholds(await self.newest(organization_id))
        slots = [{"slot": slot, "least": value} for slot, value in sorted(least.items())]
        await self._thresholds.of(organization_id).update_one(
            {"_id": organization_id}, {"$set": {"slots": slots}}, upsert=True
        )


def _to_document(correction: Correction) -> Document:
    fields = asdict(correction)
    del fields["organization_id"]
    return {"places": fields.pop("spans"), **fields}


def _correction_from(document: Document) -> Correction:
    fields = {name: document[name] for name in Correction.__dataclass_fields__ if name != "spans"}
    return Correction(**fields, spans=tuple(TextSpan(**span) for span in document["places"]))
