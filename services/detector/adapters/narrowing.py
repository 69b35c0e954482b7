"""From a narrowing to what a collection is asked for: first whose or which things are meant, then those.

Each question goes by an index. What it answers is keys of one organization, which the list then asks for.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from services.detector.adapters.mongo_standing import ASKED_FOR
from shared.documents.collection import Collection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pymongo.asynchronous.database import AsyncDatabase

    from services.detector.adapters.walking import Sieve
    from services.detector.lists import Narrowing
    from shared.documents.database import Document

Clauses = list[dict[str, Any]]
_CUSTOMER = "customer/"

MOST_NAMED = 10_000
"""Keys that a clause names: some hundred KB. MongoDB takes and gives 16 MB at most."""

_MOST_LOOKED_AT = 100_000
"""Conversations of a tag, or signals, whose keys are put together; a server has 100 MB for that."""


@dataclass(frozen=True, slots=True)
class Meant:
    """Clauses of a query, and sieves for what they cannot say since it would name too many."""

    clauses: Clauses
    sieves: tuple[Sieve, ...] = ()


@dataclass(frozen=True, slots=True)
class _Tie:
    """How signals name what they are about.

    Attributes:
        field: the key of what it is about.
        of_signal: where a signal has it; there is an index for it.
        many: the field of a signal that is a list of them, if it is one.
    """

    field: str
    of_signal: str
    many: str | None = None


_OF_CUSTOMERS = _Tie("customer_id", "customer.id")
_OF_PEOPLE = _Tie("key", "people.id", many="people")
_OF_CONVERSATIONS = _Tie("key", "conversation_keys", many="conversation_keys")


class Narrower:
    """Makes the clauses of a query out of a narrowing, one kind of list at a time."""

    def __init__(self, database: AsyncDatabase[Document], *, most_named: int = MOST_NAMED) -> None:
        self._most_named = most_named
        self._signals = Collection(database, "signals")
        self._customers = Collection(database, "customers")
        self._conversations = Collection(database, "conversations")
        self._companies = Collection(database, "companies")
        self._contacts = Collection(database, "contacts")
        self._tags = Collection(database, "tags")

    async def tag_keys(self, organization_id: str, name: str) -> list[str]:
        found = await self._tags.of(organization_id).find({"data.name": name}, projection={"key": 1})
        return [document["key"] for document in found]

    async def customers(self, organization_id: str, narrowed: Narrowing) -> Meant:
        """Return clauses for customers: with the tag on a company or conversation, and with such signals."""
        clauses: Clauses = []
        if narrowed.tag is not None:
            tagged = bearing(await self.tag_keys(organization_id, narrowed.tag))
            matched, spoken = await asyncio.gather(
                self._companies.of(organization_id).distinct("customer_id", tagged),
                self._conversations.of(organization_id).distinct("subject", tagged),
            )
            ids = {one for one in matched if one}
            ids |= {one.removeprefix(_CUSTOMER) for one in spoken if one and one.startswith(_CUSTOMER)}
            clauses.append({"customer_id": {"$in": sorted(ids)}})
        if narrowed.customer_id is not None:
            clauses.append({"customer_id": narrowed.customer_id})
        if narrowed.owner is not None:
            clauses.append({"owner": narrowed.owner})
        if not narrowed.asks_for_signals:
            return Meant(clauses)
        by_signals = await self._by_signals(organization_id, signals_of(narrowed), _OF_CUSTOMERS)
        return Meant([*clauses, *by_signals.clauses], by_signals.sieves)

    async def people(self, organization_id: str, narrowed: Narrowing) -> Meant:
        """Return clauses for people: with the tag themselves or on a conversation of theirs."""
        clauses: Clauses = []
        sieves: tuple[Sieve, ...] = ()
        if narrowed.tag is not None:
            tag_keys = await self.tag_keys(organization_id, narrowed.tag)
            named = await self._tagged_people(organization_id, tag_keys)
            if named is None:
                sieves = (partial(self._with_tag, organization_id, tag_keys),)
            else:
                clauses.append({"key": {"$in": sorted(named)}})
        if narrowed.customer_id is not None or narrowed.owner is not None:
            ids = await self._customer_ids(organization_id, narrowed)
            keys = await self._companies.of(organization_id).distinct("key", {"customer_id": {"$in": ids}})
            clauses.append({"company_keys": {"$in": sorted(keys)}})
        if not narrowed.asks_for_signals:
            return Meant(clauses, sieves)
        by_signals = await self._by_signals(organization_id, signals_of(narrowed), _OF_PEOPLE)
        return Meant([*clauses, *by_signals.clauses], (*sieves, *by_signals.sieves))

    async def _tagged_people(self, organization_id: str, tag_keys: Sequence[str]) -> set[str] | None:
        """Return who has one of these tags, themselves or on a conversation; None where they are too many."""
        tagged, most = bearing(tag_keys), self._most_named
        contacts = self._contacts.of(organization_id)
        conversations = self._conversations.of(organization_id)
        mine, looked_at = await asyncio.gather(
            contacts.find(tagged, projection={"_id": 0, "key": 1}, limit=most + 1),
            conversations.count(tagged, limit=_MOST_LOOKED_AT + 1),
        )
        if len(mine) > most or looked_at > _MOST_LOOKED_AT:
            return None
        talking = await conversations.aggregate(
            [
                {"$match": tagged},
                {"$unwind": "$contact_keys"},
                {"$group": {"_id": "$contact_keys"}},
                {"$limit": most + 1},
            ]
        )
        found = {one["key"] for one in mine} | {one["_id"] for one in talking}
        return found if len(found) <= most else None

    async def _with_tag(
        self, organization_id: str, tag_keys: Sequence[str], people: Sequence[Document]
    ) -> list[Document]:
        """Return those of these contacts that have one of the tags, themselves or on a conversation."""
        wanted = set(tag_keys)
        others = [one["key"] for one in people if wanted.isdisjoint(one.get("tag_keys", ()))]
        talking = await self._conversations.of(organization_id).distinct(
            "contact_keys", {"contact_keys": {"$in": sorted(others)}, **bearing(tag_keys)}
        )
        left_out = set(others) - set(talking)
        return [one for one in people if one["key"] not in left_out]

    async def requests(self, organization_id: str, narrowed: Narrowing) -> Clauses:
        """Return clauses for requests: with one wish that is all of what is asked for.

        Where nothing of an open signal is asked for, wishes that were settled count as they do in a
        request's numbers, or one that is shipped would be nobody's.
        """
        if narrowed.is_empty:
            return []
        wishes = signals_of(narrowed) if narrowed.asks_for_signals else ASKED_FOR
        query = {**wishes, "kind": "feature_request", "request_id": {"$gt": ""}}
        if narrowed.tag is not None:
            query["tags"] = narrowed.tag
        if narrowed.customer_id is not None:
            query["customer.id"] = narrowed.customer_id
        if narrowed.owner is not None:
            query["customer.owner"] = narrowed.owner
        ids = await self._signals.of(organization_id).distinct("request_id", query)
        return [{"request_id": {"$in": sorted(one for one in ids if one)}}]

    async def conversations(self, organization_id: str, narrowed: Narrowing) -> Meant:
        """Return clauses for conversations; `since` and `until` are when one last moved."""
        clauses: Clauses = []
        if narrowed.tag is not None:
            clauses.append(bearing(await self.tag_keys(organization_id, narrowed.tag)))
        if narrowed.customer_id is not None:
            clauses.append({"subject": f"{_CUSTOMER}{narrowed.customer_id}"})
        if narrowed.owner is not None:
            ids = await self._customer_ids(organization_id, narrowed)
            clauses.append({"subject": {"$in": [f"{_CUSTOMER}{one}" for one in ids]}})
        if moved := between(narrowed):
            clauses.append({"updated_at": moved})
        if narrowed.kind is None and narrowed.min_confidence is None:
            return Meant(clauses)
        query = {field: value for field, value in signals_of(narrowed).items() if field != "shown_at"}
        by_signals = await self._by_signals(organization_id, query, _OF_CONVERSATIONS)
        return Meant([*clauses, *by_signals.clauses], by_signals.sieves)

    async def _customer_ids(self, organization_id: str, narrowed: Narrowing) -> list[str]:
        query: dict[str, Any] = {"merged_into": None}
        if narrowed.customer_id is not None:
            query["customer_id"] = narrowed.customer_id
        if narrowed.owner is not None:
            query["owner"] = narrowed.owner
        return sorted(await self._customers.of(organization_id).distinct("customer_id", query))

    async def _by_signals(self, organization_id: str, query: dict[str, Any], tie: _Tie) -> Meant:
        """Return what means the things that some signals are about: by their names, where these are few."""
        named = await self._named_by_signals(organization_id, query, tie)
        if named is None:
            return Meant([], (partial(self._with_signals, organization_id, query, tie),))
        return Meant([{tie.field: {"$in": sorted(named)}}])

    async def _named_by_signals(
        self, organization_id: str, query: dict[str, Any], tie: _Tie
    ) -> list[str] | None:
        """Return what these signals are about; None where that is too many."""
        signals, most = self._signals.of(organization_id), self._most_named
        if await signals.count(query, limit=_MOST_LOOKED_AT + 1) > _MOST_LOOKED_AT:
            return None
        found = await signals.aggregate(
            [
                {"$match": {**query, tie.of_signal: {"$gt": ""}}},
                *([{"$unwind": f"${tie.many}"}] if tie.many else []),
                {"$group": {"_id": f"${tie.of_signal}"}},
                {"$limit": most + 1},
            ]
        )
        return [one["_id"] for one in found] if len(found) <= most else None

    async def _with_signals(
        self, organization_id: str, query: dict[str, Any], tie: _Tie, documents: Sequence[Document]
    ) -> list[Document]:
        """Return those of these documents that such signals are about."""
        keys = sorted(one[tie.field] for one in documents)
        found = await self._signals.of(organization_id).distinct(
            tie.of_signal, {**query, tie.of_signal: {"$in": keys}}
        )
        named = set(found)
        return [one for one in documents if one[tie.field] in named]


def bearing(tag_keys: Sequence[str]) -> dict[str, Any]:
    """Return the clause for records that bear one of these tags; for none where there is no such tag."""
    return {"tag_keys": {"$in": sorted(tag_keys)}}


def between(narrowed: Narrowing) -> dict[str, Any]:
    """Return the bounds of a moment that a narrowing names; empty where it names none."""
    bounds = {"$gte": narrowed.since, "$lt": narrowed.until}
    return {sign: moment for sign, moment in bounds.items() if moment is not None}


def signals_of(narrowed: Narrowing) -> dict[str, Any]:
    query: dict[str, Any] = {"state": "open"}
    if narrowed.kind is not None:
        query["kind"] = narrowed.kind
    if narrowed.min_confidence is not None:
        query["confidence"] = {"$gte": narrowed.min_confidence}
    if said := between(narrowed):
        query["shown_at"] = said
    return query
