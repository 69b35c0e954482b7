"""The mirror's conversations with their parts, and what was read in them, in MongoDB's protocol."""

from __future__ import annotations

from collections import defaultdict
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from pymongo import UpdateOne

from services.detector.adapters.mirror_documents import (
    DIGEST_FIELDS,
    GRAVE,
    LEFT,
    analysis_fields,
    conversation_from,
    digest_from,
)
from services.detector.adapters.mongo_mirror_collections import MANY, MirrorCollections, identity_by_key
from services.detector.domain.spoken import in_order
from shared.contracts.resources import ConversationPartChanged, record_key

if TYPE_CHECKING:
    from collections.abc import Collection as Keys
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from services.detector.domain.mirror import Analysis, Digest, MirroredConversation
    from shared.documents.database import Document

_TOGETHER = 5_000
"""Digests that one question about several customers may return; with more, each is asked about by itself."""

_NEWEST_FIRST = (("updated_at", -1),)
_UPDATED_AT = itemgetter("updated_at")


def _opening(organization_id: str, key: str) -> str:
    """Return the identity of a conversation's opening message, see `ConversationPartChanged`."""
    workspace_id, _, conversation_id = key.partition(":")
    part = ConversationPartChanged.RESOURCE
    return record_key(organization_id, workspace_id, part, conversation_id, f"source-{conversation_id}")


def _part(document: Document) -> tuple[str, ConversationPartChanged]:
    return document["key"], ConversationPartChanged.model_validate(document["data"])


def _text(document: Document) -> tuple[str, str]:
    """Return the identity of a part and its text; empty where it has none, or its words were removed."""
    data = document.get("data", {})
    if not isinstance(text := data.get("text") or "", str):
        raise TypeError("not a text")
    return document["_id"], "" if text and data["redacted"] else text


