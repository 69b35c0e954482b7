"""The mirror in MongoDB's protocol: records come, are deleted and go the same way, of whatever type.

A deleted resource leaves a grave (no content, only when it was observed) for as long as older records
might still come. What is asked of companies and conversations alone has modules of its own.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pymongo import DeleteMany, ReplaceOne

from services.detector.adapters.guarded import store_newer, write_newer
from services.detector.adapters.mirror_documents import (
    BURIED_KEY,
    CONVERSATIONS,
    COUNT_FROM,
    FOLLOW_FROM,
    GRAVE,
    HEIR,
    LEFT,
    READ_TO,
    REGROUPED,
    fields_of,
)
from services.detector.adapters.mongo_mirror_collections import MANY, identity_by_key
from services.detector.adapters.mongo_mirror_companies import MirrorCompanies
from services.detector.adapters.mongo_mirror_conversations import MirrorConversations
from services.detector.domain.identity import resource_key
from services.detector.domain.mirror import Writers
from shared.contracts.resources import AdminChanged, ContactChanged, ConversationPartChanged, TagChanged

if TYPE_CHECKING:
    from collections.abc import Collection as Keys
    from collections.abc import Iterator, Mapping, Sequence

    from services.detector.domain.mirror import ToFollow
    from shared.contracts.resources import ResourceDeleted, ResourceEvent
    from shared.documents.collection import Write
    from shared.documents.database import Document

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)

_MOST_MERGES = 5
"""Merges of one contact after another that are gone along; more of them go in a circle."""

_LOST = ("company", "conversation")
"""What customers, or subjects, are to lose when it is deleted."""


class MongoMirror(MirrorCompanies, MirrorConversations):
    """See `ports.Mirror`."""

    async def store(
        self, organization_id: str, records: Sequence[ResourceEvent], *, regrouped: bool = False
    ) -> None:
        documents: dict[str, list[Document]] = defaultdict(list)
        mark = {REGROUPED: True, READ_TO: ""} if regrouped else {}
        buried = await self._buried(organization_id, records)
        for record in records:
            if isinstance(record, ConversationPartChanged) and record.observed_at <= buried.get(
                resource_key(record.workspace_id, record.conversation_id), _NEVER
            ):
                continue  # Its conversation was deleted since, and nothing would delete it again.
            # Who is new, or back from a grave, may have conversations that came before.
            due = {COUNT_FROM: record.observed_at} if regrouped and isinstance(record, ContactChanged) else {}
            documents[record.RESOURCE].append({"_id": record.key(), **fields_of(record), **mark, **due})
        await asyncio.gather(
            *(
                store_newer(
                    self._collections[resource].of(organization_id),
                    mine,
                    grave=GRAVE,
                    first={CONVERSATIONS: 0} if resource == "contact" else None,
                )
                for resource, mine in documents.items()
            )
        )

    async def _buried(self, organization_id: str, records: Sequence[ResourceEvent]) -> dict[str, datetime]:
        """Return by key when those conversations were seen to be gone whose parts are among these records."""
        keys = {
            resource_key(one.workspace_id, one.conversation_id)
            for one in records
            if isinstance(one, ConversationPartChanged)
        }
        ids = {identity_by_key(organization_id, "conversation", key): key for key in keys}
        if not ids:
            return {}
        documents = await (
            self._collections["conversation"]
            .of(organization_id)
            .find({"_id": {"$in": sorted(ids)}, GRAVE: {"$gt": _NEVER}}, projection={GRAVE: 1})
        )
        return {ids[one["_id"]]: one[GRAVE] for one in documents}

    async def bury(
        self,
        organization_id: str,
        deletions: Sequence[ResourceDeleted],
        *,
        left: Mapping[str, Keys[str]] | None = None,
    ) -> None:
        writes: dict[str, list[Write]] = defaultdict(list)
        for deletion in deletions:
            identity = deletion.key()
            key = resource_key(deletion.workspace_id, deletion.id)
            losing = (left or {}).get(key, ())
            mark: Document = {LEFT: sorted(losing)} if losing and deletion.resource in _LOST else {}
            if deletion.resource == "contact":
                mark = {REGROUPED: True}
                if deletion.successor_id is not None:
                    mark[HEIR] = resource_key(deletion.workspace_id, deletion.successor_id)
            if mark and deletion.resource != "conversation":
                mark[BURIED_KEY] = key
            writes[deletion.resource].append(
                ReplaceOne(
                    {"_id": identity, "observed_at": {"$lte": deletion.observed_at}},
                    {
                        "_id": identity,
                        "organization_id": organization_id,
                        "connection_id": deletion.connection_id,
                        "workspace_id": deletion.workspace_id,
                        "observed_at": deletion.observed_at,
                        GRAVE: deletion.observed_at,
                        **mark,
                    },
                    upsert=True,
                )
            )
            if deletion.resource == "conversation":
                writes["conversation_part"].append(
                    DeleteMany({"key": key, "observed_at": {"$lte": deletion.observed_at}})
                )
        for resource, mine in writes.items():
            await write_newer(self._collections[resource].of(organization_id), mine)

    async def contacts(self, organization_id: str, keys: Keys[str]) -> dict[str, ContactChanged]:
        documents = await self._by_keys(organization_id, "contact", keys)
        return dict(self._reading["contact"].each(documents, _contact))

    async def heirs(self, organization_id: str, keys: Keys[str]) -> dict[str, ContactChanged]:
        heirs: dict[str, ContactChanged] = {}
        ahead = {key: key for key in keys}
        for _ in range(_MOST_MERGES):
            graves = await self._graves(organization_id, set(ahead.values()))
            ahead = {key: graves[place] for key, place in ahead.items() if place in graves}
            if not ahead:
                break
            living = await self.contacts(organization_id, set(ahead.values()))
            heirs |= {key: living[place] for key, place in ahead.items() if place in living}
        return heirs

    async def _graves(self, organization_id: str, keys: Keys[str]) -> dict[str, str]:
        """Return by key whom those of these contacts that lie in a grave were merged into."""
        ids = {identity_by_key(organization_id, "contact", key): key for key in keys}
        scoped = self._collections["contact"].of(organization_id)
        documents = await scoped.find({"_id": {"$in": sorted(ids)}}, projection={HEIR: 1, GRAVE: 1})
        return {ids[one["_id"]]: one[HEIR] for one in documents if GRAVE in one and HEIR in one}

    async def mark_merged(self, organization_id: str, heir_keys: Keys[str]) -> set[str]:
        scoped = self._collections["contact"].of(organization_id)
        heirs: dict[str, str] = {}
        ahead = set(heir_keys)
        for _ in range(_MOST_MERGES):
            fresh: dict[str, str] = {}
            for portion in _portions(ahead):
                graves = scoped.stream({HEIR: {"$in": portion}}, projection={BURIED_KEY: 1, GRAVE: 1})
                async for one in graves:
                    if GRAVE in one and one["_id"] not in heirs:
                        fresh[one["_id"]] = one[BURIED_KEY]
            if not fresh:
                break
            heirs |= fresh
            ahead = set(fresh.values())
        for portion in _portions(heirs):
            await scoped.update_many(
                {"_id": {"$in": portion}},
                {"$set": {REGROUPED: True, READ_TO: ""}, "$unset": {FOLLOW_FROM: ""}},
            )
        return set(heirs.values())

    async def marked_contacts(self, organization_id: str, keys: Keys[str]) -> dict[str, ToFollow]:
        marks = await self._marked(organization_id, "contact", keys, REGROUPED) if keys else {}
        return {key: one for key, (one, _) in marks.items()}

    async def unmark_contacts(self, organization_id: str, marks: Keys[ToFollow]) -> None:
        marked = {one.key: {"observed_at": one.observed_at, FOLLOW_FROM: one.follow_from} for one in marks}
        await self._unset(organization_id, "contact", marked, REGROUPED, FOLLOW_FROM, READ_TO)

    async def writers(
        self, organization_id: str, *, company_keys: Keys[str] = (), domains: Keys[str] = ()
    ) -> list[Writers]:
        query: dict[str, Any] = {"email_domain": {"$in": sorted(domains)}}
        if company_keys:
            query = {"company_keys": {"$in": sorted(company_keys)}, "email_domain": {"$gt": ""}}
        elif not domains:
            return []
        found = (
            await self._collections["contact"]
            .of(organization_id)
            .aggregate(
                [
                    {"$match": query},
                    {
                        "$group": {
                            "_id": {"domain": "$email_domain", "companies": "$company_keys"},
                            "people": {"$sum": 1},
                        }
                    },
                    {"$sort": {"people": -1, "_id": 1}},
                    {"$limit": MANY},
                ]
            )
        )
        return [Writers(one["_id"]["domain"], tuple(one["_id"]["companies"]), one["people"]) for one in found]

    async def tag_names(self, organization_id: str, keys: Keys[str]) -> dict[str, str]:
        documents = await self._by_keys(organization_id, "tag", keys)
        return dict(self._reading["tag"].each(documents, _tag_name))

    async def admins(self, organization_id: str, workspace_ids: Keys[str]) -> list[AdminChanged]:
        documents = (
            await self._collections["admin"]
            .of(organization_id)
            .find({"workspace_id": {"$in": sorted(workspace_ids)}}, limit=MANY)
        )
        return self._reading["admin"].each([one for one in documents if GRAVE not in one], _admin)

    async def remove(self, organization_id: str, connection_id: str, workspace_id: str | None) -> int:
        removed = 0
        for collection in self._collections.values():
            scoped = collection.of(organization_id)
            removed += (await scoped.delete_many({"connection_id": connection_id})).deleted_count
            if workspace_id:
                removed += (await scoped.delete_many({"workspace_id": workspace_id})).deleted_count
        return removed


def _contact(document: Document) -> tuple[str, ContactChanged]:
    return document["key"], ContactChanged.model_validate(document["data"])


def _tag_name(document: Document) -> tuple[str, str]:
    return document["key"], TagChanged.model_validate(document["data"]).name


def _admin(document: Document) -> AdminChanged:
    return AdminChanged.model_validate(document["data"])


def _portions(keys: Keys[str]) -> Iterator[list[str]]:
    """Return all of them in order, in lists that a question can hold however many there are."""
    ordered = sorted(keys)
    return (ordered[start : start + MANY] for start in range(0, len(ordered), MANY))
