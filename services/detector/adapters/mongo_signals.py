"""Signals in MongoDB's protocol: a change and what is to be told of it in one write, under its revision."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import structlog
from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError

from services.detector.adapters.claiming import AHEAD
from services.detector.adapters.mongo_standing import count_attention, count_demand
from services.detector.adapters.signal_documents import event_of, from_document, identity_of, to_document
from services.detector.ports import Uncounted
from shared.documents.collection import Collection, Index, database_errors
from shared.documents.pending import PENDING, PENDING_INDEX, PendingFacts, facts_of, pending_facts
from shared.documents.reading import door
from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from collections.abc import Collection as Keys
    from datetime import datetime

    from pymongo.asynchronous.database import AsyncDatabase

    from services.detector.domain.change import Change
    from services.detector.domain.customer import Customer
    from services.detector.domain.occasion import Slot
    from services.detector.domain.signal import Signal
    from services.detector.domain.standing import Attention, Demand
    from shared.clock import Clock
    from shared.documents.database import Document
    from shared.messaging.publisher import EventPublisher

_LOG = structlog.get_logger(__name__)

_MANY = 5_000
"""Signals of a portion, where whoever asks comes again for the rest."""

_WRITES_AT_ONCE = 16
"""Guarded writes under way together; the document server commits them as a group."""


_UNCOUNTED = "uncounted"
"""The field with the states whose numbers are to be counted; see `ports.Uncounted`."""

_PUT_OFF_UNTIL = "expiry_put_off_until"
"""The field of signals that could not be expired; it stays on them, and means nothing once it is past."""


class MongoSignals:
    """See `ports.Signals`."""

    def __init__(
        self,
        database: AsyncDatabase[Document],
        publisher: EventPublisher,
        clock: Clock,
        left_out: Callable[[str], None] | None = None,
    ) -> None:
        """With `left_out`, what cannot be read is left out of answers, and told by its collection's name."""
        self._collection = Collection(database, "signals")
        self._reading = door("signals", left_out)
        self._publisher = publisher
        self._clock = clock
        self.pending = PendingFacts(self._collection, publisher, clock)

    async def prepare(self) -> None:
        """Make the indexes that are missing."""
        organization = ("organization_id", 1)
        await self._collection.ensure_indexes(
            PENDING_INDEX,
            Index(keys=((f"{_UNCOUNTED}.at", 1),), sparse=True, name=_UNCOUNTED),
            Index(keys=(organization, ("subject", 1), ("slot", 1), ("number", 1)), unique=True),
            Index(keys=(organization, ("sources", 1))),
            Index(keys=(organization, ("conversation_keys", 1))),
            Index(keys=(organization, ("people.id", 1))),
            Index(keys=(organization, ("tags", 1))),
            Index(keys=(organization, ("request_id", 1))),
            Index(keys=(organization, ("workspace_id", 1))),
            Index(keys=(organization, ("connection_id", 1))),
            *(
                Index(keys=(organization, ("state", 1), (order, -1), ("_id", -1)))
                for order in ("shown_at", "confidence", "spend")
            ),
            Index(keys=(organization, ("customer.id", 1), ("shown_at", -1))),
            Index(keys=(("changed_at", 1),)),
            Index(keys=(("state", 1), ("slot", 1), ("occurred_at", 1))),
        )

    async def _find(self, organization_id: str, query: Mapping[str, Any], limit: int = 0) -> list[Signal]:
        """Return all such signals; a limit is for those alone who come again for the rest."""
        documents = await self._collection.of(organization_id).find(query, limit=limit)
        return self._reading.each(documents, from_document)

    async def by_sources(self, organization_id: str, sources: Keys[str]) -> list[Signal]:
        if not sources:
            return []
        return await self._find(organization_id, {"sources": {"$in": sorted(sources)}})

    async def by_slots(
        self, organization_id: str, subjects: Keys[str], slots: Keys[Slot] | None
    ) -> list[Signal]:
        query: dict[str, Any] = {"subject": {"$in": sorted(subjects)}}
        if slots is not None:
            query["slot"] = {"$in": sorted({slot.key for slot in slots})}
        return await self._find(organization_id, query)

    async def by_ids(self, organization_id: str, signal_ids: Keys[str]) -> list[Signal]:
        return await self._find(
            organization_id, {"_id": {"$in": [f"{organization_id}/{one}" for one in sorted(signal_ids)]}}
        )

    async def by_request(self, organization_id: str, request_id: str) -> list[Signal]:
        return await self._find(organization_id, {"request_id": request_id})

    async def by_workspace(self, organization_id: str, workspace_id: str) -> list[Signal]:
        """Return signals opened from a workspace, or resting on any of its conversations; a portion."""
        mine = await self._find(organization_id, {"workspace_id": workspace_id}, _MANY)
        resting = await self._find(
            organization_id,
            {"conversation_keys": {"$gte": f"{workspace_id}:", "$lt": f"{workspace_id};"}},
            _MANY,
        )
        return list({signal.signal_id: signal for signal in (*mine, *resting)}.values())

    async def by_connection(self, organization_id: str, connection_id: str) -> list[Signal]:
        return await self._find(organization_id, {"connection_id": connection_id}, _MANY)

    async def overdue(
        self, organization_id: str, cuts: Mapping[Slot, datetime], now: datetime, limit: int
    ) -> list[str]:
        ids: list[str] = []
        for slot, cut in cuts.items():
            documents = await self._collection.of(organization_id).find(
                {
                    "state": "open",
                    "slot": slot.key,
                    "occurred_at": {"$lt": cut},
                    # Facts last as long as they hold; any number of them must not hide an overdue word.
                    "proofs": {"$not": {"$elemMatch": {"fact": {"$gt": ""}}}},
                    # Further ahead than anybody is put off lies what a clock wrote that was put back.
                    _PUT_OFF_UNTIL: {"$not": {"$gt": now, "$lte": now + 2 * AHEAD}},
                },
                projection={"signal_id": 1},
                limit=limit,
            )
            ids += [document["signal_id"] for document in documents]
        return ids

    async def put_off_expiry(self, organization_id: str, signal_ids: Keys[str], until: datetime) -> None:
        await self._collection.of(organization_id).update_many(
            {"_id": {"$in": [f"{organization_id}/{one}" for one in sorted(signal_ids)]}},
            {"$set": {_PUT_OFF_UNTIL: until}},
        )

    async def organizations(self) -> list[str]:
        with database_errors():
            return sorted(await self._collection.across_organizations().distinct("organization_id"))

    async def save(self, changes: Sequence[Change]) -> list[str]:
        refused: list[str] = []
        stored: list[Document] = []
        for start in range(0, len(changes), _WRITES_AT_ONCE):
            portion = changes[start : start + _WRITES_AT_ONCE]
            documents = await asyncio.gather(*(self._store(one) for one in portion))
            for one, document in zip(portion, documents, strict=True):
                if document is None:
                    refused.append(one.after.signal_id)
                else:
                    stored.append(document)
        try:
            await self._publish(stored)
        except TransientError as error:
            # The facts are stored with their signals; the sweeper tells them when the bus is back. Failing
            # here would tell a person that what they did was not kept.
            _LOG.warning("signals wait for the bus", signals=len(stored), reason=str(error))
        return refused

    async def _store(self, change: Change) -> Document | None:
        """Return the document as it is now, with all that is pending, or None when it changed meanwhile."""
        after = change.after
        scoped = self._collection.of(after.organization_id)
        events = [event_of(transition, signal) for transition, signal in change.told]
        facts = pending_facts(*events, at=self._clock.now())
        mark = {
            "revision": after.revision,
            "at": after.changed_at,
            "customers": list(change.customer_ids),
            "requests": list(change.request_ids),
        }
        try:
            if change.before is None:
                document = {
                    "_id": identity_of(after),
                    **to_document(after),
                    PENDING: facts,
                    _UNCOUNTED: [mark],
                }
                await scoped.insert_one(document)
                return document
            return await scoped.find_one_and_update(
                {"_id": identity_of(after), "revision": change.before.revision},
                {"$set": to_document(after), "$push": {PENDING: {"$each": facts}, _UNCOUNTED: mark}},
            )
        except DuplicateKeyError:
            return None

    async def _publish(self, documents: Sequence[Document]) -> None:
        """Publish all that these documents have pending, older facts first, then clear exactly that."""
        if not documents:
            return
        await self._publisher.publish(*(event for document in documents for event in facts_of(document)))
        clearing: dict[str, list[UpdateOne]] = {}
        for document in documents:
            ids = [fact["id"] for fact in document[PENDING]]
            clearing.setdefault(document["organization_id"], []).append(
                UpdateOne({"_id": document["_id"]}, {"$pull": {PENDING: {"id": {"$in": ids}}}})
            )
        for organization_id, writes in clearing.items():
            await self._collection.of(organization_id).bulk_write(writes)

    async def uncounted(self, before: datetime, limit: int) -> list[Uncounted]:
        with database_errors():
            cursor = self._collection.across_organizations().find(
                {f"{_UNCOUNTED}.at": {"$lt": before}},
                {"organization_id": 1, "signal_id": 1, _UNCOUNTED: 1},
                limit=limit,
            )
            documents = await cursor.to_list()
        return [
            Uncounted(
                one["organization_id"],
                one["signal_id"],
                mark["revision"],
                tuple(mark["customers"]),
                tuple(mark["requests"]),
            )
            for one in documents
            for mark in one[_UNCOUNTED]
            if mark["at"] < before
        ]

    async def counted(self, organization_id: str, states: Keys[tuple[str, int]]) -> None:
        if states:
            await self._collection.of(organization_id).bulk_write(
                [
                    UpdateOne(
                        {"_id": f"{organization_id}/{signal_id}"},
                        {"$pull": {_UNCOUNTED: {"revision": revision}}},
                    )
                    for signal_id, revision in states
                ]
            )

    async def count_later(self, organization_id: str, states: Keys[tuple[str, int]], at: datetime) -> None:
        await self._collection.of(organization_id).bulk_write(
            [
                UpdateOne(
                    {"_id": f"{organization_id}/{signal_id}", f"{_UNCOUNTED}.revision": revision},
                    {"$set": {f"{_UNCOUNTED}.$.at": at}},
                )
                for signal_id, revision in states
            ]
        )

    async def attention(self, organization_id: str, customer_ids: Keys[str]) -> dict[str, Attention]:
        return await count_attention(self._collection.of(organization_id), customer_ids)

    async def demand(self, organization_id: str, request_ids: Keys[str]) -> dict[str, Demand]:
        return await count_demand(self._collection.of(organization_id), request_ids)

    async def requests_of(self, organization_id: str, customer_ids: Keys[str]) -> set[str]:
        wanted = {"customer.id": {"$in": sorted(customer_ids)}, "request_id": {"$gt": ""}}
        return set(await self._collection.of(organization_id).distinct("request_id", wanted))

    async def refresh_customer(self, customer: Customer) -> None:
        fresh = customer.ref.model_dump()
        fields = ("name", "owner", "monthly_spend")
        await self._collection.of(customer.organization_id).update_many(
            {
                "customer.id": customer.customer_id,
                "$or": [{f"customer.{name}": {"$ne": fresh[name]}} for name in fields],
            },
            {
                "$set": {"customer": fresh, "spend": customer.facts.monthly_spend or 0.0},
                # Whoever read the signal before must read it again, or would write the old owner back.
                "$inc": {"revision": 1},
            },
        )

    async def rename_tag(
        self, organization_id: str, workspace_id: str, before: str, after: str | None
    ) -> None:
        scoped = self._collection.of(organization_id)
        bearing = {"workspace_id": workspace_id, "tags": before}
        while portion := await scoped.find(bearing, projection={"tags": 1}, limit=_MANY):
            await scoped.bulk_write(
                [
                    UpdateOne(
                        {"_id": one["_id"], "tags": one["tags"]},
                        {
                            "$set": {"tags": sorted({*one["tags"], after or before} - {before})},
                            "$inc": {"revision": 1},
                        },
                    )
                    for one in portion
                ]
            )

    async def delete(self, organization_id: str, signal_ids: Keys[str]) -> int:
        if not signal_ids:
            return 0
        result = await self._collection.of(organization_id).delete_many(
            {"_id": {"$in": [f"{organization_id}/{one}" for one in sorted(signal_ids)]}}
        )
        return result.deleted_count
