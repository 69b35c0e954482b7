"""Feature requests in MongoDB's protocol."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError

from services.detector.adapters.shapes import RequestShape
from services.detector.domain.standing import NOBODY
from services.detector.domain.wishes import Request
from shared.documents.collection import Collection, Index
from shared.documents.reading import door

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Collection as Keys

    from pymongo.asynchronous.database import AsyncDatabase

    from services.detector.domain.standing import Demand
    from services.detector.domain.wishes import RequestState
    from shared.documents.database import Document

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_MANY = 2_000
"""Requests compared with a batch's wishes; those sharing a telling word, so seldom more than a few."""


class MongoRequests:
    """See `ports.Requests`."""

    def __init__(
        self, database: AsyncDatabase[Document], left_out: Callable[[str], None] | None = None
    ) -> None:
        """With `left_out`, what cannot be read is left out of answers, and told by its collection's name."""
        self._reading = door("requests", left_out)
        self._collection = Collection(database, "requests")

    async def prepare(self) -> None:
        """Make the indexes that are missing."""
        await self._collection.ensure_indexes(
            Index(keys=(("organization_id", 1), ("tokens", 1))),
            *(
                Index(keys=(("organization_id", 1), (order, direction), ("_id", direction)))
                for order, direction in (("customers", -1), ("spend", -1), ("sort_last", -1), ("title", 1))
            ),
            Index(keys=(("organization_id", 1), ("merged_into", 1))),
        )

    async def candidates(self, organization_id: str, tokens: Keys[str]) -> list[Request]:
        if not tokens:
            return []
        documents = await self._collection.of(organization_id).find(
            {"tokens": {"$in": sorted(tokens)}}, limit=_MANY
        )
        return self._reading.each(documents, request_from)

    async def by_ids(self, organization_id: str, request_ids: Keys[str]) -> dict[str, Request]:
        if not request_ids:
            return {}
        documents = await self._collection.of(organization_id).find(
            {"_id": {"$in": [f"{organization_id}/{one}" for one in sorted(request_ids)]}}
        )
        return {one.request_id: one for one in self._reading.each(documents, request_from)}

    async def add(self, organization_id: str, request: Request, demand: Demand = NOBODY) -> Request:
        try:
            await self._collection.of(organization_id).insert_one(
                {
                    "_id": f"{organization_id}/{request.request_id}",
                    "request_id": request.request_id,
                    "title": request.title,
                    "title_folded": request.title.casefold(),
                    "state": request.state,
                    "wordings": [list(wording) for wording in request.wordings],
                    "tokens": sorted({token for wording in request.wordings for token in wording}),
                    "created_at": request.created_at,
                    "changed_at": request.changed_at,
                    "state_by": request.state_by,
                    "state_at": request.state_at,
                    "merged_into": request.merged_into,
                    **_numbers(demand),
                }
            )
        except DuplicateKeyError:
            requests = await self.by_ids(organization_id, [request.request_id])
            return requests.get(request.request_id, request)
        return request

    async def add_wording(self, organization_id: str, request_id: str, tokens: tuple[str, ...]) -> None:
        await self._collection.of(organization_id).update_one(
            {"_id": f"{organization_id}/{request_id}"},
            {"$addToSet": {"wordings": list(tokens), "tokens": {"$each": list(tokens)}}},
        )

    async def reword(self, organization_id: str, before: Request, after: Request) -> bool:
        result = await self._collection.of(organization_id).update_one(
            {
                "_id": f"{organization_id}/{before.request_id}",
                "title": before.title,
                "wordings": [list(wording) for wording in before.wordings],
            },
            {
                "$set": {
                    "title": after.title,
                    "title_folded": after.title.casefold(),
                    "wordings": [list(wording) for wording in after.wordings],
                    "tokens": sorted({token for wording in after.wordings for token in wording}),
                }
            },
        )
        return result.matched_count > 0

    async def join(self, organization_id: str, request_id: str, into: str, at: datetime) -> None:
        scoped = self._collection.of(organization_id)
        change = {"$set": {"merged_into": into, "changed_at": at}}
        # Those that were merged before go first: a crash in between leaves a merge that is asked for again.
        await scoped.update_many({"merged_into": request_id}, change)
        await scoped.update_one({"_id": f"{organization_id}/{request_id}"}, change)

    async def merged_into(self, organization_id: str, request_id: str) -> list[Request]:
        documents = await self._collection.of(organization_id).find(
            {"merged_into": request_id}, sort=[("_id", 1)], limit=_MANY
        )
        return self._reading.each(documents, request_from)

    async def forget_wordings(
        self, organization_id: str, request_ids: Keys[str], wordings: Keys[tuple[str, ...]]
    ) -> None:
        for request in (await self.by_ids(organization_id, request_ids)).values():
            wordings_left = [wording for wording in request.wordings if wording not in wordings]
            if len(wordings_left) == len(request.wordings):
                continue
            await self._collection.of(organization_id).update_one(
                {
                    "_id": f"{organization_id}/{request.request_id}",
                    "wordings": [list(one) for one in request.wordings],
                },
                {
                    "$set": {
                        "wordings": [list(one) for one in wordings_left],
                        "tokens": sorted({token for wording in wordings_left for token in wording}),
                    }
                },
            )

    async def save_demand(self, organization_id: str, counted: Mapping[str, Demand]) -> None:
        await self._collection.of(organization_id).bulk_write(
            [
                UpdateOne(
                    {"_id": f"{organization_id}/{request_id}"},
                    {"$set": _numbers(demand)},
                )
                for request_id, demand in counted.items()
            ]
        )

    async def set_state(
        self, organization_id: str, request_id: str, state: RequestState, by: str, at: datetime
    ) -> Request | None:
        document = await self._collection.of(organization_id).find_one_and_update(
            {"_id": f"{organization_id}/{request_id}"},
            {"$set": {"state": state, "state_by": by, "state_at": at, "changed_at": at}},
        )
        return request_from(document) if document else None

    async def delete(self, organization_id: str, request_ids: Keys[str]) -> int:
        if not request_ids:
            return 0
        result = await self._collection.of(organization_id).delete_many(
            {"_id": {"$in": [f"{organization_id}/{one}" for one in sorted(request_ids)]}}
        )
        return result.deleted_count


def _numbers(demand: Demand) -> Document:
    return {
        "customers": demand.customers,
        "people": demand.people,
        "spend": demand.spend,
        "last_at": demand.last_at,
        "sort_last": demand.last_at or _NEVER,
    }


def request_from(document: Document) -> Request:
    RequestShape.model_validate(document)
    return Request(
        request_id=document["request_id"],
        title=document["title"],
        state=document["state"],
        wordings=tuple(tuple(wording) for wording in document["wordings"]),
        created_at=document["created_at"],
        changed_at=document["changed_at"],
        state_by=document["state_by"],
        state_at=document["state_at"],
        merged_into=document.get("merged_into"),
    )
