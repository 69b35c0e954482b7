"""The collections that pages and the API list: how one is read, searched in order, and narrowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.detector.adapters.list_queries import UNKNOWN, all_of
from services.detector.adapters.narrowing import MOST_NAMED, Narrower
from services.detector.adapters.paging import portion_of
from services.detector.adapters.walking import walked
from shared.documents.collection import Collection
from shared.documents.reading import Reading, uncounted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pymongo.asynchronous.database import AsyncDatabase

    from services.detector.adapters.narrowing import Meant
    from services.detector.lists import Portion
    from shared.documents.collection import ScopedCollection
    from shared.documents.database import Document

_LISTED = ("signals", "customers", "conversations", "contacts", "requests", "companies")
"""Collections whose documents are listed; an unreadable one is left out, and all others are shown."""


class ListedCollections:
    """What the lists of all subjects share."""

    def __init__(
        self,
        database: AsyncDatabase[Document],
        left_out: Callable[[str], None] = uncounted,
        *,
        most_named: int = MOST_NAMED,
    ) -> None:
        """Read `database`.

        `left_out` is told the collection of each document that cannot be read; `most_named` is how many ids
        a query names at most when a list is narrowed (see `Narrower`).
        """
        self._reading = {name: Reading(name, left_out) for name in _LISTED}
        self._signals = Collection(database, "signals")
        self._customers = Collection(database, "customers")
        self._conversations = Collection(database, "conversations")
        self._contacts = Collection(database, "contacts")
        self._requests = Collection(database, "requests")
        self._companies = Collection(database, "companies")
        self._narrower = Narrower(database, most_named=most_named)

    async def _walked(
        self,
        collection: ScopedCollection,
        query: dict[str, Any],
        meant: Meant,
        *,
        field: str,
        descending: bool,
        position: dict[str, Any] | None,
        limit: int,
        projection: Mapping[str, int] | None = None,
        unknown: Mapping[str, Any] = UNKNOWN,
    ) -> Portion[Document]:
        """Return a portion of what matches the query and the narrowing, in the order of a field."""

        async def ask(position: dict[str, Any] | None, limit: int) -> Portion[Document]:
            return await portion_of(
                collection,
                all_of(query, meant.clauses),
                field=field,
                descending=descending,
                position=position,
                limit=limit,
                projection=projection,
                unknown=unknown.get(field),
            )

        return await walked(
            ask, meant.sieves, position=position, limit=limit, field=field, descending=descending
        )
