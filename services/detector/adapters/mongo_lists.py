"""The lists of pages and API in MongoDB's protocol: always by an index, always a bounded portion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.detector.adapters.company_lists import CompanyLists
from services.detector.adapters.customer_documents import WITHOUT_PAST, customer_from
from services.detector.adapters.list_queries import (
    CUSTOMER_SORTS,
    PERSON_SORTS,
    REQUEST_SORTS,
    SIGNAL_SORTS,
    UNKNOWN,
    all_of,
    conversation_query,
    customer_query,
    people_query,
    request_query,
    signal_query,
)
from services.detector.adapters.mirror_documents import conversation_from
from services.detector.adapters.mongo_requests import request_from
from services.detector.adapters.narrowing import MOST_NAMED, Narrower
from services.detector.adapters.paging import portion_of
from services.detector.adapters.shapes import ContactShape, CustomerNumbers, RequestNumbers
from services.detector.adapters.signal_documents import from_document
from services.detector.adapters.walking import walked
from services.detector.lists import ANY, CustomerRow, PersonRow, Portion, RequestRow, SignalChoices
from shared.contracts.resources import ContactChanged
from shared.documents.collection import Collection, database_errors
from shared.documents.reading import uncounted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from pymongo.asynchronous.database import AsyncDatabase

    from services.detector.adapters.narrowing import Meant
    from services.detector.domain.mirror import MirroredConversation
    from services.detector.domain.signal import Signal
    from services.detector.lists import (
        CustomerSort,
        Narrowing,
        PersonSort,
        RequestSort,
        RequestStateFilter,
        SignalFilter,
        SignalSort,
    )
    from shared.documents.collection import ScopedCollection
    from shared.documents.database import Document

_CHOICES = 200
"""Values offered in a filter; with more, the address takes any value still."""

_LIVE = 200


class MongoLists(CompanyLists):
    """See `lists.Lists`."""

    def __init__(
        self,
        database: AsyncDatabase[Document],
        left_out: Callable[[str], None] = uncounted,
        *,
        most_named: int = MOST_NAMED,
    ) -> None:
        super().__init__(database, left_out)
        self._signals = Collection(database, "signals")
        self._customers = Collection(database, "customers")
        self._conversations = Collection(database, "conversations")
        self._requests = Collection(database, "requests")
        self._narrower = Narrower(database, most_named=most_named)

    async def signals(
        self,
        organization_id: str,
        wanted: SignalFilter,
        *,
        sort: SignalSort,
        position: dict[str, Any] | None,
        limit: int,
    ) -> Portion[Signal]:
        found = await portion_of(
            self._signals.of(organization_id),
            signal_query(wanted),
            field=SIGNAL_SORTS[sort],
            descending=True,
            position=position,
            limit=limit,
        )
        return Portion(self._reading["signals"].each(found.items, from_document), found.next)

    async def count_signals(self, organization_id: str, wanted: SignalFilter) -> int:
        return await self._signals.of(organization_id).count(signal_query(wanted))

    async def count_opened(
        self, organization_id: str, wanted: SignalFilter, *, since: datetime, at_most: int
    ) -> int:
        if wanted.state == "cleared":
            return 0
        # A signal opens no later than it last changed, which has an index.
        moment = {"opened_at": {"$gte": since}, "changed_at": {"$gte": since}}
        query = {**signal_query(wanted), "state": "open", **moment}
        return await self._signals.of(organization_id).count(query, limit=at_most)

    async def signal_choices(self, organization_id: str) -> SignalChoices:
        scoped = self._signals.of(organization_id)
        customers = await scoped.aggregate(
            [
                {"$match": {"customer.id": {"$gt": ""}}},
                {"$group": {"_id": "$customer.id", "name": {"$last": "$customer.name"}}},
                {"$sort": {"name": 1}},
                {"$limit": _CHOICES},
            ]
        )
        tags = sorted(await scoped.distinct("tags", {"state": "open"}), key=str.casefold)
        owners, assignees = [
            sorted(one for one in await scoped.distinct(field, {"state": "open"}) if one)
            for field in ("customer.owner", "assigned_to")
        ]
        return SignalChoices(
            [(one["_id"], one["name"]) for one in customers], tags[:_CHOICES], owners, assignees
        )

    async def customers(
        self,
        organization_id: str,
        *,
        words: str | None,
        owner: str | None,
        known: bool | None,
        sort: CustomerSort,
        position: dict[str, Any] | None,
        limit: int,
        narrowed: Narrowing = ANY,
    ) -> Portion[CustomerRow]:
        meant = await self._narrower.customers(organization_id, narrowed)
        found = await self._walked(
            self._customers.of(organization_id),
            customer_query(words, owner, known=known),
            meant,
            field=CUSTOMER_SORTS[sort.removeprefix("-")],
            descending=sort.startswith("-"),
            position=position,
            limit=limit,
            projection=WITHOUT_PAST,
        )
        return Portion(self._reading["customers"].each(found.items, _customer_row), found.next)

    async def count_customers(
        self,
        organization_id: str,
        *,
        words: str | None,
        owner: str | None,
        known: bool | None,
        narrowed: Narrowing = ANY,
    ) -> int | None:
        meant = await self._narrower.customers(organization_id, narrowed)
        if meant.sieves:
            return None
        query = all_of(customer_query(words, owner, known=known), meant.clauses)
        return await self._customers.of(organization_id).count(query)

    async def customer_owners(self, organization_id: str) -> list[str]:
        owners = await self._customers.of(organization_id).distinct("owner", {"merged_into": None})
        return sorted(one for one in owners if one)

    async def conversations(
        self,
        organization_id: str,
        *,
        person: str | None,
        teammate: str | None = None,
        position: dict[str, Any] | None,
        limit: int,
        narrowed: Narrowing = ANY,
    ) -> Portion[MirroredConversation]:
        found = await self._walked(
            self._conversations.of(organization_id),
            conversation_query(person=person, teammate=teammate),
            await self._narrower.conversations(organization_id, narrowed),
            field="updated_at",
            descending=True,
            position=position,
            limit=limit,
        )
        return Portion(self._reading["conversations"].each(found.items, conversation_from), found.next)

    async def has_conversations(self, organization_id: str, narrowed: Narrowing = ANY) -> bool:
        query, position = conversation_query(), None
        meant = await self._narrower.conversations(organization_id, narrowed)
        collection = self._conversations.of(organization_id)
        if not meant.sieves:
            return await collection.count(all_of(query, meant.clauses), limit=1) > 0
        while True:
            found = await self._walked(
                collection, query, meant, field="updated_at", descending=True, position=position, limit=1
            )
            if found.items or found.next is None:
                return bool(found.items)
            position = found.next

    async def people(
        self,
        organization_id: str,
        *,
        words: str | None,
        sort: PersonSort,
        position: dict[str, Any] | None,
        limit: int,
        narrowed: Narrowing = ANY,
    ) -> Portion[PersonRow]:
        field, descending = PERSON_SORTS[sort.removeprefix("-")], sort.startswith("-")
        found = await self._walked(
            self._contacts.of(organization_id),
            people_query(words, field),
            await self._narrower.people(organization_id, narrowed),
            field=field,
            descending=descending,
            position=position,
            limit=limit,
        )
        return Portion(self._reading["contacts"].each(found.items, _person_row), found.next)

    async def person(self, organization_id: str, key: str) -> PersonRow | None:
        found = await self._contacts.of(organization_id).find_one({"key": key})
        return _person_row(found) if found else None

    async def count_people(
        self, organization_id: str, *, words: str | None, narrowed: Narrowing = ANY
    ) -> int | None:
        meant = await self._narrower.people(organization_id, narrowed)
        if meant.sieves:
            return None
        return await self._contacts.of(organization_id).count(all_of(people_query(words), meant.clauses))

    async def requests(
        self,
        organization_id: str,
        *,
        state: RequestStateFilter,
        words: str | None,
        sort: RequestSort,
        position: dict[str, Any] | None,
        limit: int,
        narrowed: Narrowing = ANY,
    ) -> Portion[RequestRow]:
        found = await self._walked(
            self._requests.of(organization_id),
            request_query(state, words),
            await self._narrower.requests(organization_id, narrowed),
            unknown={},
            field=REQUEST_SORTS[sort.removeprefix("-")],
            descending=sort.startswith("-"),
            position=position,
            limit=limit,
        )
        return Portion(self._reading["requests"].each(found.items, request_row), found.next)

    async def count_requests(
        self,
        organization_id: str,
        *,
        state: RequestStateFilter,
        words: str | None,
        narrowed: Narrowing = ANY,
    ) -> int | None:
        meant = await self._narrower.requests(organization_id, narrowed)
        if meant.sieves:
            return None
        query = all_of(request_query(state, words), meant.clauses)
        return await self._requests.of(organization_id).count(query)

    async def signals_per_detector(self, organization_id: str) -> dict[str, int]:
        found = await self._signals.of(organization_id).aggregate(
            [{"$match": {"state": "open"}}, {"$group": {"_id": "$detector", "signals": {"$sum": 1}}}]
        )
        return {str(one["_id"]): one["signals"] for one in found}

    async def in_other_languages(self, organization_id: str) -> tuple[int, int]:
        left_out = "analysis.other_language"
        found = await self._conversations.of(organization_id).aggregate([
            {"$match": {left_out: {"$gt": 0}}},
            {"$group": {"_id": None, "messages": {"$sum": f"${left_out}"}, "conversations": {"$sum": 1}}},
        ])  # fmt: skip
        return (found[0]["messages"], found[0]["conversations"]) if found else (0, 0)

    async def _walked(
        self,
        collection: ScopedCollection,
        query: dict[str, Any],
        meant: Meant,
        *,
        field: str,
        descending: bool,
        position: dict[str, Any] | None,
        limit: int,
        projection: Mapping[str, int] | None = None,
        unknown: Mapping[str, Any] = UNKNOWN,
    ) -> Portion[Document]:
        async def ask(position: dict[str, Any] | None, limit: int) -> Portion[Document]:
            return await portion_of(
                collection,
                all_of(query, meant.clauses),
                field=field,
                descending=descending,
                position=position,
                limit=limit,
                projection=projection,
                unknown=unknown.get(field),
            )

        return await walked(
            ask, meant.sieves, position=position, limit=limit, field=field, descending=descending
        )

    async def changed_signals(self, since: datetime) -> list[Signal]:
        with database_errors():
            cursor = self._signals.across_organizations().find(
                {"changed_at": {"$gte": since}}, sort=[("changed_at", 1)], limit=_LIVE
            )
            return self._reading["signals"].each(await cursor.to_list(), from_document)


def _customer_row(document: Document) -> CustomerRow:
    CustomerNumbers.model_validate(document)
    return CustomerRow(
        customer_from(document),
        document.get("open_signals", 0),
        document.get("last_signal_at"),
        document.get("health"),
    )


def _person_row(document: Document) -> PersonRow:
    # Who came back from a grave is counted within seconds.
    counted = ContactShape.model_validate(document).conversations
    return PersonRow(ContactChanged.model_validate(document["data"]), counted)


def request_row(document: Document) -> RequestRow:
    RequestNumbers.model_validate(document)
    return RequestRow(
        request_from(document),
        document["customers"],
        document["people"],
        document["spend"],
        document["last_at"],
    )
