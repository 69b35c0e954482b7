"""Connections, re-reads under way, and leases on rounds, in MongoDB's protocol."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from services.detector.adapters.claiming import AHEAD, claim_first
from services.detector.adapters.guarded import upsert_newer
from services.detector.domain.admission import Barrier, KnownConnections
from services.detector.domain.mirror import ConnectionView, Progress
from shared.documents.collection import Collection, Index, database_errors
from shared.documents.pending import PENDING, PENDING_INDEX, PendingFacts, pending_facts
from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Collection as Keys

    from pymongo.asynchronous.database import AsyncDatabase

    from shared.clock import Clock
    from shared.contracts.connections import DataRemoved
    from shared.documents.database import Document
    from shared.messaging.publisher import EventPublisher

_NEVER_CLAIMED = timedelta(days=365)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_ORDERS_KEPT = 50
"""Orders to remove one connection that are known to be answered; there is seldom a second."""


class MongoConnections:
    """See `ports.Connections`."""

    def __init__(self, database: AsyncDatabase[Document], publisher: EventPublisher, clock: Clock) -> None:
        self._connections = Collection(database, "connections")
        self._removals = Collection(database, "removals")
        self._clock = clock
        self.pending = PendingFacts(self._removals, publisher, clock)

    async def prepare(self) -> None:
        """Make the indexes that are missing."""
        await self._connections.ensure_indexes(Index(keys=(("organization_id", 1), ("connection_id", 1))))
        await self._removals.ensure_indexes(PENDING_INDEX)

    async def get(self, organization_id: str, connection_id: str) -> ConnectionView | None:
        document = await self._connections.of(organization_id).find_one(
            {"_id": _identity(organization_id, connection_id)}
        )
        return _view_from(document) if document else None

    async def all_of(self, organization_id: str) -> list[ConnectionView]:
        documents = await self._connections.of(organization_id).find({}, sort=[("_id", 1)])
        return [_view_from(document) for document in documents]

    async def everywhere(self) -> list[ConnectionView]:
        """Return the connections of all organizations, for the start of the service."""
        with database_errors():
            return [_view_from(one) async for one in self._connections.across_organizations().find({})]

    async def known_among(self, organization_id: str, connection_ids: Keys[str]) -> KnownConnections:
        ids = {
            "_id": {
                "$in": [_identity(organization_id, connection_id) for connection_id in sorted(connection_ids)]
            }
        }
        # Barriers last: what is barred between the two questions must not pass for known.
        views = await self._connections.of(organization_id).find(ids)
        barred = await self._removals.of(organization_id).find(ids, projection={"connection_id": 1})
        removed = frozenset(document["connection_id"] for document in barred)
        known = {document["connection_id"]: _view_from(document) for document in views}
        return KnownConnections({one: view for one, view in known.items() if one not in removed}, removed)

    async def save(self, view: ConnectionView) -> bool:
        scoped = self._connections.of(view.organization_id)
        identity = _identity(view.organization_id, view.connection_id)
        saved = await upsert_newer(
            scoped,
            {"_id": identity, "revision": {"$lt": view.revision}},
            {"$set": {key: value for key, value in asdict(view).items() if key != "organization_id"}},
        )
        if await self.barrier(view.organization_id, view.connection_id) is not None:
            # Its record came after the order, or at the same moment.
            await scoped.delete_one({"_id": identity})
            return False
        return saved

    async def barrier(self, organization_id: str, connection_id: str) -> Barrier | None:
        document = await self._removals.of(organization_id).find_one(
            {"_id": _identity(organization_id, connection_id)}
        )
        return _barrier_from(document) if document else None

    async def bar(self, organization_id: str, connection_id: str, workspace_id: str | None) -> Barrier:
        identity = _identity(organization_id, connection_id)
        update: dict[str, Any] = {
            "$setOnInsert": {
                "connection_id": connection_id,
                "barred_at": self._clock.now(),
                "documents": 0,
                "confirmed_at": None,
            }
        }
        if workspace_id is not None:
            update["$set"] = {"workspace_id": workspace_id}
        stored = await self._removals.of(organization_id).find_one_and_update(
            {"_id": identity}, update, upsert=True
        )
        await self._connections.of(organization_id).delete_one({"_id": identity})
        if stored is None:
            raise TransientError(f"The removal of connection {connection_id} could not be noted.")
        return _barrier_from(stored)

    async def note_removed(self, barrier: Barrier, documents: int) -> None:
        await self._removals.of(barrier.organization_id).update_one(
            {"_id": _identity(barrier.organization_id, barrier.connection_id)},
            {"$inc": {"documents": documents}},
        )

    async def confirm(self, removed: DataRemoved) -> None:
        scoped = self._removals.of(removed.organization_id)
        mine = {
            "_id": _identity(removed.organization_id, removed.connection_id),
            "said_for": {"$ne": removed.removal_id},
        }
        noted = await scoped.find_one(mine)
        if noted is None:
            return  # Said before; what was not published then is the sweeper's.
        word = removed.model_copy(update={"documents": noted["documents"]})
        stored = await scoped.find_one_and_update(
            mine,
            {
                "$set": {"confirmed_at": removed.removed_at},
                # What went is told once: a later order has word of what went since.
                "$inc": {"documents": -word.documents},
                # Not the last alone: a batch that comes again may begin with an order before it.
                "$push": {
                    "said_for": {"$each": [removed.removal_id], "$slice": -_ORDERS_KEPT},
                    PENDING: {"$each": pending_facts(word, at=self._clock.now())},
                },
            },
        )
        if stored:
            await self.pending.publish(stored)


def _identity(organization_id: str, connection_id: str) -> str:
    return f"{organization_id}/{connection_id}"


def _barrier_from(document: Document) -> Barrier:
    return Barrier(
        organization_id=document["organization_id"],
        connection_id=document["connection_id"],
        workspace_id=document.get("workspace_id"),
        documents=document["documents"],
        confirmed=document["confirmed_at"] is not None,
    )


def _view_from(document: Document) -> ConnectionView:
    return ConnectionView(
        **{name: document[name] for name in ConnectionView.__dataclass_fields__ if name in document}
    )


class MongoRereads:
    """See `ports.Rereads`. One document a connection: a newer re-reading takes an older one's place."""

    def __init__(self, database: AsyncDatabase[Document], name: str = "rereads") -> None:
        self._collection = Collection(database, name)

    async def prepare(self) -> None:
        """Make the indexes that are missing."""
        await self._collection.ensure_indexes(Index(keys=(("finished_at", 1), ("claimed_until", 1))))

    async def ask(self, progress: Progress, *, again: bool) -> None:
        scoped = self._collection.of(progress.organization_id)
        identity = f"{progress.organization_id}/{progress.connection_id}"
        fields = {key: value for key, value in asdict(progress).items() if key != "organization_id"}
        fields |= {"claimed_by": None, "claimed_until": (progress.started_at or _EPOCH) - _NEVER_CLAIMED}
        if again:
            await scoped.update_one({"_id": identity}, {"$set": fields}, upsert=True)
            return
        await upsert_newer(
            scoped, {"_id": identity, "fingerprint": {"$ne": progress.fingerprint}}, {"$set": fields}
        )

    async def claim(
        self, owner: str, now: datetime, lease_seconds: float, fingerprints: Keys[str]
    ) -> Progress | None:
        document = await claim_first(
            self._collection,
            {"finished_at": None, "fingerprint": {"$in": sorted(fingerprints)}},
            owner,
            now=now,
            lease_seconds=lease_seconds,
        )
        return _progress_from(document) if document else None

    async def advance(self, progress: Progress, owner: str, now: datetime) -> None:
        await self._collection.of(progress.organization_id).update_one(
            {
                "_id": f"{progress.organization_id}/{progress.connection_id}",
                "fingerprint": progress.fingerprint,
                "claimed_by": owner,
            },
            {
                "$set": {
                    "cursor": progress.cursor,
                    "done": progress.done,
                    "total": progress.total,
                    "finished_at": progress.finished_at,
                    # Given up at once, so that any replica takes the next slice and slices stay short; free
                    # since now only, so that a workspace of a million conversations holds nobody up.
                    "claimed_until": now,
                }
            },
        )

    async def put_back(self, progress: Progress, owner: str, now: datetime) -> None:
        await self._collection.of(progress.organization_id).update_one(
            {
                "_id": f"{progress.organization_id}/{progress.connection_id}",
                "fingerprint": progress.fingerprint,
                "claimed_by": owner,
            },
            {"$set": {"claimed_by": None, "claimed_until": now}},
        )

    async def latest(self, organization_id: str) -> list[Progress]:
        return [_progress_from(one) for one in await self._collection.of(organization_id).find({})]

    async def remove(self, organization_id: str, connection_id: str) -> int:
        result = await self._collection.of(organization_id).delete_many(
            {"_id": f"{organization_id}/{connection_id}"}
        )
        return result.deleted_count


