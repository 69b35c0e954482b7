"""Removes words that were deleted, or are no longer a wish, from requests and from the titles of signals.

Requests are updated first, then the signals that show their titles, and last the signals that the words came
from. If the process dies in between, a repeat finds the lost evidence on those signals again, and reaches the
same result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from services.detector.domain.wish_words import Standing

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from services.detector.domain.book import SignalBook
    from services.detector.domain.signal import Signal
    from services.detector.domain.wishes import Request
    from services.detector.ports import Requests, Signals

Families: TypeAlias = "Mapping[str, Sequence[Request]]"
"""Merged requests by the id of their root, the request they were merged into; the root comes first."""


class WishWords:
    """Maintains the words of requests within a unit of work."""

    def __init__(self, *, requests: Requests, signals: Signals) -> None:
        self._requests = requests
        self._signals = signals

    async def families(self, organization_id: str, request_ids: Collection[str]) -> Families:
        """Return these requests together with those merged with them."""
        requests = await self._requests.by_ids(organization_id, request_ids)
        # A missing root may have left merged requests behind, when a removal was cut off.
        root_ids = {
            requests[request_id].root_id if request_id in requests else request_id
            for request_id in request_ids
        }
        roots = await self._requests.by_ids(organization_id, root_ids)
        return {
            root_id: [
                *([roots[root_id]] if root_id in roots else []),
                *await self._requests.merged_into(organization_id, root_id),
            ]
            for root_id in sorted(root_ids)
        }

    async def signals(self, organization_id: str, families: Families) -> list[Signal]:
        """Return all signals that are about them."""
        return [
            signal
            for root_id, family in families.items()
            for request_id in sorted({root_id, *(request.request_id for request in family)})
            for signal in await self._signals.by_request(organization_id, request_id)
        ]

    async def follow(self, organization_id: str, families: Families, book: SignalBook) -> bool:
        """Remove what the book's signals lost from the requests, and give the signals their new titles.

        False if somebody else changed a request meanwhile; the caller must read and settle again.
        """
        for root_id, family in families.items():
            ids = {request.request_id for request in family}
            mine = [signal for signal in book.signals if signal.slot.request_id in ids]
            lost = (quote for identifier in sorted(ids) for quote in book.lost.get(identifier, ()))
            standing = Standing(mine, lost)
            after = {request.request_id: standing.of(request) for request in family}
            for request in family:
                changed = after[request.request_id]
                if changed != request and not await self._requests.reword(organization_id, request, changed):
                    return False
            for signal in mine:
                about = after[signal.slot.request_id or root_id]
                book.put(standing.retitled(signal, about.title))
        return True
