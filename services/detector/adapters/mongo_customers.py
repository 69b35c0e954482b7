"""Customers, their older facts, and people's decisions about companies, in MongoDB's protocol."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from pymongo import UpdateOne

from services.detector.adapters.flat import flat
from services.detector.adapters.guarded import write_newer
from services.detector.domain.attributes import MEANINGS, AttributeMap
from services.detector.domain.conversation import AccountFacts
from services.detector.domain.customer import Customer
from services.detector.domain.matching import NAMESAKE_LETTERS, Decision, KnownName, normalise_name
from shared.documents.collection import Collection, Index, database_errors

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from collections.abc import Collection as Keys

    from pymongo.asynchronous.database import AsyncDatabase

    from services.detector.domain.standing import Attention
    from shared.documents.database import Document

_SNAPSHOTS = 50
"""Older states of a customer's facts that are kept; at a change a week, a year."""

_NEIGHBOURS = 50
"""Names before and after each in the alphabet that are measured; a slip of the pen is seldom further away."""

_LAST_LETTER = "\U0010ffff"
"""Sorts behind every text that begins the same."""

_NAMES_AT_ONCE = 16
"""Names whose neighbours are looked up together."""

HEALTH_STATES = ("health_known_since", "health_latest", "health_states")
"""What only a customer's page and the next measure read; see `mongo_health`."""

MATCH_FROM = "match_from"
"""The mark of a customer that is to be matched, and from when on; the field is there or not."""

MATCHES_ASKED = "matches_asked"
DOMAINS_NAMED = "domains_named"
"""What else is known of the mark; see `mongo_unmatched`."""

WITHOUT_PAST = dict.fromkeys(("snapshots", *HEALTH_STATES), 0)
"""A projection that leaves older states behind, which are most of a customer's document."""

HEALTH_UNKNOWN = 101
MOOD_UNKNOWN = 2.0
RENEWAL_UNKNOWN = "9999"
"""What customers without a value are sorted by: above every value there is, so that they stand together."""

NEVER_MEASURED = datetime(2000, 1, 1, tzinfo=UTC)

_PORTION = 200


