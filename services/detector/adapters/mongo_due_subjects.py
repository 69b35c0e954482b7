"""Subjects to be reviewed, in MongoDB's protocol: one small document each, deleted when done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo import DeleteOne, UpdateOne

from services.detector.adapters.claiming import AHEAD
from services.detector.domain.identity import Subject
from services.detector.ports import DueSubject
from shared.documents.collection import Collection, Index, database_errors

if TYPE_CHECKING:
    from collections.abc import Collection as Keys
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from pymongo.asynchronous.database import AsyncDatabase

    from services.detector.domain.mirror import ConnectionView
    from shared.documents.database import Document


_AHEAD = 2 * AHEAD
"""Further ahead than anybody is put off, and than replicas' clocks differ."""


class MongoDueSubjects:
    """See `ports.DueSubjects`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._collection = Collection(database, "due_subjects")

    async def prepare(self) -> None:
        """Make the indexes that are missing."""
        await self._collection.ensure_indexes(Index(keys=(("first_at", 1),)), Index(keys=(("last_at", 1),)))

    async def mark(
        self,
        organization_id: str,
        subjects: Mapping[Subject, ConnectionView],
        *,
        at: datetime,
        known_before: datetime | None,
    ) -> None:
        known = {} if known_before is None else {"$max": {"known_before": known_before}}
        await self._collection.of(organization_id).bulk_write(
            [
                UpdateOne(
                    {"_id": _identity(organization_id, subject)},
                    {
                        "$setOnInsert": {"subject": subject.key, "first_at": at},
                        "$set": {"connection_id": view.connection_id, "last_at": at},
                        "$inc": {"marks": 1},
                        **known,
                    },
                    upsert=True,
                )
                for subject, view in subjects.items()
            ]
        )

    async def due(self, quiet_since: datetime, first_before: datetime, limit: int) -> list[DueSubject]:
        waited = await self._due("first_at", first_before, limit)
        quiet = await self._due("last_at", quiet_since, limit - len(waited))
        # Marked or put off by a clock that was ahead and was put back.
        lost = await self._due("last_at", quiet_since + _AHEAD, limit - len(waited) - len(quiet), after=True)
        subjects = (*waited, *quiet, *lost)
        return list({(due.organization_id, due.subject): due for due in subjects}.values())

    async def _due(
        self, field: str, moment: datetime, limit: int, *, after: bool = False
    ) -> list[DueSubject]:
        if limit <= 0:
            return []
        with database_errors():
            cursor = self._collection.across_organizations().find(
                {field: {"$gt" if after else "$lte": moment}}, sort=[(field, 1)], limit=limit
            )
            return [_due_from(document) async for document in cursor]

    async def done(self, organization_id: str, reviewed: Sequence[DueSubject], at: datetime) -> None:
        await self._collection.of(organization_id).bulk_write(list(_done(reviewed, at)), ordered=True)

    async def put_off(self, organization_id: str, subjects: Keys[Subject], until: datetime) -> None:
        await self._collection.of(organization_id).update_many(
            {"_id": {"$in": sorted(_identity(organization_id, subject) for subject in subjects)}},
            {"$set": {"first_at": until, "last_at": until}},
        )

    async def remove(self, organization_id: str, connection_id: str) -> int:
        result = await self._collection.of(organization_id).delete_many({"connection_id": connection_id})
        return result.deleted_count


def _identity(organization_id: str, subject: Subject) -> str:
    return f"{organization_id}/{subject.key}"


def _done(reviewed: Sequence[DueSubject], at: datetime) -> Iterable[DeleteOne | UpdateOne]:
    identities: list[dict[str, Any]] = [
        {"_id": _identity(due.organization_id, due.subject)} for due in reviewed
    ]
    # All of a kind in a row: of writes in order, each change of kind is a round trip.
    for due, identity in zip(reviewed, identities, strict=True):
        yield DeleteOne({**identity, "marks": due.marks})
    # Whoever was marked again meanwhile waits anew, or patience would be over with every round.
    for identity in identities:
        yield UpdateOne(identity, {"$set": {"first_at": at}})


def _due_from(document: Document) -> DueSubject:
    return DueSubject(
        organization_id=document["organization_id"],
        subject=Subject.from_key(document["subject"]),
        connection_id=document["connection_id"],
        known_before=document.get("known_before"),
        marks=document["marks"],
    )
