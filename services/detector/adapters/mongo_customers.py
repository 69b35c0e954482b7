"""Customers and their older facts, in MongoDB's protocol."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from pymongo import UpdateOne

from services.detector.adapters.company_decisions import CompanyDecisions
from services.detector.adapters.customer_documents import (
    DOMAINS_NAMED,
    HEALTH_KNOWN_SINCE,
    HEALTH_STATES,
    HEALTH_UNKNOWN,
    MATCH_FROM,
    MATCHES_ASKED,
    NEVER_MEASURED,
    WITHOUT_PAST,
    customer_fields,
    customer_from,
    facts_fields,
    facts_from,
    identities,
    mood_fields,
)
from services.detector.adapters.guarded import write_newer
from services.detector.adapters.known_names import known_like
from services.detector.domain.attributes import MEANINGS, AttributeMap
from shared.documents.collection import Collection, Index, database_errors
from shared.documents.reading import door

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from collections.abc import Collection as Keys
    from datetime import datetime

    from pymongo.asynchronous.database import AsyncDatabase

    from services.detector.domain.conversation import AccountFacts
    from services.detector.domain.customer import Customer
    from services.detector.domain.matching import KnownName
    from services.detector.domain.standing import Attention
    from shared.documents.database import Document

_SNAPSHOTS = 50
"""Older states of a customer's facts that are kept; at a change a week, a year."""

_PORTION = 200


