"""People's preferences in MongoDB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from services.notifier.domain.preferences import Preferences
from shared.documents.collection import Collection, Index
from shared.documents.reading import Reading, uncounted

if TYPE_CHECKING:
    from collections.abc import Callable

    from pymongo.asynchronous.database import AsyncDatabase

_PREFERENCES = TypeAdapter(Preferences)


class MongoPeople:
    def __init__(
        self, database: AsyncDatabase[dict[str, Any]], left_out: Callable[[str], None] = uncounted
    ) -> None:
        self._collection = Collection(database, "people")
        self._reading = Reading("people", left_out)

    async def ensure_indexes(self) -> None:
        await self._collection.ensure_indexes(Index((("organization_id", 1), ("email_key", 1)), name="email"))

    async def get(self, organization_id: str, user_id: str) -> Preferences | None:
        document = await self._collection.of(organization_id).find_one(
            {"_id": f"{organization_id}/{user_id}"}
        )
        return _PREFERENCES.validate_python(document) if document else None

    async def of_email(self, organization_id: str, email: str) -> list[Preferences]:
        documents = await self._collection.of(organization_id).find(
            {"email_key": email.casefold()}, sort=[("_id", 1)]
        )
        return self._reading.each(documents, _PREFERENCES.validate_python)

    async def save(self, preferences: Preferences) -> None:
        key = {"_id": f"{preferences.organization_id}/{preferences.user_id}"}
        await self._collection.of(preferences.organization_id).replace_one(
            key,
            {
                **key,
                # Times of day have no type of their own in BSON; as JSON they are text.
                **_PREFERENCES.dump_python(preferences, mode="json"),
                "email_key": preferences.email.casefold(),
            },
            upsert=True,
        )
