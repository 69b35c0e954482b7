"""From a narrowing to what a collection is asked for: first whose or which things are meant, then those.

Each question goes by an index. What it answers is keys of one organization, which the list then asks for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from services.detector.adapters.mongo_mirror_collections import identity_by_key
from services.detector.adapters.mongo_standing import ASKED_FOR
from shared.documents.collection import Collection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pymongo.asynchronous.database import AsyncDatabase

    from services.detector.adapters.walking import Sieve
    from services.detector.lists import Narrowing
    from shared.documents.collection import ScopedCollection
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

    def __add__(self, other: Meant) -> Meant:
        return Meant([*self.clauses, *other.clauses], (*self.sieves, *other.sieves))


@dataclass(frozen=True, slots=True)
class _Others:
    """Documents of another collection, each of which names one or more of those that are meant.

    Attributes:
        collection: that collection, of one organization.
        query: which of its documents count.
        field: where one has the name; there is an index for it.
        many: the field that is a list of them, if it is one.
        prefix: what a name begins with there, before what the listed document has; others are none.
    """

    collection: ScopedCollection
    query: dict[str, Any]
    field: str
    many: str | None = None
    prefix: str = ""

    async def named(self, most: int) -> list[str] | None:
        """Return all that they name; None where that is more, or very many would have to be looked at."""
        if await self.collection.count(self.query, limit=_MOST_LOOKED_AT + 1) > _MOST_LOOKED_AT:
            return None
        names = await self.collection.aggregate(
            [
                {"$match": {"$and": [self.query, {self.field: {"$gt": self.prefix}}]}},
                *([{"$unwind": f"${self.many}"}] if self.many else []),
                {"$group": {"_id": f"${self.field}"}},
                {"$limit": most + 1},
            ]
        )
        return self._plain([one["_id"] for one in names]) if len(names) <= most else None

    async def among(self, names: Sequence[str]) -> set[str]:
        """Return those of a portion's names that they name."""
        asked = [f"{self.prefix}{name}" for name in names]
        members = await self.collection.distinct(
            self.field, {"$and": [self.query, {self.field: {"$in": asked}}]}
        )
        return set(names) & set(self._plain(members))

    def _plain(self, names: Sequence[str | None]) -> list[str]:
        return [one.removeprefix(self.prefix) for one in names if one and one.startswith(self.prefix)]


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
        documents = await self._tags.of(organization_id).find({"data.name": name}, projection={"key": 1})
        return [document["key"] for document in documents]

    async def customers(self, organization_id: str, narrowed: Narrowing) -> Meant:
        """Return clauses for customers: with the tag on a company or conversation, and with such signals."""
        meant = Meant([])
        if narrowed.tag is not None:
            tagged = bearing(await self.tag_keys(organization_id, narrowed.tag))
            meant += await self._named_by(
                "customer_id",
                _Others(self._companies.of(organization_id), tagged, "customer_id"),
                _Others(self._conversations.of(organization_id), tagged, "subject", prefix=_CUSTOMER),
            )
        if narrowed.customer_id is not None:
            meant += Meant([{"customer_id": narrowed.customer_id}])
        if narrowed.owner is not None:
            meant += Meant([{"owner": narrowed.owner}])
        if narrowed.asks_for_signals:
            about = _Others(self._signals.of(organization_id), signals_of(narrowed), "customer.id")
            meant += await self._named_by("customer_id", about)
        return meant

    async def people(self, organization_id: str, narrowed: Narrowing) -> Meant:
        """Return clauses for people: with the tag themselves or on a conversation of theirs."""
        meant = Meant([])
        if narrowed.tag is not None:
            tagged = bearing(await self.tag_keys(organization_id, narrowed.tag))
            meant += await self._named_by(
                "key",
                _Others(self._contacts.of(organization_id), tagged, "key"),
                _Others(self._conversations.of(organization_id), tagged, "contact_keys", many="contact_keys"),
            )
        if narrowed.customer_id is not None or narrowed.owner is not None:
            meant += await self._of_customers(organization_id, narrowed)
        if narrowed.asks_for_signals:
            signals = self._signals.of(organization_id)
            about = _Others(signals, signals_of(narrowed), "people.id", many="people")
            meant += await self._named_by("key", about)
        return meant

    async def _of_customers(self, organization_id: str, narrowed: Narrowing) -> Meant:
        """Return what means the people of a customer's, or an owner's customers', companies."""
        customers = self._owned(organization_id, narrowed)
        companies = self._companies.of(organization_id)
        ids = await customers.named(self._most_named)
        if ids is not None:
            theirs = _Others(companies, {"customer_id": {"$in": sorted(ids)}}, "key")
            keys = await theirs.named(self._most_named)
            if keys is not None:
                return Meant([{"company_keys": {"$in": sorted(keys)}}])

        async def sieve(people: Sequence[Document]) -> list[Document]:
            owners: dict[str, str] = {}
            for keys in self._portions(key for one in people for key in one.get("company_keys", ())):
                ids = [identity_by_key(organization_id, "company", key) for key in keys]
                documents = await companies.find(
                    {"_id": {"$in": ids}, "customer_id": {"$gt": ""}}, projection={"key": 1, "customer_id": 1}
                )
                owners |= {one["key"]: one["customer_id"] for one in documents}
            meant: set[str] = set()
            for asked in self._portions(owners.values()):
                meant |= await customers.among(asked)
            return [
                one for one in people if any(owners.get(key) in meant for key in one.get("company_keys", ()))
            ]

        return Meant([], (sieve,))

    async def requests(self, organization_id: str, narrowed: Narrowing) -> Meant:
        """Return clauses for requests: with one wish that is all of what is asked for.

        Where nothing of an open signal is asked for, wishes that were settled count as they do in a
        request's numbers, or one that is shipped would be nobody's.
        """
        if narrowed.is_empty:
            return Meant([])
        wishes = signals_of(narrowed) if narrowed.asks_for_signals else ASKED_FOR
        query = {**wishes, "kind": "feature_request"}
        if narrowed.tag is not None:
            query["tags"] = narrowed.tag
        if narrowed.customer_id is not None:
            query["customer.id"] = narrowed.customer_id
        if narrowed.owner is not None:
            query["customer.owner"] = narrowed.owner
        about = _Others(self._signals.of(organization_id), query, "request_id")
        return await self._named_by("request_id", about)

    async def conversations(self, organization_id: str, narrowed: Narrowing) -> Meant:
        """Return clauses for conversations; `since` and `until` are when one last moved."""
        meant = Meant([])
        if narrowed.tag is not None:
            meant += Meant([bearing(await self.tag_keys(organization_id, narrowed.tag))])
        if narrowed.customer_id is not None:
            meant += Meant([{"subject": f"{_CUSTOMER}{narrowed.customer_id}"}])
        if narrowed.owner is not None:
            owned = self._owned(organization_id, narrowed)
            meant += await self._named_by("subject", owned, prefix=_CUSTOMER)
        if moved := between(narrowed):
            meant += Meant([{"updated_at": moved}])
        if narrowed.kind is not None or narrowed.min_confidence is not None:
            query = {field: value for field, value in signals_of(narrowed).items() if field != "shown_at"}
            signals = self._signals.of(organization_id)
            about = _Others(signals, query, "conversation_keys", many="conversation_keys")
            meant += await self._named_by("key", about)
        return meant

    def _owned(self, organization_id: str, narrowed: Narrowing) -> _Others:
        """Return the customers that a narrowing names, itself or by their owner."""
        query: dict[str, Any] = {"merged_into": None}
        if narrowed.customer_id is not None:
            query["customer_id"] = narrowed.customer_id
        if narrowed.owner is not None:
            query["owner"] = narrowed.owner
        return _Others(self._customers.of(organization_id), query, "customer_id")

    async def _named_by(self, field: str, *others: _Others, prefix: str = "") -> Meant:
        """Return what means the documents whose `field` any of the others name: by name, where these are few.

        `prefix` is what the listed documents have before the name that the others know them by; one that
        does not begin with it is not meant.
        """
        named: set[str] = set()
        for one in others:
            names = await one.named(self._most_named)
            if names is None or len(named := named | set(names)) > self._most_named:
                return Meant([], (partial(self._kept, field, others, prefix),))
        return Meant([{field: {"$in": sorted(f"{prefix}{name}" for name in named)}}])

    async def _kept(
        self, field: str, others: Sequence[_Others], prefix: str, documents: Sequence[Document]
    ) -> list[Document]:
        """Return those of these documents that any of the others names."""
        values = [one.get(field) or "" for one in documents]
        names = {one.removeprefix(prefix) for one in values if one.startswith(prefix)}
        matching: set[str] = set()
        for one in others:
            matching |= await one.among(sorted(names - matching))
        wanted = {f"{prefix}{name}" for name in matching}
        return [one for one, value in zip(documents, values, strict=True) if value in wanted]

    def _portions(self, names: Iterable[str]) -> Iterator[list[str]]:
        """Return each of these names once, in lists that a question can hold."""
        ordered = sorted(set(names))
        return (
            ordered[start : start + self._most_named] for start in range(0, len(ordered), self._most_named)
        )


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
    if moments := between(narrowed):
        query["shown_at"] = moments
    return query