class MongoCustomers(CompanyDecisions):
    """See `ports.Customers`."""

    def __init__(
        self, database: AsyncDatabase[Document], left_out: Callable[[str], None] | None = None
    ) -> None:
        """With `left_out`, what cannot be read is left out of answers, and told by its collection's name."""
        super().__init__(database)
        self._reading = door("customers", left_out)
        self._customers = Collection(database, "customers")
        self._attribute_maps = Collection(database, "attribute_maps")

    async def prepare(self) -> None:
        """Make the indexes that are missing."""
        organization = ("organization_id", 1)
        await self._customers.ensure_indexes(
            Index(keys=(organization, ("external_id", 1))),
            Index(keys=(organization, ("provisional", 1), ("name_normalised", 1))),
            Index(keys=(organization, ("domains", 1))),
            Index(keys=(organization, ("attention", -1), ("_id", -1))),
            *(
                Index(keys=(organization, (order, 1), ("_id", 1)))
                for order in ("name_folded", "sort_spend", "sort_mood", "sort_renewal")
            ),
        )
        await self._prepare_decisions()

    async def by_ids(self, organization_id: str, customer_ids: Keys[str]) -> dict[str, Customer]:
        if not customer_ids:
            return {}
        documents = await self._customers.of(organization_id).find(
            {"_id": {"$in": identities(organization_id, customer_ids)}}, projection=WITHOUT_PAST
        )
        return {one.customer_id: one for one in self._reading.each(documents, customer_from)}

    async def save(
        self,
        customers: Sequence[Customer],
        *,
        facts_at: datetime | None = None,
        match_from: datetime | None = None,
        domains: Mapping[str, Keys[str]] | None = None,
    ) -> list[str]:
        writes: dict[str, list[tuple[str, UpdateOne]]] = defaultdict(list)
        for customer in customers:
            update: dict[str, Any] = {
                "$set": customer_fields(customer) | {"health_due": True},
                "$inc": {"changes": 1},
                "$setOnInsert": {
                    "open_signals": 0,
                    "attention": 0,
                    "last_signal_at": None,
                    "health": None,
                    "sort_health": HEALTH_UNKNOWN,
                    "health_at": NEVER_MEASURED,
                },
            }
            if facts_at is not None:
                snapshot = {"at": facts_at, "facts": facts_fields(customer.facts)}
                update["$push"] = {"snapshots": {"$each": [snapshot], "$slice": -_SNAPSHOTS}}
            if match_from is not None:
                named = {*customer.domains, *(domains or {}).get(customer.customer_id, ())}
                update["$set"][MATCH_FROM] = match_from
                update["$inc"][MATCHES_ASKED] = 1
                update["$addToSet"] = {DOMAINS_NAMED: {"$each": sorted(named)}}
            as_read = {
                "_id": f"{customer.organization_id}/{customer.customer_id}",
                "changes": customer.changes,
            }
            writes[customer.organization_id].append(
                (customer.customer_id, UpdateOne(as_read, update, upsert=True))
            )
        refused: list[str] = []
        for organization_id, mine in writes.items():
            dropped = await write_newer(self._customers.of(organization_id), [write for _, write in mine])
            refused += [mine[position][0] for position in dropped]
        return refused

    async def save_moods(self, organization_id: str, moods: Mapping[str, tuple[float | None, int]]) -> None:
        await self._customers.of(organization_id).bulk_write(
            [
                UpdateOne(
                    {"_id": f"{organization_id}/{customer_id}"},
                    {"$set": mood_fields(mood, messages) | {"health_due": True}, "$inc": {"changes": 1}},
                )
                for customer_id, (mood, messages) in moods.items()
            ]
        )

    async def known_like(
        self, organization_id: str, external_ids: Keys[str], names: Keys[str]
    ) -> list[KnownName]:
        return await known_like(self._customers.of(organization_id), external_ids, names)

    async def listing(self, organization_id: str, domains: Keys[str]) -> dict[str, frozenset[str]]:
        if not domains:
            return {}
        documents = await self._customers.of(organization_id).find(
            {"domains": {"$in": sorted(domains)}}, projection={"customer_id": 1, "domains": 1}
        )
        listing: dict[str, set[str]] = defaultdict(set)
        for one in documents:
            for domain in one["domains"]:
                listing[domain].add(one["customer_id"])
        return {domain: frozenset(ids) for domain, ids in listing.items() if domain in domains}

    async def delete(self, organization_id: str, customer_ids: Keys[str]) -> int:
        if not customer_ids:
            return 0
        result = await self._customers.of(organization_id).delete_many(
            {"_id": {"$in": identities(organization_id, customer_ids)}}
        )
        return result.deleted_count

    async def snapshots(
        self, organization_id: str, customer_ids: Keys[str]
    ) -> dict[str, list[tuple[datetime, AccountFacts]]]:
        if not customer_ids:
            return {}
        documents = await self._customers.of(organization_id).find(
            {"_id": {"$in": identities(organization_id, customer_ids)}},
            projection={"customer_id": 1, "snapshots": 1},
        )
        return {
            document["customer_id"]: [
                (one["at"], facts_from(one["facts"])) for one in document.get("snapshots", [])
            ]
            for document in documents
        }

    async def forget_snapshots(self, organization_id: str, customer_ids: Keys[str]) -> None:
        if customer_ids:
            await self._customers.of(organization_id).update_many(
                {"_id": {"$in": identities(organization_id, customer_ids)}},
                {
                    "$set": {
                        "snapshots": [],
                        "health": None,
                        "sort_health": HEALTH_UNKNOWN,
                        "health_due": True,
                    },
                    "$unset": dict.fromkeys(HEALTH_STATES, ""),
                },
            )

    async def begin_anew(self, organization_id: str, customer_ids: Keys[str], at: datetime) -> None:
        if customer_ids:
            await self._customers.of(organization_id).update_many(
                {"_id": {"$in": identities(organization_id, customer_ids)}},
                {"$set": {"snapshots": [], HEALTH_KNOWN_SINCE: at, "health_due": True}},
            )

    async def attribute_maps(self, organization_id: str) -> dict[str, AttributeMap]:
        documents = await self._attribute_maps.of(organization_id).find({})
        return {
            one["connection_id"]: AttributeMap(
                {meaning: one["chosen"][meaning] for meaning in MEANINGS if meaning in one["chosen"]}
            )
            for one in documents
        }

    async def save_attribute_map(
        self, organization_id: str, connection_id: str, chosen: AttributeMap, by: str
    ) -> None:
        await self._attribute_maps.of(organization_id).update_one(
            {"_id": f"{organization_id}/{connection_id}"},
            {"$set": {"connection_id": connection_id, "chosen": dict(chosen.chosen), "by": by}},
            upsert=True,
        )

    async def forget_attribute_map(self, organization_id: str, connection_id: str) -> int:
        result = await self._attribute_maps.of(organization_id).delete_one(
            {"_id": f"{organization_id}/{connection_id}"}
        )
        return result.deleted_count

    async def save_attention(self, organization_id: str, counted: Mapping[str, Attention]) -> None:
        await self._customers.of(organization_id).bulk_write(
            [
                UpdateOne(
                    {"_id": f"{organization_id}/{customer_id}"},
                    {
                        "$set": {
                            "open_signals": attention.open_signals,
                            "attention": attention.weight,
                            "last_signal_at": attention.last_at,
                            "health_due": True,
                        },
                        "$inc": {"changes": 1},
                    },
                )
                for customer_id, attention in counted.items()
            ]
        )

    async def all_ids(self, after: tuple[str, str] = ("", "")) -> AsyncIterator[tuple[str, list[str]]]:
        """Yield every customer there is, a portion of one organization at a time."""
        with database_errors():
            organizations = await self._customers.across_organizations().distinct("organization_id")
        for organization_id in sorted(one for one in organizations if one >= after[0]):
            last = f"{organization_id}/{after[1] if organization_id == after[0] else ''}"
            while True:
                documents = await self._customers.of(organization_id).find(
                    {"_id": {"$gt": last}},
                    projection={"customer_id": 1},
                    sort=[("_id", 1)],
                    limit=_PORTION,
                )
                if not documents:
                    break
                last = documents[-1]["_id"]
                yield organization_id, [document["customer_id"] for document in documents]
