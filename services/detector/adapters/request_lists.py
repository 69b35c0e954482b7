"""The lists of requests for features, in MongoDB's protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.detector.adapters.list_queries import REQUEST_SORTS, all_of, request_query
from services.detector.adapters.listed_collections import ListedCollections
from services.detector.adapters.mongo_requests import request_from
from services.detector.adapters.shapes import RequestNumbers
from services.detector.lists import ANY, Portion, RequestRow

if TYPE_CHECKING:
    from services.detector.lists import Narrowing, RequestSort, RequestStateFilter
    from shared.documents.database import Document


class RequestLists(ListedCollections):
    """Implements what `lists.Lists` says of requests."""

    async def requests(
        self,
        organization_id: str,
        *,
        state: RequestStateFilter,
        words: str | None,
        sort: RequestSort,
        position: dict[str, Any] | None,
        limit: int,
        narrowed: Narrowing = ANY,
    ) -> Portion[RequestRow]:
        portion = await self._walked(
            self._requests.of(organization_id),
            request_query(state, words),
            await self._narrower.requests(organization_id, narrowed),
            unknown={},
            field=REQUEST_SORTS[sort.removeprefix("-")],
            descending=sort.startswith("-"),
            position=position,
            limit=limit,
        )
        return Portion(self._reading["requests"].each(portion.items, _request_row), portion.next)

    async def count_requests(
        self,
        organization_id: str,
        *,
        state: RequestStateFilter,
        words: str | None,
        narrowed: Narrowing = ANY,
    ) -> int | None:
        meant = await self._narrower.requests(organization_id, narrowed)
        if meant.sieves:
            return None
        query = all_of(request_query(state, words), meant.clauses)
        return await self._requests.of(organization_id).count(query)


def _request_row(document: Document) -> RequestRow:
    RequestNumbers.model_validate(document)
    return RequestRow(
        request_from(document),
        document["customers"],
        document["people"],
        document["spend"],
        document["last_at"],
    )
