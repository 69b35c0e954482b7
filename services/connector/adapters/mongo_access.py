"""OAuth states, bearer keys and seen notifications in MongoDB."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from services.connector.ports import ApiKeyRecord, OAuthState
from shared.contracts.connections import ApiKeyRevoked
from shared.documents.collection import ORGANIZATION, Collection, Index, database_errors
from shared.documents.pending import PENDING_INDEX, PendingFacts, pending_facts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pymongo.asynchronous.database import AsyncDatabase

    from shared.clock import Clock
    from shared.messaging.publisher import EventPublisher

_NOTICES_KEPT_SECONDS = 3 * 3_600
"""Intercom retries once, after a minute, and drops throttled notifications after two hours (FACTS §9)."""


class MongoOAuthStates:
    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._collection = Collection(database, "oauth_states")

    async def ensure_indexes(self) -> None:
        await self._collection.ensure_indexes(
            Index((("expires_at", 1),), expire_after_seconds=0, name="expiry")
        )

    async def add(self, state: OAuthState) -> None:
        fields = asdict(state)
        del fields["state"]
        await self._collection.of(state.organization_id).insert_one({"_id": _hashed(state.state), **fields})

    async def take(self, state: str) -> OAuthState | None:
        # The callback carries no organization of its own: the state is what names it.
        with database_errors():
            document = await self._collection.across_organizations().find_one_and_delete(
                {"_id": _hashed(state)}
            )
        if document is None:
            return None
        return OAuthState(
            state=state,
            organization_id=document[ORGANIZATION],
            user_name=document["user_name"],
            browser=document["browser"],
            expires_at=document["expires_at"],
        )


def _hashed(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()


class MongoApiKeys:
    def __init__(
        self, database: AsyncDatabase[dict[str, Any]], publisher: EventPublisher, clock: Clock
    ) -> None:
        self._collection = Collection(database, "api_keys")
        self.pending = PendingFacts(self._collection, publisher, clock)

    async def ensure_indexes(self) -> None:
        await self._collection.ensure_indexes(
            Index((("organization_id", 1), ("created_at", -1)), name="organization"), PENDING_INDEX
        )

    async def add(self, key: ApiKeyRecord) -> None:
        fields = asdict(key)
        del fields["key_id"]
        await self._collection.of(key.organization_id).insert_one({"_id": key.key_id, **fields})

    async def list_of(self, organization_id: str) -> Sequence[ApiKeyRecord]:
        found = await self._collection.of(organization_id).find({}, sort=[("created_at", -1)], limit=500)
        return [_record(document) for document in found]

    async def revoke(
        self, organization_id: str, key_id: str, *, by: str, now: datetime
    ) -> ApiKeyRecord | None:
        fact = ApiKeyRevoked(organization_id=organization_id, key_id=key_id, revoked_by=by, revoked_at=now)
        scoped = self._collection.of(organization_id)
        await scoped.update_one(
            {"_id": key_id, "revoked_at": None},
            {"$set": {"revoked_at": now}, "$push": {"pending": {"$each": pending_facts(fact, at=now)}}},
        )
        document = await scoped.find_one({"_id": key_id})
        if document is None:
            return None
        await self.pending.publish(document)
        return _record(document)


def _record(document: dict[str, Any]) -> ApiKeyRecord:
    names = ("organization_id", "name", "role", "created_by", "created_at", "expires_at", "revoked_at")
    return ApiKeyRecord(key_id=document["_id"], **{name: document[name] for name in names})


class MongoNotices:
    """Seen notifications; a TTL index forgets them."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._collection = Collection(database, "notices")

    async def ensure_indexes(self) -> None:
        await self._collection.ensure_indexes(
            Index((("seen_at", 1),), expire_after_seconds=_NOTICES_KEPT_SECONDS, name="expiry")
        )

    async def seen(self, organization_id: str, notification: str) -> bool:
        key = {"_id": f"{organization_id}/{notification}"}
        return await self._collection.of(organization_id).find_one(key) is not None

    async def remember(self, organization_id: str, notification: str, now: datetime) -> None:
        await self._collection.of(organization_id).update_one(
            {"_id": f"{organization_id}/{notification}"}, {"$set": {"seen_at": now}}, upsert=True
        )
