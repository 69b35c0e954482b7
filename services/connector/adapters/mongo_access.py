"""OAuth states and offers that wait, and bearer keys, in MongoDB.

States and offers are found by hash only.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from services.connector.ports import ApiKeyRecord, OAuthState, Offer
from shared.contracts.connections import ApiKeyRevoked, ConnectionSettings
from shared.documents.collection import ORGANIZATION, Collection, Index, database_errors
from shared.documents.pending import PENDING, PENDING_INDEX, PendingFacts, pending_facts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pymongo.asynchronous.database import AsyncDatabase

    from shared.clock import Clock
    from shared.messaging.publisher import EventPublisher

_OFFER = TypeAdapter(Offer)
_SETTINGS = TypeAdapter(ConnectionSettings)
_MOST_KEYS = 500
"""Keys listed for an organization; keys that are in force come before revoked and expired ones."""


class MongoOAuthStates:
    """Implements `ports.OAuthStates`; a TTL index forgets those that nobody came back with."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._collection = Collection(database, "oauth_states")

    async def ensure_indexes(self) -> None:
        await self._collection.ensure_indexes(
            Index((("expires_at", 1),), expire_after_seconds=0, name="expiry"),
            Index(((ORGANIZATION, 1),), name="organization"),
        )

    async def add(self, state: OAuthState) -> None:
        fields = asdict(state)
        del fields["state"]
        # Settings left out are not stored, so that they are still left out when the state is taken.
        fields["settings"] = state.settings.model_dump(exclude_unset=True) if state.settings else None
        await self._collection.of(state.organization_id).insert_one({"_id": _hashed(state.state), **fields})

    async def take(self, state: str) -> OAuthState | None:
        # The callback names no organization; the state does.
        with database_errors():
            document = await self._collection.across_organizations().find_one_and_delete(
                {"_id": _hashed(state)}
            )
        if document is None:
            return None
        chosen = document.get("settings")  # A state of an earlier version has none.
        return OAuthState(
            state=state,
            organization_id=document[ORGANIZATION],
            user_name=document["user_name"],
            browser=document["browser"],
            expires_at=document["expires_at"],
            settings=None if chosen is None else _SETTINGS.validate_python(chosen),
        )

    async def forget(self, organization_id: str, *, ending_before: datetime) -> int:
        ended = {"expires_at": {"$lt": ending_before}}
        return (await self._collection.of(organization_id).delete_many(ended)).deleted_count


class MongoOffers:
    """Implements `ports.Offers`; a TTL index forgets those that nobody decided on."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._collection = Collection(database, "offers")

    async def ensure_indexes(self) -> None:
        await self._collection.ensure_indexes(
            Index((("expires_at", 1),), expire_after_seconds=0, name="expiry")
        )

    async def add(self, offer: Offer) -> None:
        fields = asdict(offer)
        del fields["id"]
        fields["settings"] = offer.settings.model_dump() if offer.settings else None
        await self._collection.of(offer.organization_id).insert_one({"_id": _hashed(offer.id), **fields})

    async def get(self, organization_id: str, offer_id: str) -> Offer | None:
        document = await self._collection.of(organization_id).find_one({"_id": _hashed(offer_id)})
        return None if document is None else _OFFER.validate_python({**document, "id": offer_id})

    async def take(self, organization_id: str, offer_id: str) -> Offer | None:
        offer = await self.get(organization_id, offer_id)
        gone = await self._collection.of(organization_id).delete_one({"_id": _hashed(offer_id)})
        return offer if gone.deleted_count else None


def _hashed(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()


class MongoApiKeys:
    """Implements `ports.ApiKeys`."""

    def __init__(
        self, database: AsyncDatabase[dict[str, Any]], publisher: EventPublisher, clock: Clock
    ) -> None:
        self._collection = Collection(database, "api_keys")
        self.pending = PendingFacts(self._collection, publisher, clock)

    async def ensure_indexes(self) -> None:
        await self._collection.ensure_indexes(
            Index(((ORGANIZATION, 1), ("created_at", -1)), name="organization"), PENDING_INDEX
        )

    async def add(self, key: ApiKeyRecord) -> None:
        fields = asdict(key)
        del fields["key_id"]
        await self._collection.of(key.organization_id).insert_one({"_id": key.key_id, **fields})

    async def list_of(self, organization_id: str) -> Sequence[ApiKeyRecord]:
        documents = await self._collection.of(organization_id).find(
            {}, sort=[("revoked_at", 1), ("expires_at", -1)], limit=_MOST_KEYS
        )
        records = [_record(document) for document in documents]
        return sorted(records, key=lambda record: record.created_at, reverse=True)

    async def revoke(
        self, organization_id: str, key_id: str, *, by: str, now: datetime
    ) -> ApiKeyRecord | None:
        fact = ApiKeyRevoked(organization_id=organization_id, key_id=key_id, revoked_by=by, revoked_at=now)
        scoped = self._collection.of(organization_id)
        await scoped.update_one(
            {"_id": key_id, "revoked_at": None},
            {
                "$set": {"revoked_at": now, "revoked_by": by},
                "$push": {PENDING: {"$each": pending_facts(fact, at=now)}},
            },
        )
        document = await scoped.find_one({"_id": key_id})
        return None if document is None else _record(document)

    async def publish_pending(self, organization_id: str, key_id: str) -> None:
        document = await self._collection.of(organization_id).find_one({"_id": key_id})
        if document is not None:
            await self.pending.publish(document)

    async def revocations(self, now: datetime) -> Sequence[ApiKeyRevoked]:
        with database_errors():
            documents = self._collection.across_organizations().find(
                {"revoked_at": {"$ne": None}, "expires_at": {"$gt": now}}
            )
            return [
                ApiKeyRevoked(
                    organization_id=document[ORGANIZATION],
                    key_id=document["_id"],
                    # Documents of an earlier version lack the person.
                    revoked_by=document.get("revoked_by") or "unknown",
                    revoked_at=document["revoked_at"],
                )
                async for document in documents
            ]


def _record(document: dict[str, Any]) -> ApiKeyRecord:
    names = ("organization_id", "name", "role", "created_by", "created_at", "expires_at", "revoked_at")
    return ApiKeyRecord(key_id=document["_id"], **{name: document[name] for name in names})
