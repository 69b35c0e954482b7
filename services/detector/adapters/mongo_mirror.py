"""The mirror in MongoDB's protocol: one collection a resource type, parts apart from conversations.

Parts have their own documents because a conversation of five hundred long parts is larger than any
document may be. `_id` is the key of the resource's records on the bus, so a repeat finds its document.
A deleted resource leaves a grave (no content, only when it was observed) for as long as older records
might still come.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from pymongo import DeleteMany, ReplaceOne, UpdateOne

from services.detector.adapters.guarded import store_newer, write_newer
from services.detector.adapters.mirror_documents import (
    DIGEST_FIELDS,
    FOLLOW_FROM,
    LEFT,
    READ_TO,
    REGROUPED,
    analysis_fields,
    company_from,
    conversation_from,
    digest_from,
    fields_of,
    suggestion_fields,
)
from services.detector.domain.identity import resource_key
from services.detector.domain.mirror import Writers
from services.detector.domain.spoken import in_order
from shared.contracts.resources import (
    AdminChanged,
    ContactChanged,
    ConversationPartChanged,
    record_key,
)
from shared.documents.collection import Collection, Index

if TYPE_CHECKING:
    from collections.abc import Collection as Keys
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pymongo.asynchronous.database import AsyncDatabase

    from services.detector.domain.matching import Match, Suggestion
    from services.detector.domain.mirror import Analysis, Digest, MirroredCompany, MirroredConversation
    from shared.contracts.resources import CompanyChanged, ResourceDeleted, ResourceEvent
    from shared.documents.collection import Write
    from shared.documents.database import Document

_RESOURCES = ("admin", "team", "tag", "contact", "company", "conversation", "conversation_part")
_NAMES: Mapping[str, str] = {
    "admin": "admins",
    "team": "teams",
    "tag": "tags",
    "contact": "contacts",
    "company": "companies",
    "conversation": "conversations",
    "conversation_part": "parts",
}
_GRAVE = "deleted_at"
"""The field of a grave: when its resource was seen to be gone."""

_GRAVE_SECONDS = 90 * 86_400
"""As long as dead letters are kept: until then an older record of a deleted thing may be fed in again."""

_LOST = ("company", "conversation")
"""What customers, or subjects, are to lose when it is deleted."""

_MANY = 2_000
"""Documents that one question about a customer may return; the newest are kept."""

_TOGETHER = 5_000
"""Digests that one question about several customers may return; with more, each is asked about by itself."""

_NEWEST_FIRST = (("updated_at", -1),)
_UPDATED_AT = itemgetter("updated_at")


class MongoMirror:
    """See `ports.Mirror`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._collections = {resource: Collection(database, _NAMES[resource]) for resource in _RESOURCES}

    async def prepare(self) -> None:
        """Make the indexes that are missing."""
        organization = ("organization_id", 1)
        indexes: dict[str, tuple[tuple[tuple[str, int], ...], ...]] = {
            "admin": ((organization, ("workspace_id", 1)),),
            "tag": ((organization, ("data.name", 1)),),
            "contact": (
                (organization, ("company_keys", 1)),
                (organization, ("email", 1)),
                (organization, ("email_domain", 1)),
                (organization, ("tag_keys", 1)),
                (organization, ("key", 1), ("_id", 1)),
            ),
            "company": (
                (organization, ("tag_keys", 1)),
                (organization, ("customer_id", 1)),
                (organization, ("external_id", 1)),
                (organization, ("undecided", 1), ("key", 1), ("_id", 1)),
                (organization, ("name_normalised", 1)),
                (organization, ("workspace_id", 1), ("key", 1)),
            ),
            "conversation": (
                (organization, ("subject", 1), ("updated_at", -1), ("_id", -1)),
                (organization, ("contact_keys", 1), ("updated_at", -1), ("_id", -1)),
                (organization, ("company_keys", 1)),
                (organization, ("workspace_id", 1), ("key", 1)),
                (organization, ("updated_at", -1), ("_id", -1)),
                (organization, ("tag_keys", 1), ("updated_at", -1), ("_id", -1)),
                (organization, ("teammate_keys", 1), ("updated_at", -1), ("_id", -1)),
                (organization, ("analysis.other_language", 1)),
            ),
            "conversation_part": ((organization, ("key", 1), ("created_at", 1)),),
        }
        for resource, collection in self._collections.items():
            await collection.ensure_indexes(
                Index(keys=(organization, ("connection_id", 1))),
                Index(keys=((_GRAVE, 1),), sparse=True, expire_after_seconds=_GRAVE_SECONDS),
                *(Index(keys=keys) for keys in indexes.get(resource, ())),
            )

    async def store(
        self, organization_id: str, records: Sequence[ResourceEvent], *, regrouped: bool = False
    ) -> None:
        documents: dict[str, list[Document]] = defaultdict(list)
        mark = {REGROUPED: True, READ_TO: ""} if regrouped else {}
        for record in records:
            documents[record.RESOURCE].append({"_id": record.key(), **fields_of(record), **mark})
        await asyncio.gather(
            *(
                store_newer(self._collections[resource].of(organization_id), mine, grave=_GRAVE)
                for resource, mine in documents.items()
            )
        )

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
            losing = (left or {}).get(resource_key(deletion.workspace_id, deletion.id), ())
            mark = {LEFT: sorted(losing)} if losing and deletion.resource in _LOST else {}
            writes[deletion.resource].append(
                ReplaceOne(
                    {"_id": identity, "observed_at": {"$lte": deletion.observed_at}},
                    {
                        "_id": identity,
                        "organization_id": organization_id,
                        "connection_id": deletion.connection_id,
                        "workspace_id": deletion.workspace_id,
                        "observed_at": deletion.observed_at,
                        _GRAVE: deletion.observed_at,
                        **mark,
                    },
                    upsert=True,
                )
            )
            if deletion.resource == "conversation":
                key = resource_key(deletion.workspace_id, deletion.id)
                writes["conversation_part"].append(
                    DeleteMany({"key": key, "observed_at": {"$lte": deletion.observed_at}})
                )
        for resource, mine in writes.items():
            await write_newer(self._collections[resource].of(organization_id), mine)

    async def _by_keys(
        self, organization_id: str, resource: str, keys: Keys[str], projection: Any = None
    ) -> list[Document]:
        if not keys:
            return []
        ids = [_identity_by_key(organization_id, resource, key) for key in sorted(set(keys))]
        found = (
            await self._collections[resource]
            .of(organization_id)
            .find({"_id": {"$in": ids}}, projection=projection)
        )
        return [document for document in found if _GRAVE not in document]

    async def _unset(
        self, organization_id: str, resource: str, marked: Mapping[str, Mapping[str, Any]], *fields: str
    ) -> None:
        """Take fields from these documents, each by its key with what must still be true of it."""
        if marked:
            await (
                self._collections[resource]
                .of(organization_id)
                .bulk_write(
                    [
                        UpdateOne(
                            {"_id": _identity_by_key(organization_id, resource, key), **still},
                            {"$unset": dict.fromkeys(fields, "")},
                        )
                        for key, still in marked.items()
                    ]
                )
            )

    async def conversations(self, organization_id: str, keys: Keys[str]) -> dict[str, MirroredConversation]:
        found = await self._by_keys(organization_id, "conversation", keys)
        return {document["key"]: conversation_from(document) for document in found}

    async def parts(
        self, organization_id: str, conversation_keys: Keys[str]
    ) -> dict[str, list[ConversationPartChanged]]:
        if not conversation_keys:
            return {}
        found = (
            await self._collections["conversation_part"]
            .of(organization_id)
            .find(
                {"key": {"$in": sorted(set(conversation_keys))}},
                projection={"key": 1, "data": 1, "created_at": 1},
            )
        )
        parts: dict[str, list[ConversationPartChanged]] = defaultdict(list)
        for document in found:
            parts[document["key"]].append(ConversationPartChanged.model_validate(document["data"]))
        return {key: in_order(mine) for key, mine in parts.items()}

    async def contacts(self, organization_id: str, keys: Keys[str]) -> dict[str, ContactChanged]:
        found = await self._by_keys(organization_id, "contact", keys)
        return {document["key"]: ContactChanged.model_validate(document["data"]) for document in found}

    async def marked_contacts(self, organization_id: str, keys: Keys[str]) -> dict[str, datetime]:
        shown = {"key": 1, "observed_at": 1, REGROUPED: 1, _GRAVE: 1}
        found = await self._by_keys(organization_id, "contact", keys, shown)
        return {document["key"]: document["observed_at"] for document in found if REGROUPED in document}

    async def unmark_contacts(self, organization_id: str, observed: Mapping[str, datetime]) -> None:
        marked = {key: {"observed_at": at} for key, at in observed.items()}
        await self._unset(organization_id, "contact", marked, REGROUPED)

    async def companies(self, organization_id: str, keys: Keys[str]) -> dict[str, MirroredCompany]:
        found = await self._by_keys(organization_id, "company", keys)
        return {document["key"]: company_from(document) for document in found}

    async def owners(self, organization_id: str, company_keys: Keys[str]) -> dict[str, frozenset[str]]:
        return await self._whose(organization_id, "company", company_keys, "customer_id")

    async def subjects(self, organization_id: str, conversation_keys: Keys[str]) -> dict[str, frozenset[str]]:
        found = await self._whose(organization_id, "conversation", conversation_keys, "subject")
        return {key: whose for key, whose in found.items() if whose}

    async def _whose(
        self, organization_id: str, resource: str, keys: Keys[str], field: str
    ) -> dict[str, frozenset[str]]:
        """Return by key who has these, by this field, and who is still to lose them."""
        identities = {_identity_by_key(organization_id, resource, key): key for key in keys}
        scoped = self._collections[resource].of(organization_id)
        found = await scoped.find(
            {"_id": {"$in": sorted(identities)}}, projection={field: 1, LEFT: 1, _GRAVE: 1}
        )
        return {
            identities[one["_id"]]: frozenset(filter(None, (one.get(field), *one.get(LEFT, ()))))
            for one in found
            if LEFT in one or _GRAVE not in one
        }

    async def unmark_companies(self, organization_id: str, companies: Sequence[MirroredCompany]) -> None:
        marked = {
            one.key: {
                "customer_id": one.customer_id,
                "observed_at": one.record.observed_at,
                FOLLOW_FROM: one.follow_from,
            }
            for one in companies
        }
        await self._unset(organization_id, "company", marked, REGROUPED, LEFT, FOLLOW_FROM, READ_TO)

    async def unmark_deletions(self, organization_id: str, company_keys: Keys[str]) -> None:
        marked = {key: {_GRAVE: {"$exists": True}} for key in company_keys}
        await self._unset(organization_id, "company", marked, LEFT)

    async def unmark_lost(self, organization_id: str, conversation_keys: Keys[str]) -> None:
        marked: dict[str, dict[str, Any]] = {key: {} for key in conversation_keys}
        await self._unset(organization_id, "conversation", marked, LEFT)

    async def companies_of(
        self, organization_id: str, customer_ids: Keys[str]
    ) -> dict[str, list[CompanyChanged]]:
        if not customer_ids:
            return {}
        found = (
            await self._collections["company"]
            .of(organization_id)
            .find({"customer_id": {"$in": sorted(set(customer_ids))}}, sort=[("_id", 1)], limit=_MANY)
        )
        companies: dict[str, list[CompanyChanged]] = defaultdict(list)
        for document in found:
            companies[document["customer_id"]].append(company_from(document).record)
        return dict(companies)

    async def companies_like(
        self, organization_id: str, external_ids: Keys[str], names: Keys[str]
    ) -> list[MirroredCompany]:
        collection = self._collections["company"].of(organization_id)
        found: dict[str, Document] = {}
        for field, values in (("external_id", external_ids), ("name_normalised", names)):
            for document in await collection.find({field: {"$in": sorted(values)}}) if values else []:
                found[document["_id"]] = document
        return [company_from(document) for document in found.values()]

    async def tag_names(self, organization_id: str, keys: Keys[str]) -> dict[str, str]:
        found = await self._by_keys(organization_id, "tag", keys)
        return {document["key"]: document["data"]["name"] for document in found}

    async def admins(self, organization_id: str, workspace_ids: Keys[str]) -> list[AdminChanged]:
        found = (
            await self._collections["admin"]
            .of(organization_id)
            .find({"workspace_id": {"$in": sorted(workspace_ids)}}, limit=_MANY)
        )
        return [AdminChanged.model_validate(one["data"]) for one in found if _GRAVE not in one]

    async def save_match(
        self,
        organization_id: str,
        company_key: str,
        match: Match,
        *,
        left: Keys[str] | None = None,
        follow_from: datetime | None = None,
    ) -> None:
        fields = {
            "customer_id": match.customer_id,
            "basis": match.basis,
            **suggestion_fields(match.suggestions, matched=match.basis != "none"),
        }
        if left is not None:
            fields |= {REGROUPED: True, FOLLOW_FROM: follow_from, READ_TO: ""}
        update: dict[str, Any] = {"$set": fields}
        if left:
            update["$addToSet"] = {LEFT: {"$each": sorted(left)}}
        identity = _identity_by_key(organization_id, "company", company_key)
        # With the key, which a grave has not: who was deleted meanwhile belongs to nobody.
        await (
            self._collections["company"]
            .of(organization_id)
            .update_one({"_id": identity, "key": company_key}, update)
        )

    async def matched(self, organization_id: str, keys: Keys[str]) -> dict[str, str]:
        found = await self._by_keys(
            organization_id, "company", keys, {"key": 1, "customer_id": 1, "basis": 1, _GRAVE: 1}
        )
        return {one["key"]: one["customer_id"] for one in found if one.get("basis", "none") != "none"}

    async def save_suggestions(
        self, organization_id: str, company_key: str, suggestions: Sequence[Suggestion]
    ) -> None:
        identity = _identity_by_key(organization_id, "company", company_key)
        await (
            self._collections["company"]
            .of(organization_id)
            .update_one(
                {"_id": identity, "basis": "none"},
                {"$set": suggestion_fields(suggestions, matched=False)},
            )
        )

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
                    {"$limit": _MANY},
                ]
            )
        )
        return [Writers(one["_id"]["domain"], tuple(one["_id"]["companies"]), one["people"]) for one in found]

    async def save_analyses(
        self, organization_id: str, analyses: Mapping[str, tuple[Analysis, str, Sequence[str]]]
    ) -> None:
        await (
            self._collections["conversation"]
            .of(organization_id)
            .bulk_write(
                [
                    UpdateOne(
                        {"_id": _identity_by_key(organization_id, "conversation", key), "key": key},
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

    async def _conversation_keys(self, organization_id: str, query: Mapping[str, Any]) -> list[str]:
        found = (
            await self._collections["conversation"]
            .of(organization_id)
            .find(query, projection={"_id": 0, "key": 1})
        )
        return sorted({document["key"] for document in found})

    async def keys_by_contacts(self, organization_id: str, contact_keys: Keys[str]) -> list[str]:
        return await self._conversation_keys(organization_id, {"contact_keys": {"$in": sorted(contact_keys)}})

    async def keys_by_companies(self, organization_id: str, company_keys: Keys[str]) -> list[str]:
        return await self._conversation_keys(organization_id, {"company_keys": {"$in": sorted(company_keys)}})

    async def digests(
        self, organization_id: str, subjects: Keys[str], since: datetime
    ) -> dict[str, list[Digest]]:
        found = await self._digests(organization_id, {"$in": sorted(subjects)}, since, _TOGETHER + 1)
        if len(found) > _TOGETHER:
            # One limit for all of them would cut whoever's conversations happen to come last.
            found = [
                document
                for subject in sorted(subjects)
                for document in await self._digests(organization_id, subject, since, _MANY)
            ]
        grouped: dict[str, list[Document]] = defaultdict(list)
        for document in found:
            grouped[document["subject"]].append(document)
        return {
            subject: [digest_from(one) for one in sorted(mine, key=_UPDATED_AT)[-_MANY:]]
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
        found = await scoped.find(
            {"subject": subject, "updated_at": {"$gte": since}}, sort=_NEWEST_FIRST, limit=limit
        )
        return [conversation_from(document) for document in found]

    async def keys_after(self, organization_id: str, workspace_id: str, cursor: str, limit: int) -> list[str]:
        return await self._keys_after("conversation", organization_id, workspace_id, cursor, limit)

    async def unread(self, organization_id: str, keys: Keys[str], fingerprint: str) -> list[str]:
        if not keys:
            return []
        found = (
            await self._collections["conversation"]
            .of(organization_id)
            .find(
                {
                    "_id": {"$in": [_identity_by_key(organization_id, "conversation", key) for key in keys]},
                    "analysis.fingerprint": {"$ne": fingerprint},
                },
                projection={"_id": 0, "key": 1},
            )
        )
        return sorted(document["key"] for document in found if "key" in document)

    async def company_keys_after(
        self, organization_id: str, workspace_id: str, cursor: str, limit: int
    ) -> list[str]:
        return await self._keys_after("company", organization_id, workspace_id, cursor, limit)

    async def company_keys_of(
        self, organization_id: str, connection_id: str, cursor: str, limit: int
    ) -> list[str]:
        return await self._keys("company", organization_id, {"connection_id": connection_id}, cursor, limit)

    async def _keys_after(
        self, resource: str, organization_id: str, workspace_id: str, cursor: str, limit: int
    ) -> list[str]:
        return await self._keys(resource, organization_id, {"workspace_id": workspace_id}, cursor, limit)

    async def _keys(
        self, resource: str, organization_id: str, query: Mapping[str, str], cursor: str, limit: int
    ) -> list[str]:
        found = (
            await self._collections[resource]
            .of(organization_id)
            .find(
                {**query, "key": {"$gt": cursor}},
                projection={"_id": 0, "key": 1},
                sort=[("key", 1)],
                limit=limit,
            )
        )
        return [document["key"] for document in found]

    async def count_conversations(self, organization_id: str, workspace_id: str) -> int:
        return await self._count("conversation", organization_id, workspace_id)

    async def count_companies(self, organization_id: str, workspace_id: str) -> int:
        return await self._count("company", organization_id, workspace_id)

    async def _count(self, resource: str, organization_id: str, workspace_id: str) -> int:
        scoped = self._collections[resource].of(organization_id)
        return await scoped.count({"workspace_id": workspace_id, "key": {"$gt": ""}})

    async def remove(self, organization_id: str, connection_id: str, workspace_id: str | None) -> int:
        removed = 0
        for collection in self._collections.values():
            scoped = collection.of(organization_id)
            removed += (await scoped.delete_many({"connection_id": connection_id})).deleted_count
            if workspace_id:
                removed += (await scoped.delete_many({"workspace_id": workspace_id})).deleted_count
        return removed


def _identity_by_key(organization_id: str, resource: str, key: str) -> str:
    workspace_id, _, resource_id = key.partition(":")
    return record_key(organization_id, workspace_id, resource, resource_id)
