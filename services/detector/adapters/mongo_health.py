"""Customers' health in MongoDB's protocol.

Everything is stored on the customer's own document, so that a late measurement never outlives the customer.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pymongo import UpdateOne

from services.detector.adapters.customer_documents import HEALTH_STATES, HEALTH_UNKNOWN
from services.detector.domain.health import DEFAULT_WEIGHTS, INGREDIENTS, Health, HealthWeights, Part, State
from services.detector.domain.health_history import MOST_STATES, HealthHistory
from services.detector.ports import Due
from shared.documents.collection import Collection, Index, database_errors

if TYPE_CHECKING:
    from collections.abc import Collection as Keys
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pymongo.asynchronous.database import AsyncDatabase

    from services.detector.domain.health_history import Measured
    from shared.documents.database import Document


class MongoHealth:
    """See `ports.HealthRecords`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._customers = Collection(database, "customers")
        self._weights = Collection(database, "health_weights")

    async def prepare(self) -> None:
        """Make the indexes that are missing."""
        await self._customers.ensure_indexes(
            Index(keys=(("merged_into", 1), ("health_due", -1), ("health_at", 1))),
            Index(keys=(("merged_into", 1), ("health_at", 1))),
            Index(keys=(("organization_id", 1), ("sort_health", 1), ("_id", 1))),
        )

    async def weights(self, organization_id: str) -> HealthWeights:
        document = await self._weights.of(organization_id).find_one({"_id": organization_id})
        if document is None:
            return HealthWeights()
        # An ingredient that came with a later release counts as by default until somebody weighs it.
        weights = {name: document["by_name"].get(name, DEFAULT_WEIGHTS[name]) for name in INGREDIENTS}
        return HealthWeights(weights)

    async def set_weights(self, organization_id: str, weights: HealthWeights, by: str, at: datetime) -> None:
        await self._weights.of(organization_id).update_one(
            {"_id": organization_id},
            {"$set": {"by_name": dict(weights.by_name), "by": by, "at": at}},
            upsert=True,
        )
        await self._customers.of(organization_id).update_many(
            {}, {"$set": {"health_due": True}, "$inc": {"changes": 1}}
        )

    async def due(self, measured_before: datetime, limit: int) -> list[Due]:
        changed = await self._due({"health_due": True}, limit)
        if len(changed) >= limit:
            return changed
        old = {"health_due": False, "health_at": {"$lt": measured_before}}
        return changed + await self._due(old, limit - len(changed))

    async def _due(self, query: Mapping[str, Any], limit: int) -> list[Due]:
        with database_errors():
            cursor = self._customers.across_organizations().find(
                {"merged_into": None, **query},
                projection={"organization_id": 1, "customer_id": 1, "changes": 1},
                sort=[("health_at", 1)],
                limit=limit,
            )
            return [
                Due(one["organization_id"], one["customer_id"], one.get("changes", 0)) async for one in cursor
            ]

    async def put_off(self, organization_id: str, due: Sequence[Due], measured_at: datetime) -> None:
        await self._customers.of(organization_id).bulk_write(
            [
                UpdateOne(
                    {"_id": f"{organization_id}/{one.customer_id}", "changes": one.changes},
                    {"$set": {"health_due": False, "health_at": measured_at}},
                )
                for one in due
            ]
        )

    async def histories(self, organization_id: str, customer_ids: Keys[str]) -> dict[str, HealthHistory]:
        documents = await self._customers.of(organization_id).find(
            {"_id": {"$in": [f"{organization_id}/{customer_id}" for customer_id in sorted(customer_ids)]}},
            projection=dict.fromkeys(("customer_id", *HEALTH_STATES), 1),
        )
        histories = {
            one["customer_id"]: HealthHistory(
                one["health_known_since"],
                _health_from(one["health_latest"]),
                tuple(State(**state) for state in one.get("health_states", [])),
            )
            for one in documents
            if "health_latest" in one
        }
        return {customer_id: histories.get(customer_id, HealthHistory()) for customer_id in customer_ids}

    async def save(self, organization_id: str, measured: Sequence[Measured]) -> None:
        await self._customers.of(organization_id).bulk_write(
            [write for one in measured for write in _writes(organization_id, one)], ordered=True
        )


def _writes(organization_id: str, one: Measured) -> list[UpdateOne]:
    """Store the number in any case; remove the mark only from the state that was measured."""
    identity = f"{organization_id}/{one.customer_id}"
    score, at = one.health.score, one.health.at
    update: dict[str, Any] = {
        "$set": {
            "health": score,
            "sort_health": HEALTH_UNKNOWN if score is None else score,
            "health_at": at,
            "health_latest": asdict(one.health),
        },
        "$min": {"health_known_since": at},
    }
    if one.keep:
        update["$push"] = {"health_states": {"$each": [asdict(one.health.state)], "$slice": -MOST_STATES}}
    return [
        UpdateOne({"_id": identity}, update),
        UpdateOne({"_id": identity, "changes": one.changes}, {"$set": {"health_due": False}}),
    ]


def _health_from(document: Document) -> Health:
    parts = tuple(Part(**part) for part in document["parts"])
    return Health(at=document["at"], score=document["score"], parts=parts)