def _progress_from(document: Document) -> Progress:
    return Progress(**{name: document[name] for name in Progress.__dataclass_fields__ if name in document})


_EVERYBODY = "*"
"""Leases serve all organizations, so they are kept under a name that no organization can have."""


class MongoLeases:
    """See `ports.Leases`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._collection = Collection(database, "leases")

    async def take(self, name: str, owner: str, now: datetime, lease_seconds: float) -> bool:
        return await self._take({"_id": name, "$or": _free(now)}, owner, now, lease_seconds)

    async def hold(
        self, name: str, owner: str, now: datetime, lease_seconds: float, *, place: str | None = None
    ) -> bool:
        mine_or_free = {"_id": name, "$or": [*_free(now), {"owner": owner}]}
        return await self._take(mine_or_free, owner, now, lease_seconds, place)

    async def place(self, name: str) -> str:
        document = await self._collection.of(_EVERYBODY).find_one({"_id": name})
        return str(document.get("place", "")) if document else ""

    async def _take(
        self, query: dict[str, Any], owner: str, now: datetime, lease_seconds: float, place: str | None = None
    ) -> bool:
        until = now + timedelta(seconds=lease_seconds)
        fields: dict[str, Any] = {"owner": owner, "until": until, "taken_at": now}
        if place is not None:
            fields["place"] = place
        return await upsert_newer(self._collection.of(_EVERYBODY), query, {"$set": fields})


def _free(now: datetime) -> list[Document]:
    """Return the clauses for leases that are over, or that a clock took which was ahead and was put back.

    By when it was taken, since a lease may be as long as whoever takes it likes.
    """
    return [{"until": {"$lte": now}}, {"taken_at": {"$gt": now + AHEAD}}]