class MirrorConversations(MirrorCollections):
    """What `ports.Mirror` says of conversations."""

    async def conversations(self, organization_id: str, keys: Keys[str]) -> dict[str, MirroredConversation]:
        documents = await self._by_keys(organization_id, "conversation", keys)
        return {one.key: one for one in self._reading["conversation"].each(documents, conversation_from)}

    async def states(self, organization_id: str, keys: Keys[str]) -> dict[str, tuple[str, datetime]]:
        fields = {"key": 1, "data.version": 1, "data.observed_at": 1, GRAVE: 1}
        documents = await self._by_keys(organization_id, "conversation", keys, fields)
        return {one["key"]: (one["data"]["version"], one["data"]["observed_at"]) for one in documents}

    async def parts(
        self, organization_id: str, conversation_keys: Keys[str]
    ) -> dict[str, list[ConversationPartChanged]]:
        if not conversation_keys:
            return {}
        documents = (
            await self._collections["conversation_part"]
            .of(organization_id)
            .find(
                {"key": {"$in": sorted(set(conversation_keys))}},
                projection={"key": 1, "data": 1, "created_at": 1},
            )
        )
        parts: dict[str, list[ConversationPartChanged]] = defaultdict(list)
        for key, part in self._reading["conversation_part"].each(documents, _part):
            parts[key].append(part)
        return {key: in_order(mine) for key, mine in parts.items()}

    async def openings(self, organization_id: str, conversation_keys: Keys[str]) -> dict[str, str]:
        if not conversation_keys:
            return {}
        keys = {_opening(organization_id, key): key for key in conversation_keys}
        documents = (
            await self._collections["conversation_part"]
            .of(organization_id)
            .find({"_id": {"$in": sorted(keys)}}, projection={"data.text": 1, "data.redacted": 1})
        )
        texts = self._reading["conversation_part"].each(documents, _text)
        return {keys[identity]: text for identity, text in texts if text}

    async def subjects(self, organization_id: str, conversation_keys: Keys[str]) -> dict[str, frozenset[str]]:
        keys = await self._whose(organization_id, "conversation", conversation_keys, "subject")
        return {key: whose for key, whose in keys.items() if whose}

    async def unmark_lost(self, organization_id: str, conversation_keys: Keys[str]) -> None:
        marked: dict[str, dict[str, Any]] = {key: {} for key in conversation_keys}
        await self._unset(organization_id, "conversation", marked, LEFT)

    async def save_analyses(
        self, organization_id: str, analyses: Mapping[str, tuple[Analysis, str, Sequence[str]]]
    ) -> None:
        await (
            self._collections["conversation"]
            .of(organization_id)
            .bulk_write(
                [
                    UpdateOne(
                        {"_id": identity_by_key(organization_id, "conversation", key), "key": key},
                        {
                            "$set": {
                                **analysis_fields(analysis),
                                "subject": subject,
                                "company_keys": list(company_keys),
                            }
                        },
                    )
                    for key, (analysis, subject, company_keys) in analyses.items()
                ]
            )
        )

    async def keys_by_contacts(
        self, organization_id: str, contact_keys: Keys[str], *, after: str, limit: int
    ) -> list[str]:
        query = {"contact_keys": {"$in": sorted(contact_keys)}}
        return await self._keys("conversation", organization_id, query, after, limit)

    async def keys_by_companies(
        self, organization_id: str, company_keys: Keys[str], *, after: str, limit: int
    ) -> list[str]:
        query = {"company_keys": {"$in": sorted(company_keys)}}
        return await self._keys("conversation", organization_id, query, after, limit)

    async def count_by_companies(self, organization_id: str, after: Mapping[str, str]) -> int:
        return await self._count_behind(organization_id, "company_keys", after)

    async def count_by_contacts(self, organization_id: str, after: Mapping[str, str]) -> int:
        return await self._count_behind(organization_id, "contact_keys", after)

    async def _count_behind(self, organization_id: str, field: str, after: Mapping[str, str]) -> int:
        if not after:
            return 0
        ahead = [{field: one, "key": {"$gt": key}} for one, key in sorted(after.items())]
        return await self._collections["conversation"].of(organization_id).count({"$or": ahead})

    async def digests(
        self, organization_id: str, subjects: Keys[str], since: datetime
    ) -> dict[str, list[Digest]]:
        found = await self._digests(organization_id, {"$in": sorted(subjects)}, since, _TOGETHER + 1)
        if len(found) > _TOGETHER:
            # One limit for all of them would cut whoever's conversations happen to come last.
            found = [
                document
                for subject in sorted(subjects)
                for document in await self._digests(organization_id, subject, since, MANY)
            ]
        grouped: dict[str, list[Document]] = defaultdict(list)
        for document in found:
            grouped[document["subject"]].append(document)
        return {
            subject: self._reading["conversation"].each(sorted(mine, key=_UPDATED_AT)[-MANY:], digest_from)
            for subject, mine in grouped.items()
        }

    async def _digests(
        self, organization_id: str, subject: Any, since: datetime, limit: int
    ) -> list[Document]:
        scoped = self._collections["conversation"].of(organization_id)
        return await scoped.find(
            {"subject": subject, "updated_at": {"$gte": since}},
            projection=DIGEST_FIELDS,
            sort=None if isinstance(subject, dict) else _NEWEST_FIRST,
            limit=limit,
        )

    async def newest(
        self, organization_id: str, subject: str, since: datetime, limit: int
    ) -> list[MirroredConversation]:
        scoped = self._collections["conversation"].of(organization_id)
        documents = await scoped.find(
            {"subject": subject, "updated_at": {"$gte": since}}, sort=_NEWEST_FIRST, limit=limit
        )
        return self._reading["conversation"].each(documents, conversation_from)

    async def keys_after(self, organization_id: str, workspace_id: str, cursor: str, limit: int) -> list[str]:
        return await self._keys_after("conversation", organization_id, workspace_id, cursor, limit)

    async def unread(self, organization_id: str, keys: Keys[str], fingerprint: str) -> list[str]:
        if not keys:
            return []
        documents = (
            await self._collections["conversation"]
            .of(organization_id)
            .find(
                {
                    "_id": {"$in": [identity_by_key(organization_id, "conversation", key) for key in keys]},
                    "analysis.fingerprint": {"$ne": fingerprint},
                },
                projection={"_id": 0, "key": 1},
            )
        )
        return sorted(document["key"] for document in documents if "key" in document)

    async def count_conversations(self, organization_id: str, workspace_id: str) -> int:
        return await self._count("conversation", organization_id, workspace_id)
