"""The list of conversations in MongoDB's protocol: by an index, or among a bounded number of the newest."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from services.detector.adapters.list_queries import (
    all_of,
    contains,
    contains_in_any_case,
    conversation_query,
)
from services.detector.adapters.mirror_documents import DIGEST_FIELDS, conversation_from, digest_from
from services.detector.adapters.narrowing import Narrower
from services.detector.adapters.paging import portion_of
from services.detector.adapters.signal_documents import from_document
from services.detector.domain.identity import Subject
from services.detector.lists import SEARCHED, WAITING_AMONG, WRITTEN_AMONG, Portion
from shared.documents.collection import Collection
from shared.documents.reading import Reading, uncounted

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Collection as Keys

    from pymongo.asynchronous.database import AsyncDatabase

    from services.detector.domain.mirror import MirroredConversation
    from services.detector.domain.signal import Signal
    from services.detector.lists import ConversationFilter
    from shared.documents.database import Document

_FIELD = "updated_at"
_NEWEST_FIRST = ((_FIELD, -1), ("_id", -1))

_NAMES = 500
"""People, and customers, whose name holds the words; where more do, more of a name finds the others."""

_TOGETHER = 100
"""Conversations whose messages one question looks through, so that other questions come between."""

_MESSAGES = 1_000
"""Messages with words in them that are fetched for a portion's rows, of which each row shows one."""

_SIGNALS = 2_000
"""Open signals of a portion of conversations; ten of each of the largest portion."""


class MongoConversationList:
    """See `lists.Conversations`."""

    def __init__(
        self, database: AsyncDatabase[Document], left_out: Callable[[str], None] = uncounted
    ) -> None:
        self._reading = Reading("conversations", left_out)
        self._reading_signals = Reading("signals", left_out)
        self._conversations = Collection(database, "conversations")
        self._parts = Collection(database, "parts")
        self._contacts = Collection(database, "contacts")
        self._customers = Collection(database, "customers")
        self._signals = Collection(database, "signals")
        self._narrower = Narrower(database)

    async def find(
        self, organization_id: str, wanted: ConversationFilter, *, position: dict[str, Any] | None, limit: int
    ) -> Portion[MirroredConversation]:
        found = await portion_of(
            self._conversations.of(organization_id),
            await self._query(organization_id, wanted),
            field=_FIELD,
            descending=True,
            position=position,
            limit=limit,
        )
        return Portion(self._reading.each(found.items, conversation_from), found.next)

    async def count(self, organization_id: str, wanted: ConversationFilter, most: int) -> int | None:
        query = await self._query(organization_id, wanted)
        counted = await self._conversations.of(organization_id).count(query, limit=most + 1)
        return counted if counted <= most else None

    async def written(self, organization_id: str, conversation_keys: Keys[str], words: str) -> dict[str, str]:
        if not conversation_keys:
            return {}
        documents = await self._parts.of(organization_id).find(
            _written_in(conversation_keys, words), projection={"key": 1, "data.text": 1}, limit=_MESSAGES
        )
        found: dict[str, str] = {}
        for document in documents:
            found.setdefault(document["key"], document["data"]["text"])
        return found

    async def open_signals(
        self, organization_id: str, conversation_keys: Keys[str]
    ) -> dict[str, list[Signal]]:
        asked = sorted(conversation_keys)
        if not asked:
            return {}
        documents = await self._signals.of(organization_id).find(
            {"conversation_keys": {"$in": asked}, "state": "open"}, limit=_SIGNALS
        )
        found: dict[str, list[Signal]] = defaultdict(list)
        for signal, keys in sorted(
            self._reading_signals.each(documents, _resting_on),
            key=lambda one: (-one[0].confidence, one[0].signal_id),
        ):
            for key in keys:
                found[key].append(signal)
        return {key: found[key] for key in asked if key in found}

    async def _query(self, organization_id: str, wanted: ConversationFilter) -> dict[str, Any]:
        state = "open" if wanted.state == "waiting" else wanted.state
        clauses = await self._narrower.conversations(organization_id, wanted.narrowed)
        if wanted.state == "waiting":
            query = all_of(conversation_query(person=wanted.person, state=state), clauses)
            clauses = [*clauses, {"key": {"$in": await self._waiting(organization_id, query)}}]
        query = all_of(conversation_query(person=wanted.person, state=state), clauses)
        if not wanted.sought:
            return query
        return {"$and": [query, *await self._holding(organization_id, query, wanted.sought)]}

    async def _waiting(self, organization_id: str, query: dict[str, Any]) -> list[str]:
        """Return the keys of those in which somebody waits, among the newest of a query."""
        documents = await self._conversations.of(organization_id).find(
            query, projection=DIGEST_FIELDS, sort=_NEWEST_FIRST, limit=WAITING_AMONG
        )
        # What was not read yet has no digest, and nobody knows whether anybody waits there.
        read = [one for one in documents if "digest" in one]
        waiting = self._reading.each(read, lambda one: (one["key"], digest_from(one).summary.waits_since))
        return sorted(key for key, since in waiting if since)

    async def _holding(self, organization_id: str, query: dict[str, Any], words: str) -> list[dict[str, Any]]:
        """Return the clauses for those that hold words, and that are new enough to be looked at."""
        people, customers, last, written = await asyncio.gather(
            self._contacts.of(organization_id).find(
                {"key": {"$gt": ""}, "name_folded": contains(words)}, projection={"key": 1}, limit=_NAMES
            ),
            self._customers.of(organization_id).find(
                {"merged_into": None, "name_folded": contains(words)},
                projection={"customer_id": 1},
                limit=_NAMES,
            ),
            self._conversations.of(organization_id).find(
                query, projection={_FIELD: 1}, sort=_NEWEST_FIRST, skip=SEARCHED - 1, limit=1
            ),
            self._writing(organization_id, query, words),
        )
        subjects = sorted(Subject("customer", one["customer_id"]).key for one in customers)
        holding = [
            {"data.title": contains_in_any_case(words)},
            {"contact_keys": {"$in": sorted(one["key"] for one in people)}},
            {"subject": {"$in": subjects}},
            {"key": {"$in": written}},
        ]
        return [{"$or": holding}, *({_FIELD: {"$gte": one[_FIELD]}} for one in last)]

    async def _writing(self, organization_id: str, query: dict[str, Any], words: str) -> list[str]:
        """Return the keys of those with a message that holds words, among the newest of a query."""
        newest = await self._conversations.of(organization_id).find(
            query, projection={"key": 1}, sort=_NEWEST_FIRST, limit=WRITTEN_AMONG
        )
        keys = [one["key"] for one in newest]
        found: set[str] = set()
        for start in range(0, len(keys), _TOGETHER):
            documents = await self._parts.of(organization_id).find(
                _written_in(keys[start : start + _TOGETHER], words), projection={"key": 1}
            )
            found.update(one["key"] for one in documents)
        return sorted(found)


def _written_in(conversation_keys: Keys[str], words: str) -> dict[str, Any]:
    return {
        "key": {"$in": sorted(conversation_keys)},
        "data.text": contains_in_any_case(words),
        "data.redacted": {"$ne": True},
    }


def _resting_on(document: Document) -> tuple[Signal, list[str]]:
    return from_document(document), document["conversation_keys"]
