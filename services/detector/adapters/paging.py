"""Lists in portions: the next one begins after the last item seen, so that nothing shifts between them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from services.detector.errors import InvalidRequestError
from services.detector.lists import Portion
from shared.http.paging import in_utc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.documents.collection import ScopedCollection
    from shared.documents.database import Document

_BEYOND_INTEGERS = 2**63
"""The driver refuses these, by an error that would look like ours."""


async def portion_of(
    collection: ScopedCollection,
    query: dict[str, Any],
    *,
    field: str,
    descending: bool,
    position: dict[str, Any] | None,
    limit: int,
    floor: datetime | None = None,
    projection: Mapping[str, int] | None = None,
    unknown: float | str | datetime | None = None,
) -> Portion[Document]:
    """Return up to `limit` documents in order of `field`, then `_id`, from `position` on.

    `floor` keeps only documents whose field is no lower. Those whose field is `unknown`, a value above all
    others, come last in either direction. Raises InvalidRequestError when the position is not one that this
    function gave out for the same order.
    """
    how: dict[str, Any] = {"field": field, "descending": descending, "projection": projection}
    if floor is not None:
        query = {"$and": [query, {field: {"$gte": floor}}]}
    if position is not None and (position.get("f"), position.get("d")) != (field, descending):
        raise InvalidRequestError("The cursor belongs to another list; begin again from the first page.")
    if unknown is None or not descending:
        documents = await _beyond(collection, [query], position, limit + 1, **how)
        return _portion(documents, field, limit, descending=descending)
    documents = []
    at = unknown.isoformat() if isinstance(unknown, datetime) else unknown
    among_unknown = position is not None and position.get("v") == at
    if not among_unknown:
        documents = await _beyond(collection, [query, {field: {"$lt": unknown}}], position, limit + 1, **how)
    if len(documents) <= limit:
        rest = position if among_unknown else None
        documents += await _beyond(
            collection, [query, {field: unknown}], rest, limit + 1 - len(documents), **how
        )
    return _portion(documents, field, limit, descending=descending)


async def _beyond(
    collection: ScopedCollection,
    clauses: list[dict[str, Any]],
    position: dict[str, Any] | None,
    limit: int,
    *,
    field: str,
    descending: bool,
    projection: Mapping[str, int] | None,
) -> list[Document]:
    direction = -1 if descending else 1
    if position is not None:
        if not isinstance(position.get("i"), str):
            raise InvalidRequestError("The cursor is not one of ours; begin again from the first page.")
        value = _read(position.get("v"), is_moment=position.get("t") is True)
        beyond = "$lt" if descending else "$gt"
        further = {"$or": [{field: {beyond: value}}, {field: value, "_id": {beyond: position["i"]}}]}
        clauses = [*clauses, further]
    return await collection.find(
        {"$and": clauses} if len(clauses) > 1 else clauses[0],
        projection=projection,
        sort=[(field, direction), ("_id", direction)],
        limit=limit,
    )


def _portion(documents: list[Document], field: str, limit: int, *, descending: bool) -> Portion[Document]:
    """Return the first `limit` of what was found, and where the next portion begins if there was more."""
    items = documents[:limit]
    following = place_of(items[-1], field, descending=descending) if len(documents) > limit else None
    return Portion(items, following)


def place_of(document: Document, field: str, *, descending: bool) -> dict[str, Any]:
    """Return the position behind a document, for a list in this order to go on from."""
    value = document[field]
    is_moment = isinstance(value, datetime)
    return {
        "f": field,
        "d": descending,
        "v": value.isoformat() if is_moment else value,
        "t": is_moment,
        "i": document["_id"],
    }


def _read(value: Any, *, is_moment: bool) -> Any:
    if not is_moment:
        if isinstance(value, (str, float)) or (isinstance(value, int) and abs(value) < _BEYOND_INTEGERS):
            return value
        raise InvalidRequestError("The cursor is not one of ours; begin again from the first page.")
    try:
        return in_utc(datetime.fromisoformat(str(value)))
    except ValueError as error:
        raise InvalidRequestError(
            "The cursor is not one of ours; begin again from the first page."
        ) from error
