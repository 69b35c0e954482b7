"""Unread inbox entries in MongoDB, found without reading those that were read.

Nobody knows who "everyone" is, so no index can hold what a person has not read. Instead, one document per
person holds the unread entries of everything that moved up to a moment. What moved since is looked through
and added to it, so each entry is looked at once per person, not once per count. The document is only a cache:
whichever of two writers wins, whatever it lacks is looked for again, and without it the whole inbox is looked
through once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pymongo.errors import DuplicateKeyError

from services.notifier.domain.rule import EVERYONE
from shared.documents.collection import Collection, Index

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pymongo.asynchronous.database import AsyncDatabase

    from services.notifier.ports import InboxReader
    from shared.clock import Clock

_SETTLED = timedelta(minutes=5)
"""Entries that moved this recently are looked at again: replicas' clocks differ, and a write may be under
way."""

_KEPT_SECONDS = 30 * 86_400
"""A person who has not looked for this long is looked up from the beginning."""


@dataclass(frozen=True, slots=True)
class Unread:
    """The ids of unread entries' documents; `whole` says whether these are all."""

    ids: tuple[str, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """Ids that were unread among everything that moved until then; nothing is known of what moved since."""

    ids: tuple[str, ...] = ()
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Portion:
    """Ids of entries in the order in which they moved, and the time of the last, if it has one."""

    ids: tuple[str, ...]
    last: datetime | None


class MongoUnread:
    def __init__(self, database: AsyncDatabase[dict[str, Any]], clock: Clock) -> None:
        self._entries = Collection(database, "inbox")
        self._readers = Collection(database, "inbox_readers")
        self._clock = clock

    async def ensure_indexes(self) -> None:
        await self._entries.ensure_indexes(
            Index((("organization_id", 1), ("moved_at", 1), ("added_at", 1)), name="moved or added")
        )
        await self._readers.ensure_indexes(
            Index((("used_at", 1),), expire_after_seconds=_KEPT_SECONDS, name="unused")
        )

    async def of(self, reader: InboxReader, most: int) -> Unread:
        """Return what the reader has not read: everything, or at least `most` if there is as much."""
        now = self._clock.now()
        known = await self._known(reader, now)
        ids = await self._still_unread(reader, known, most)
        if len(ids) >= most:
            return Unread(tuple(sorted(ids)), whole=False)
        portions = await self._since(reader, known.until, most)
        ids.update(identity for portion in portions for identity in portion.ids)
        full = [portion for portion in portions if len(portion.ids) >= most]
        until = _looked_through_until(now, full)
        if _is_news(known, ids, until):
            await self._keep(reader, sorted(ids), until, now)
        return Unread(tuple(sorted(ids)), whole=not full)

    async def _known(self, reader: InboxReader, now: datetime) -> _Known:
        document = await self._readers.of(reader.organization_id).find_one({"_id": _key(reader)})
        # What was kept for other wishes leaves out what these let in; what a clock that was ahead kept until
        # a moment to come would leave out all that moves before.
        if (
            document is None
            or document["wishes"] != _wishes(reader)
            or document["until"] is None
            or document["until"] > now
        ):
            return _Known()
        return _Known(tuple(document["unread"]), document["until"])

    async def _still_unread(self, reader: InboxReader, known: _Known, most: int) -> set[str]:
        """Return which of the known ids are still unread and visible to the reader."""
        if not known.ids:
            return set()
        documents = await self._entries.of(reader.organization_id).find(
            {**unread_by(reader), "_id": {"$in": list(known.ids)}}, projection={"_id": 1}, limit=most
        )
        return {one["_id"] for one in documents}

    async def _since(self, reader: InboxReader, since: datetime | None, most: int) -> list[_Portion]:
        """Return the unread entries that moved since then, or all if nothing is known yet."""
        portions = [await self._moved(reader, since, most)]
        if since:
            portions.append(await self._undated(reader, since, most))
        return portions

    async def _moved(self, reader: InboxReader, since: datetime | None, most: int) -> _Portion:
        """Return unread entries in the order in which they moved; those of an earlier version come first."""
        moved = {"moved_at": {"$gte": since}} if since else {}
        return await self._portion(reader, moved, "moved_at", most)

    async def _undated(self, reader: InboxReader, since: datetime, most: int) -> _Portion:
        """Return entries without a time of moving, which an earlier version may add during an upgrade."""
        return await self._portion(reader, {"moved_at": None, "added_at": {"$gte": since}}, "added_at", most)

    async def _portion(self, reader: InboxReader, which: dict[str, Any], by: str, most: int) -> _Portion:
        documents = await self._entries.of(reader.organization_id).find(
            {**unread_by(reader), **which}, projection={"_id": 1, by: 1}, sort=[(by, 1)], limit=most
        )
        return _Portion(tuple(one["_id"] for one in documents), documents[-1].get(by) if documents else None)

    async def forget(self, organization_id: str) -> None:
        """Delete the ids of everybody in an organization; each inbox is looked through again."""
        await self._readers.of(organization_id).update_many({}, {"$set": {"unread": [], "until": None}})

    async def _keep(
        self, reader: InboxReader, ids: Sequence[str], until: datetime | None, now: datetime
    ) -> None:
        state = {"wishes": _wishes(reader), "unread": list(ids), "until": until, "used_at": now}
        try:
            await self._readers.of(reader.organization_id).update_one(
                {"_id": _key(reader)}, {"$set": state}, upsert=True
            )
        except DuplicateKeyError:
            # Another page of the same person has just stored the same.
            return


def _looked_through_until(now: datetime, full: Sequence[_Portion]) -> datetime | None:
    """Return until when everything that moved was looked at, or None if that is unknown.

    A full portion ends before the present; if its last entry has no time of moving, its end is unknown.
    """
    until = now - _SETTLED
    for portion in full:
        if portion.last is None:
            return None
        until = min(until, portion.last)
    return until


def _is_news(known: _Known, ids: set[str], until: datetime | None) -> bool:
    """Return whether storing is worth a write: other ids, or so much later that the next look is cheaper."""
    if known.until is None or ids != set(known.ids):
        return True
    return until is not None and until - known.until >= _SETTLED


def seen_by(reader: InboxReader) -> dict[str, Any]:
    """Return the query for entries that a reader may see and wants to."""
    query: dict[str, Any] = {
        "audience": {"$in": _audience(reader)},
        "confidence": {"$gte": reader.minimum_confidence},
    }
    if reader.kinds:
        query["kind"] = {"$in": list(reader.kinds)}
    return query


def unread_by(reader: InboxReader) -> dict[str, Any]:
    """Return the query for those of them that the reader has not read."""
    return {**seen_by(reader), "read_by": {"$ne": reader.user_id}}


def _audience(reader: InboxReader) -> list[str]:
    # Not the id: an issuer may let people choose it, and somebody else's address would open their inbox.
    return sorted({EVERYONE, reader.email} - {""})


def _wishes(reader: InboxReader) -> dict[str, Any]:
    return {
        "audience": _audience(reader),
        "kinds": sorted(reader.kinds),
        "minimum_confidence": reader.minimum_confidence,
    }


def _key(reader: InboxReader) -> str:
    return f"{reader.organization_id}/{reader.user_id}"
