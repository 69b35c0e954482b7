"""What people decided about companies, in MongoDB's protocol: one document per company and customer."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pymongo import UpdateMany, UpdateOne

from services.detector.adapters.customer_documents import NEVER_MEASURED
from services.detector.domain.matching import Decision
from shared.documents.collection import Collection, Index

if TYPE_CHECKING:
    from collections.abc import Collection as Keys

    from pymongo.asynchronous.database import AsyncDatabase

    from shared.documents.collection import Write
    from shared.documents.database import Document

_WORDS = 20
"""Decisions kept for one company and one customer: enough to see changes of mind."""

_HISTORY = "history"
_REPLACED = "replaced"
"""Marks a confirmation that one of another customer replaced; the field is present or absent."""


class CompanyDecisions:
    """Implements what `ports.Customers` says of decisions."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._decisions = Collection(database, "company_decisions")

    async def _prepare_decisions(self) -> None:
        organization = ("organization_id", 1)
        await self._decisions.ensure_indexes(
            Index(keys=(organization, ("company_key", 1))), Index(keys=(organization, ("customer_id", 1)))
        )

    async def decisions(self, organization_id: str, company_keys: Keys[str]) -> dict[str, list[Decision]]:
        if not company_keys:
            return {}
        documents = await self._decisions.of(organization_id).find(
            {"company_key": {"$in": sorted(company_keys)}, _REPLACED: {"$exists": False}}, sort=[("at", 1)]
        )
        decisions: dict[str, list[Decision]] = defaultdict(list)
        for one in documents:
            decisions[one["company_key"]].append(_decision_from(one["customer_id"], one))
        return dict(decisions)

    async def decide(self, organization_id: str, company_key: str, decision: Decision) -> None:
        identity = f"{organization_id}/{company_key}/{decision.customer_id}"
        fields = {"confirmed": decision.confirmed, "by": decision.by, "at": decision.at}
        writes: list[Write] = []
        if decision.confirmed:
            # Before the new one: of two that are kept side by side, neither may replace the other.
            others = {"company_key": company_key, "confirmed": True, "_id": {"$ne": identity}}
            writes.append(UpdateMany(others, {"$set": {_REPLACED: True}}))
        writes.append(
            UpdateOne(
                {"_id": identity},
                {
                    "$set": {"company_key": company_key, "customer_id": decision.customer_id, **fields},
                    "$push": {_HISTORY: {"$each": [fields], "$slice": -_WORDS}},
                    "$unset": {_REPLACED: ""},
                },
                upsert=True,
            )
        )
        # In one go: cut off in between, the company would be nobody's by anybody's word.
        await self._decisions.of(organization_id).bulk_write(writes, ordered=True)

    async def decision_history(self, organization_id: str, company_key: str) -> list[Decision]:
        documents = await self._decisions.of(organization_id).find({"company_key": company_key})
        history = [
            _decision_from(one["customer_id"], word)
            for one in documents
            # What an earlier version kept has no history, and is its only word.
            for word in reversed(one.get(_HISTORY) or [one])
        ]
        return sorted(history, key=lambda one: one.at or NEVER_MEASURED, reverse=True)

    async def said_to_be(self, organization_id: str, customer_ids: Keys[str]) -> set[str]:
        if not customer_ids:
            return set()
        documents = await self._decisions.of(organization_id).find(
            {"customer_id": {"$in": sorted(customer_ids)}, "confirmed": True, _REPLACED: {"$exists": False}},
            projection={"company_key": 1},
        )
        return {one["company_key"] for one in documents}

    async def forget_decisions(self, organization_id: str, workspace_id: str) -> int:
        result = await self._decisions.of(organization_id).delete_many(
            {"company_key": {"$gte": f"{workspace_id}:", "$lt": f"{workspace_id};"}}
        )
        return result.deleted_count


def _decision_from(customer_id: str, fields: Document) -> Decision:
    return Decision(customer_id, fields["confirmed"], fields.get("by", ""), fields.get("at"))
