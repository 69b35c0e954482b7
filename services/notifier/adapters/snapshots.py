"""How a signal is stored inside other documents, and how lists continue from a position."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from services.notifier.domain.notification import as_detected
from services.notifier.ports import Place
from shared.contracts.signals import SignalCleared, SignalDetected

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.contracts.signals import SignalEvent
    from shared.documents.collection import ScopedCollection
    from shared.documents.database import Document
    from shared.documents.reading import Reading

T = TypeVar("T")


def snapshot(signal: SignalEvent) -> dict[str, Any]:
    """Return the fields that hold a signal's state; its revision guards against older ones."""
    return {"signal": as_detected(signal).model_dump(mode="json"), "revision": signal.revision}


def ended_because(signal: SignalEvent) -> str | None:
    """Return why a signal is over, if this event says that it is."""
    return signal.cleared_because if isinstance(signal, SignalCleared) else None


def stored_signal(document: Mapping[str, Any]) -> SignalDetected:
    return SignalDetected.model_validate(document["signal"])


def place_filter(
    field: str, after: Place | None, organization_id: str, *, oldest_first: bool
) -> dict[str, Any]:
    """Return the query for what comes after a place in a list ordered by `field`, then `_id`."""
    if after is None:
        return {}
    beyond = "$gt" if oldest_first else "$lt"
    return {
        "$or": [
            {field: {beyond: after.at}},
            {field: after.at, "_id": {beyond: f"{organization_id}/{after.id}"}},
        ]
    }


def time_order(field: str, *, oldest_first: bool) -> list[tuple[str, int]]:
    """Return the order by `field`, then `_id`; one index serves both directions."""
    direction = 1 if oldest_first else -1
    return [(field, direction), ("_id", direction)]


async def portion(
    collection: ScopedCollection,
    organization_id: str,
    query: dict[str, Any],
    reading: Reading,
    read: Callable[[Document], T],
    *,
    field: str,
    after: Place | None,
    limit: int,
    oldest_first: bool,
) -> list[T]:
    """Return `limit` of a list in order of time from after a position, or fewer at its end.

    An unreadable document takes no place in it: the caller takes a short result for the end.
    """
    readable: list[T] = []
    while True:
        documents = await collection.find(
            {**query, **place_filter(field, after, organization_id, oldest_first=oldest_first)},
            sort=time_order(field, oldest_first=oldest_first),
            limit=limit,
        )
        readable += reading.each(documents, read)
        last = documents[-1].get(field) if documents else None
        if len(readable) >= limit or len(documents) < limit or not isinstance(last, datetime):
            return readable[:limit]
        after = Place(last, documents[-1]["_id"].removeprefix(f"{organization_id}/"))