class MongoCustomers:
    """See `ports.Customers`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._customers = Collection(database, "customers")
        self._decisions = Collection(database, "company_decisions")
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
        await self._decisions.ensure_indexes(Index(keys=(organization, ("company_key", 1))))

    async def by_ids(self, organization_id: str, customer_ids: Keys[str]) -> dict[str, Customer]:
        if not customer_ids:
            return {}
        found = await self._customers.of(organization_id).find(
            {"_id": {"$in": _ids(organization_id, customer_ids)}}, projection=WITHOUT_PAST
        )
        return {document["customer_id"]: customer_from(document) for document in found}

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
                "$set": _to_document(customer) | {"health_due": True},
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
                snapshot = {"at": facts_at, "facts": _facts_to_document(customer.facts)}
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
                    {"$set": _mood_fields(mood, messages) | {"health_due": True}, "$inc": {"changes": 1}},
                )
                for customer_id, (mood, messages) in moods.items()
            ]
        )

    async def known_like(
        self, organization_id: str, external_ids: Keys[str], names: Keys[str]
    ) -> list[KnownName]:
        wanted = sorted(name for name in names if name)
        if not await self._known(organization_id, {}, limit=1):
            return []
        # Whoever bears a name or an id counts, without a limit: a second bearer makes a match a question.
        found = [
            document
            for field, values in (("external_id", sorted(external_ids)), ("name_normalised", wanted))
            if values
            for document in await self._known(organization_id, {field: {"$in": values}})
        ]
        for start in range(0, len(wanted), _NAMES_AT_ONCE):
            for alike in await asyncio.gather(
                *(self._neighbours(organization_id, name) for name in wanted[start : start + _NAMES_AT_ONCE])
            ):
                found += alike
        distinct = {one["customer_id"]: one for one in found}
        return [
            KnownName(one["customer_id"], one["external_id"] or "", one["name"])
            for _, one in sorted(distinct.items())
        ]

    async def _neighbours(self, organization_id: str, name: str) -> list[Document]:
        """Return those who stand next to a name in the alphabet and begin as it does."""
        first = name[:NAMESAKE_LETTERS]
        after = {"$gt": name, "$lt": f"{first}{_LAST_LETTER}"}
        before = {"$gte": first, "$lt": name}
        return [
            document
            for bounds, direction in ((after, 1), (before, -1))
            for document in await self._known(
                organization_id,
                {"name_normalised": bounds},
                sort=[("name_normalised", direction)],
                limit=_NEIGHBOURS,
            )
        ]

    async def _known(
        self,
        organization_id: str,
        query: dict[str, Any],
        *,
        sort: list[tuple[str, int]] | None = None,
        limit: int = 0,
    ) -> list[Document]:
        return await self._customers.of(organization_id).find(
            {"provisional": False, **query},
            projection={"customer_id": 1, "external_id": 1, "name": 1},
            sort=sort,
            limit=limit,
        )

    async def listing(self, organization_id: str, domains: Keys[str]) -> dict[str, frozenset[str]]:
        if not domains:
            return {}
        found = await self._customers.of(organization_id).find(
            {"domains": {"$in": sorted(domains)}}, projection={"customer_id": 1, "domains": 1}
        )
        listing: dict[str, set[str]] = defaultdict(set)
        for one in found:
            for domain in one["domains"]:
                listing[domain].add(one["customer_id"])
        return {domain: frozenset(ids) for domain, ids in listing.items() if domain in domains}

    async def decisions(self, organization_id: str, company_keys: Keys[str]) -> dict[str, list[Decision]]:
        if not company_keys:
            return {}
        found = await self._decisions.of(organization_id).find(
            {"company_key": {"$in": sorted(company_keys)}}, sort=[("at", 1)]
        )
        decisions: dict[str, list[Decision]] = defaultdict(list)
        for one in found:
            decisions[one["company_key"]].append(Decision(one["customer_id"], one["confirmed"]))
        return dict(decisions)

    async def decide(self, organization_id: str, company_key: str, decision: Decision, by: str) -> None:
        if decision.confirmed:
            # One company is one customer: a later confirmation replaces an earlier one.
            await self._decisions.of(organization_id).delete_many(
                {"company_key": company_key, "confirmed": True}
            )
        await self._decisions.of(organization_id).update_one(
            {"_id": f"{organization_id}/{company_key}/{decision.customer_id}"},
            {
                "$set": {
                    "company_key": company_key,
                    "customer_id": decision.customer_id,
                    "confirmed": decision.confirmed,
                    "by": by,
                }
            },
            upsert=True,
        )

    async def forget_decisions(self, organization_id: str, workspace_id: str) -> int:
        result = await self._decisions.of(organization_id).delete_many(
            {"company_key": {"$gte": f"{workspace_id}:", "$lt": f"{workspace_id};"}}
        )
        return result.deleted_count

    async def delete(self, organization_id: str, customer_ids: Keys[str]) -> int:
        if not customer_ids:
            return 0
        result = await self._customers.of(organization_id).delete_many(
            {"_id": {"$in": _ids(organization_id, customer_ids)}}
        )
        return result.deleted_count

    async def snapshots(
        self, organization_id: str, customer_ids: Keys[str]
    ) -> dict[str, list[tuple[datetime, AccountFacts]]]:
        if not customer_ids:
            return {}
        found = await self._customers.of(organization_id).find(
            {"_id": {"$in": _ids(organization_id, customer_ids)}},
            projection={"customer_id": 1, "snapshots": 1},
        )
        return {
            document["customer_id"]: [
                (one["at"], facts_from(one["facts"])) for one in document.get("snapshots", [])
            ]
            for document in found
        }

    async def forget_snapshots(self, organization_id: str, customer_ids: Keys[str]) -> None:
        if customer_ids:
            await self._customers.of(organization_id).update_many(
                {"_id": {"$in": _ids(organization_id, customer_ids)}},
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

    async def attribute_maps(self, organization_id: str) -> dict[str, AttributeMap]:
        found = await self._attribute_maps.of(organization_id).find({})
        return {
            one["connection_id"]: AttributeMap(
                {meaning: one["chosen"][meaning] for meaning in MEANINGS if meaning in one["chosen"]}
            )
            for one in found
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
                            "open_signals": found.open_signals,
                            "attention": found.weight,
                            "last_signal_at": found.last_at,
                            "health_due": True,
                        },
                        "$inc": {"changes": 1},
                    },
                )
                for customer_id, found in counted.items()
            ]
        )

    async def all_ids(self, after: tuple[str, str] = ("", "")) -> AsyncIterator[tuple[str, list[str]]]:
        """Yield every customer there is, a portion of one organization at a time."""
        with database_errors():
            organizations = await self._customers.across_organizations().distinct("organization_id")
        for organization_id in sorted(one for one in organizations if one >= after[0]):
            last = f"{organization_id}/{after[1] if organization_id == after[0] else ''}"
            while True:
                found = await self._customers.of(organization_id).find(
                    {"_id": {"$gt": last}},
                    projection={"customer_id": 1},
                    sort=[("_id", 1)],
                    limit=_PORTION,
                )
                if not found:
                    break
                last = found[-1]["_id"]
                yield organization_id, [document["customer_id"] for document in found]


def _ids(organization_id: str, customer_ids: Keys[str]) -> list[str]:
    return [f"{organization_id}/{one}" for one in sorted(set(customer_ids))]


def _facts_to_document(facts: AccountFacts) -> Document:
    document = flat(facts)
    document["renewal_date"] = facts.renewal_date.isoformat() if facts.renewal_date else None
    return document


def facts_from(document: Document) -> AccountFacts:
    renewal = document.get("renewal_date")
    return AccountFacts(**{**document, "renewal_date": date.fromisoformat(renewal) if renewal else None})


def _to_document(customer: Customer) -> Document:
    return {
        "customer_id": customer.customer_id,
        "name": customer.name,
        "name_folded": customer.name.casefold(),
        "name_normalised": normalise_name(customer.name),
        "external_id": customer.external_id,
        "owner": customer.owner,
        "plan": customer.plan,
        "monthly_spend": customer.monthly_spend,
        "seats": customer.seats,
        "renewal_date": customer.renewal_date.isoformat() if customer.renewal_date else None,
        "attributes": [{"name": name, "value": value} for name, value in sorted(customer.attributes.items())],
        "domains": list(customer.domains),
        "provisional": customer.provisional,
        "merged_into": customer.merged_into,
        "facts": _facts_to_document(customer.facts),
        "sort_spend": customer.facts.monthly_spend or 0.0,
        "sort_renewal": customer.facts.renewal_date.isoformat()
        if customer.facts.renewal_date
        else RENEWAL_UNKNOWN,
        **_mood_fields(customer.mood, customer.mood_messages),
    }


def _mood_fields(mood: float | None, messages: int) -> Document:
    return {"sort_mood": mood if mood is not None else MOOD_UNKNOWN, "mood": mood, "mood_messages": messages}


def customer_from(document: Document) -> Customer:
    renewal = document["renewal_date"]
    return Customer(
        customer_id=document["customer_id"],
        organization_id=document["organization_id"],
        name=document["name"],
        external_id=document["external_id"],
        owner=document["owner"],
        plan=document["plan"],
        monthly_spend=document["monthly_spend"],
        seats=document["seats"],
        renewal_date=date.fromisoformat(renewal) if renewal else None,
        attributes={one["name"]: one["value"] for one in document["attributes"]},
        provisional=document["provisional"],
        merged_into=document["merged_into"],
        facts=facts_from(document["facts"]),
        mood=document["mood"],
        mood_messages=document["mood_messages"],
        changes=document.get("changes", 0),
    )
