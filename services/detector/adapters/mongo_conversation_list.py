"""The list of conversations in MongoDB's protocol: by an index, or among a bounded number of the newest."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from services.detector.adapters.list_queries import (
    all_of,
    contains,
    contains_in_any_case,
    conversation_query,
)
from services.detector.adapters.mirror_documents import DIGEST_FIELDS, conversation_from, digest_from
from services.detector.adapters.narrowing import MOST_NAMED, Narrower
from services.detector.adapters.paging import portion_of
from services.detector.adapters.signal_documents import from_document
from services.detector.adapters.walking import counted, walked
from services.detector.domain.identity import Subject
from services.detector.lists import SEARCHED, WAITING_AMONG, WRITTEN_AMONG, Counted, Portion
from shared.documents.collection import Collection
from shared.documents.reading import Reading, uncounted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from collections.abc import Collection as Keys

    from pymongo.asynchronous.database import AsyncDatabase

    from services.detector.adapters.walking import Ask, Sieve
    from services.detector.domain.mirror import MirroredConversation
    from services.detector.domain.signal import Signal
    from services.detector.lists import ConversationFilter, FoundConversations
    from shared.documents.collection import ScopedCollection
    from shared.documents.database import Document

_FIELD = "updated_at"
_NEWEST_FIRST = ((_FIELD, -1), ("_id", -1))
_KNOWN_BY = {"key": 1, "subject": 1, _FIELD: 1}
"""What sieves and places in the list look at."""

_NAMES = 500
"""People, and customers, whose name contains the words; if there are more, a longer name finds the others."""

_TOGETHER = 100
"""Conversations whose messages one query searches, so that other queries can run in between."""

_MESSAGES = 1_000
"""Matching messages that are fetched for a portion's rows, of which each row shows one."""

_SIGNALS = 2_000
"""Open signals of a portion of conversations; ten of each of the largest portion."""


class MongoConversationList:
    """See `lists.Conversations`."""

    def __init__(
        self,
        database: AsyncDatabase[Document],
        left_out: Callable[[str], None] = uncounted,
        *,
        most_named: int = MOST_NAMED,
    ) -> None:
        self._reading = Reading("conversations", left_out)
        self._reading_signals = Reading("signals", left_out)
        self._conversations = Collection(database, "conversations")
        self._parts = Collection(database, "parts")
        self._contacts = Collection(database, "contacts")
        self._customers = Collection(database, "customers")
        self._signals = Collection(database, "signals")
        self._narrower = Narrower(database, most_named=most_named)

    async def find(self, organization_id: str, wanted: ConversationFilter) -> FoundConversations:
        meant = await self._meant(organization_id, wanted)
        if wanted.state == "waiting":
            meant = meant.only(await self._waiting(meant))
        if wanted.sought:
            meant = await self._holding(organization_id, meant, wanted.sought)
        return meant

    async def written(self, organization_id: str, conversation_keys: Keys[str], words: str) -> dict[str, str]:
        if not conversation_keys:
            return {}
        documents = await self._parts.of(organization_id).find(
            _written_in(conversation_keys, words), projection={"key": 1, "data.text": 1}, limit=_MESSAGES
        )
        openings: dict[str, str] = {}
        for document in documents:
            openings.setdefault(document["key"], document["data"]["text"])
        return openings

    async def open_signals(
        self, organization_id: str, conversation_keys: Keys[str]
    ) -> dict[str, list[Signal]]:
        asked = sorted(conversation_keys)
        if not asked:
            return {}
        documents = await self._signals.of(organization_id).find(
            {"conversation_keys": {"$in": asked}, "state": "open"}, limit=_SIGNALS
        )
        signals: dict[str, list[Signal]] = defaultdict(list)
        for signal, keys in sorted(
            self._reading_signals.each(documents, _resting_on),
            key=lambda one: (-one[0].confidence, one[0].signal_id),
        ):
            for key in keys:
                signals[key].append(signal)
        return {key: signals[key] for key in asked if key in signals}

    async def _meant(self, organization_id: str, wanted: ConversationFilter) -> _Found:
        meant = await self._narrower.conversations(organization_id, wanted.narrowed)
        state = "open" if wanted.state == "waiting" else wanted.state
        query = all_of(conversation_query(person=wanted.person, state=state), meant.clauses)
        return _Found(self._conversations.of(organization_id), query, meant.sieves, self._reading)

    async def _waiting(self, meant: _Found) -> list[str]:
        """Return the keys of conversations in which somebody waits, among the newest of those found."""
        documents = await meant.newest(WAITING_AMONG, {**DIGEST_FIELDS, "_id": 1, _FIELD: 1})
        # What was not read yet has no digest, and nobody knows whether anybody waits there.
        read = [one for one in documents if "digest" in one]
        waiting = self._reading.each(read, lambda one: (one["key"], digest_from(one).summary.waits_since))
        return sorted(key for key, since in waiting if since)

    async def _holding(self, organization_id: str, meant: _Found, words: str) -> _Found:
        """Return conversations that contain the words, among those new enough to be searched."""
        people, customers, among, written = await asyncio.gather(
            self._contacts.of(organization_id).find(
                {"key": {"$gt": ""}, "name_folded": contains(words)}, projection={"key": 1}, limit=_NAMES
            ),
            self._customers.of(organization_id).find(
                {"merged_into": None, "name_folded": contains(words)},
                projection={"customer_id": 1},
                limit=_NAMES,
            ),
            meant.among_the_newest(SEARCHED),
            self._writing(organization_id, meant, words),
        )
        subjects = sorted(Subject("customer", one["customer_id"]).key for one in customers)
        holding = [
            {"data.title": contains_in_any_case(words)},
            {"contact_keys": {"$in": sorted(one["key"] for one in people)}},
            {"subject": {"$in": subjects}},
            {"key": {"$in": written}},
        ]
        return among.that({"$or": holding})

    async def _writing(self, organization_id: str, meant: _Found, words: str) -> list[str]:
        """Return the keys of conversations with a message that contains the words, among the newest."""
        newest = await meant.newest(WRITTEN_AMONG, _KNOWN_BY)
        keys = [one["key"] for one in newest]
        holding: set[str] = set()
        for start in range(0, len(keys), _TOGETHER):
            documents = await self._parts.of(organization_id).find(
                _written_in(keys[start : start + _TOGETHER], words), projection={"key": 1}
            )
            holding.update(one["key"] for one in documents)
        return sorted(holding)


