"""Known customers by name and external id, and those whose name is next to one in the alphabet."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from services.detector.domain.matching import NAMESAKE_LETTERS, KnownName

if TYPE_CHECKING:
    from collections.abc import Collection as Keys

    from shared.documents.collection import ScopedCollection
    from shared.documents.database import Document

_NEIGHBOURS = 50
"""Names before and after each in the alphabet that are compared; a typing mistake is seldom further away."""

_LAST_LETTER = "\U0010ffff"
"""Sorts behind every text with the same beginning."""

_NAMES_AT_ONCE = 16
"""Names whose neighbours are looked up together."""


async def known_like(
    customers: ScopedCollection, external_ids: Keys[str], names: Keys[str]
) -> list[KnownName]:
    """See `ports.Customers`; the collection is the organization's own."""
    wanted = sorted(name for name in names if name)
    if not await _known(customers, {}, limit=1):
        return []
    # Whoever bears a name or an id counts, without a limit: a second bearer makes a match a question.
    known = [
        document
        for field, values in (("external_id", sorted(external_ids)), ("name_normalised", wanted))
        if values
        for document in await _known(customers, {field: {"$in": values}})
    ]
    for start in range(0, len(wanted), _NAMES_AT_ONCE):
        for alike in await asyncio.gather(
            *(_neighbours(customers, name) for name in wanted[start : start + _NAMES_AT_ONCE])
        ):
            known += alike
    distinct = {one["customer_id"]: one for one in known}
    return [
        KnownName(one["customer_id"], one["external_id"] or "", one["name"])
        for _, one in sorted(distinct.items())
    ]


async def _neighbours(customers: ScopedCollection, name: str) -> list[Document]:
    """Return those that are next to a name in the alphabet and begin as it does."""
    first = name[:NAMESAKE_LETTERS]
    after = {"$gt": name, "$lt": f"{first}{_LAST_LETTER}"}
    before = {"$gte": first, "$lt": name}
    return [
        document
        for bounds, direction in ((after, 1), (before, -1))
        for document in await _known(
            customers,
            {"name_normalised": bounds},
            sort=[("name_normalised", direction)],
            limit=_NEIGHBOURS,
        )
    ]


async def _known(
    customers: ScopedCollection,
    query: dict[str, Any],
    *,
    sort: list[tuple[str, int]] | None = None,
    limit: int = 0,
) -> list[Document]:
    return await customers.find(
        {"provisional": False, **query},
        projection={"customer_id": 1, "external_id": 1, "name": 1},
        sort=sort,
        limit=limit,
    )
