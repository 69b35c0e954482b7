"""The mirror's collections, and what is asked of each of them in the same way.

One collection a resource type, parts apart from conversations: they have their own documents because a
conversation of five hundred long parts is larger than any document may be. `_id` is the key of the resource's
records on the bus, so a repeat finds its document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo import UpdateOne

from services.detector.adapters.mirror_documents import (
    CONVERSATIONS,
    FOLLOW_FROM,
    GRAVE,
    HEIR,
    LEFT,
    READ_TO,
    to_follow_from,
)
from shared.contracts.resources import record_key
from shared.documents.collection import Collection, Index
from shared.documents.reading import door

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Collection as Keys

    from pymongo.asynchronous.database import AsyncDatabase

    from services.detector.domain.mirror import ToFollow
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

_GRAVE_SECONDS = 90 * 86_400
"""As long as dead letters are kept: until then an older record of a deleted thing may be fed in again."""

MANY = 2_000
"""Documents that one question about a customer may return; the newest are kept."""


class MirrorCollections:
    """The collections by resource type; each part of the mirror goes through these."""

    def __init__(
        self, database: AsyncDatabase[Document], left_out: Callable[[str], None] | None = None
    ) -> None:
        """With `left_out`, what cannot be read is left out of answers, and told by its collection's name."""
        self._collections = {resource: Collection(database, _NAMES[resource]) for resource in _RESOURCES}
        self._reading = {resource: door(_NAMES[resource], left_out) for resource in _RESOURCES}

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
                (organization, ("sort_last", -1), ("_id", -1)),
                (organization, (CONVERSATIONS, -1), ("_id", -1)),
            ),
            "company": (
                (organization, ("tag_keys", 1)),
                (organization, ("customer_id", 1)),
                (organization, ("external_id", 1)),
                (organization, ("undecided", 1), ("key", 1), ("_id", 1)),
                (organization, ("name_normalised", 1), ("_id", 1)),
                (organization, ("basis", 1), ("name_normalised", 1), ("_id", 1)),
                (organization, ("workspace_id", 1), ("key", 1)),
            ),
            "conversation": (
                (organization, ("subject", 1), ("updated_at", -1), ("_id", -1)),
                (organization, ("contact_keys", 1), ("updated_at", -1), ("_id", -1)),
                (organization, ("contact_keys", 1), ("key", 1)),
                (organization, ("company_keys", 1), ("key", 1)),
                (organization, ("workspace_id", 1), ("key", 1)),
                (organization, ("updated_at", -1), ("_id", -1)),
                (organization, ("tag_keys", 1), ("updated_at", -1), ("_id", -1)),
                (organization, ("teammate_keys", 1), ("updated_at", -1), ("_id", -1)),
                (organization, ("summary.state", 1), ("updated_at", -1), ("_id", -1)),
                (organization, ("analysis.other_language", 1)),
            ),
            "conversation_part": ((organization, ("key", 1), ("created_at", 1)),),
        }
        for resource, collection in self._collections.items():
            await collection.ensure_indexes(
                Index(keys=(organization, ("connection_id", 1))),
                Index(keys=((HEIR, 1),), sparse=True),
                Index(keys=((GRAVE, 1),), sparse=True, expire_after_seconds=_GRAVE_SECONDS),
                *(Index(keys=keys) for keys in indexes.get(resource, ())),
            )

    async def _by_keys(
        self, organization_id: str, resource: str, keys: Keys[str], projection: Any = None
    ) -> list[Document]:
        if not keys:
            return []
        ids = [identity_by_key(organization_id, resource, key) for key in sorted(set(keys))]
        documents = (
            await self._collections[resource]
            .of(organization_id)
            .find({"_id": {"$in": ids}}, projection=projection)
        )
        return [document for document in documents if GRAVE not in document]

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
                            {"_id": identity_by_key(organization_id, resource, key), **still},
                            {"$unset": dict.fromkeys(fields, "")},
                        )
                        for key, still in marked.items()
                    ]
                )
            )

    async def _marked(
        self, organization_id: str, resource: str, keys: Keys[str], mark: str
    ) -> dict[str, tuple[ToFollow, bool]]:
        """Return by key those with this mark, or that anybody is to follow, and whether each is a grave."""
        identities = {identity_by_key(organization_id, resource, key): key for key in keys}
        fields = ("connection_id", "observed_at", "customer_id", mark, FOLLOW_FROM, READ_TO, LEFT, GRAVE)
        documents = (
            await self._collections[resource]
            .of(organization_id)
            .find({"_id": {"$in": sorted(identities)}}, projection=dict.fromkeys(fields, 1))
        )
        return {
            identities[one["_id"]]: (to_follow_from(one, identities[one["_id"]]), GRAVE in one)
            for one in documents
            if mark in one or FOLLOW_FROM in one
        }

    async def _whose(
        self, organization_id: str, resource: str, keys: Keys[str], field: str
    ) -> dict[str, frozenset[str]]:
        """Return by key who has these, by this field, and who is still to lose them."""
        identities = {identity_by_key(organization_id, resource, key): key for key in keys}
        scoped = self._collections[resource].of(organization_id)
        documents = await scoped.find(
            {"_id": {"$in": sorted(identities)}}, projection={field: 1, LEFT: 1, GRAVE: 1}
        )
        return {
            identities[one["_id"]]: frozenset(filter(None, (one.get(field), *one.get(LEFT, ()))))
            for one in documents
            if LEFT in one or GRAVE not in one
        }

    async def _keys_after(
        self, resource: str, organization_id: str, workspace_id: str, cursor: str, limit: int
    ) -> list[str]:
        return await self._keys(resource, organization_id, {"workspace_id": workspace_id}, cursor, limit)

    async def _keys(
        self, resource: str, organization_id: str, query: Mapping[str, Any], cursor: str, limit: int
    ) -> list[str]:
        documents = (
            await self._collections[resource]
            .of(organization_id)
            .find(
                {**query, "key": {"$gt": cursor}},
                projection={"_id": 0, "key": 1},
                sort=[("key", 1)],
                limit=limit,
            )
        )
        return [document["key"] for document in documents]

    async def _count(self, resource: str, organization_id: str, workspace_id: str) -> int:
        scoped = self._collections[resource].of(organization_id)
        return await scoped.count({"workspace_id": workspace_id, "key": {"$gt": ""}})


def identity_by_key(organization_id: str, resource: str, key: str) -> str:
    workspace_id, _, resource_id = key.partition(":")
    return record_key(organization_id, workspace_id, resource, resource_id)