@dataclass(frozen=True)
class _Found:
    """See `lists.FoundConversations`."""

    collection: ScopedCollection
    query: dict[str, Any]
    sieves: tuple[Sieve, ...]
    reading: Reading

    def that(self, clause: dict[str, Any]) -> _Found:
        """Return those that also satisfy a clause."""
        return replace(self, query={"$and": [self.query, clause]})

    def only(self, keys: Sequence[str]) -> _Found:
        """Return those with one of these keys."""
        return replace(self.that({"key": {"$in": list(keys)}}), sieves=())

    async def portion(self, *, position: dict[str, Any] | None, limit: int) -> Portion[MirroredConversation]:
        portion = await self._walked(self._ask(), position=position, limit=limit)
        return Portion(self.reading.each(portion.items, conversation_from), portion.next)

    async def count(self, most: int) -> Counted:
        if self.sieves:
            return await counted(self._ask(_KNOWN_BY), self.sieves, most)
        number = await self.collection.count(self.query, limit=most + 1)
        return Counted(min(number, most), is_all=number <= most)

    async def newest(self, most: int, projection: Mapping[str, int]) -> list[Document]:
        """Return up to so many of the newest, within the number that a page searches."""
        return (await self._walked(self._ask(projection), position=None, limit=most)).items

    async def among_the_newest(self, most: int) -> _Found:
        """Return those found among so many of the newest."""
        if self.sieves:
            newest = await self.newest(most, _KNOWN_BY)
            return self.only(sorted(one["key"] for one in newest))
        last = await self.collection.find(
            self.query, projection={_FIELD: 1}, sort=_NEWEST_FIRST, skip=most - 1, limit=1
        )
        return self.that({_FIELD: {"$gte": last[0][_FIELD]}}) if last else self

    def _ask(self, projection: Mapping[str, int] | None = None) -> Ask:
        async def ask(position: dict[str, Any] | None, limit: int) -> Portion[Document]:
            return await portion_of(
                self.collection,
                self.query,
                field=_FIELD,
                descending=True,
                position=position,
                limit=limit,
                projection=projection,
            )

        return ask

    async def _walked(self, ask: Ask, *, position: dict[str, Any] | None, limit: int) -> Portion[Document]:
        return await walked(ask, self.sieves, position=position, limit=limit, field=_FIELD, descending=True)


def _written_in(conversation_keys: Keys[str], words: str) -> dict[str, Any]:
    return {
        "key": {"$in": sorted(conversation_keys)},
        "data.text": contains_in_any_case(words),
        "data.redacted": {"$ne": True},
    }


def _resting_on(document: Document) -> tuple[Signal, list[str]]:
    return from_document(document), document["conversation_keys"]
