"""The mirror's companies: whose they are, and what they may be, in MongoDB's protocol."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from services.detector.adapters.mirror_documents import (
    FOLLOW_FROM,
    GRAVE,
    LEFT,
    READ_TO,
    REGROUPED,
    company_from,
    suggestion_fields,
)
from services.detector.adapters.mongo_mirror_collections import MANY, MirrorCollections, identity_by_key

if TYPE_CHECKING:
    from collections.abc import Collection as Keys
    from collections.abc import Sequence
    from datetime import datetime

    from services.detector.domain.matching import Match, Suggestion
    from services.detector.domain.mirror import MirroredCompany, ToFollow
    from shared.contracts.resources import CompanyChanged
    from shared.documents.database import Document


class MirrorCompanies(MirrorCollections):
    """What `ports.Mirror` says of companies."""

    async def companies(self, organization_id: str, keys: Keys[str]) -> dict[str, MirroredCompany]:
        documents = await self._by_keys(organization_id, "company", keys)
        return {one.key: one for one in self._reading["company"].each(documents, company_from)}

    async def owners(self, organization_id: str, company_keys: Keys[str]) -> dict[str, frozenset[str]]:
        return await self._whose(organization_id, "company", company_keys, "customer_id")

    async def unmark_companies(self, organization_id: str, companies: Sequence[MirroredCompany]) -> None:
        marked = {
            one.key: {
                "customer_id": one.customer_id,
                "observed_at": one.record.observed_at,
                FOLLOW_FROM: one.follow_from,
            }
            for one in companies
        }
        await self._unset(organization_id, "company", marked, REGROUPED, LEFT, FOLLOW_FROM, READ_TO)

    async def lost_companies(self, organization_id: str, keys: Keys[str]) -> dict[str, ToFollow]:
        marks = await self._marked(organization_id, "company", keys, LEFT) if keys else {}
        return {key: one for key, (one, is_gone) in marks.items() if is_gone}

    async def unmark_deletions(self, organization_id: str, marks: Keys[ToFollow]) -> None:
        marked = {one.key: {"observed_at": one.observed_at, GRAVE: {"$exists": True}} for one in marks}
        await self._unset(organization_id, "company", marked, LEFT, FOLLOW_FROM, READ_TO)

    async def companies_of(
        self, organization_id: str, customer_ids: Keys[str]
    ) -> dict[str, list[CompanyChanged]]:
        if not customer_ids:
            return {}
        documents = (
            await self._collections["company"]
            .of(organization_id)
            .find({"customer_id": {"$in": sorted(set(customer_ids))}}, sort=[("_id", 1)], limit=MANY)
        )
        companies: dict[str, list[CompanyChanged]] = defaultdict(list)
        for one in self._reading["company"].each(documents, company_from):
            companies[one.customer_id or ""].append(one.record)
        return dict(companies)

    async def companies_like(
        self, organization_id: str, external_ids: Keys[str], names: Keys[str]
    ) -> list[MirroredCompany]:
        collection = self._collections["company"].of(organization_id)
        alike: dict[str, Document] = {}
        for field, values in (("external_id", external_ids), ("name_normalised", names)):
            for document in await collection.find({field: {"$in": sorted(values)}}) if values else []:
                alike[document["_id"]] = document
        return self._reading["company"].each(alike.values(), company_from)

    async def save_match(
        self,
        organization_id: str,
        company_key: str,
        match: Match,
        *,
        left: Keys[str] | None = None,
        follow_from: datetime | None = None,
    ) -> None:
        fields = {
            "customer_id": match.customer_id,
            "basis": match.basis,
            **suggestion_fields(match.suggestions, matched=match.basis != "none"),
        }
        if left is not None:
            fields |= {REGROUPED: True, FOLLOW_FROM: follow_from, READ_TO: ""}
        update: dict[str, Any] = {"$set": fields}
        if left:
            update["$addToSet"] = {LEFT: {"$each": sorted(left)}}
        identity = identity_by_key(organization_id, "company", company_key)
        # With the key, which a grave has not: who was deleted meanwhile belongs to nobody.
        await (
            self._collections["company"]
            .of(organization_id)
            .update_one({"_id": identity, "key": company_key}, update)
        )

    async def matched(self, organization_id: str, keys: Keys[str]) -> dict[str, str]:
        documents = await self._by_keys(
            organization_id, "company", keys, {"key": 1, "customer_id": 1, "basis": 1, GRAVE: 1}
        )
        return {one["key"]: one["customer_id"] for one in documents if one.get("basis", "none") != "none"}

    async def save_suggestions(
        self, organization_id: str, company_key: str, suggestions: Sequence[Suggestion]
    ) -> None:
        identity = identity_by_key(organization_id, "company", company_key)
        await (
            self._collections["company"]
            .of(organization_id)
            .update_one(
                {"_id": identity, "basis": "none"},
                {"$set": suggestion_fields(suggestions, matched=False)},
            )
        )

    async def company_keys_after(
        self, organization_id: str, workspace_id: str, cursor: str, limit: int
    ) -> list[str]:
        return await self._keys_after("company", organization_id, workspace_id, cursor, limit)

    async def company_keys_of(
        self, organization_id: str, connection_id: str, cursor: str, limit: int
    ) -> list[str]:
        return await self._keys("company", organization_id, {"connection_id": connection_id}, cursor, limit)

    async def count_companies(self, organization_id: str, workspace_id: str) -> int:
        return await self._count("company", organization_id, workspace_id)
