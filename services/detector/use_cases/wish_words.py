"""Taking words that went, or are no wish any more, out of requests, and out of the titles of all who asked.

Requests go first, then the signals that show their titles, and the signals that the words came from last: a
process that dies in between finds the lost evidence on them once more, and comes to the same.
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
"""Requests that people made one, by the id of the one that stands for them; it comes first, if there."""


class WishWords:
    """Looks after the words of requests, on behalf of a unit of work."""

    def __init__(self, *, requests: Requests, signals: Signals) -> None:
        self._requests = requests
        self._signals = signals

    async def families(self, organization_id: str, request_ids: Collection[str]) -> Families:
        """Return these requests together with those that are one with them."""
        found = await self._requests.by_ids(organization_id, request_ids)
        # One that is not there may have stood for others, which a removal that was cut short left behind.
        root_ids = {found[one].root_id if one in found else one for one in request_ids}
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
            for request_id in sorted({root_id, *(one.request_id for one in family)})
            for signal in await self._signals.by_request(organization_id, request_id)
        ]

    async def follow(self, organization_id: str, families: Families, book: SignalBook) -> bool:
        """Take what the book's signals lost out of the requests, and give the signals their titles.

        False when a request was changed by somebody else meanwhile: read again, and settle again.
        """
        for root_id, family in families.items():
            ids = {one.request_id for one in family}
            mine = [signal for signal in book.signals if signal.slot.request_id in ids]
            lost = (quote for one in sorted(ids) for quote in book.lost.get(one, ()))
            standing = Standing(mine, lost)
            after = {one.request_id: standing.of(one) for one in family}
            for one in family:
                changed = after[one.request_id]
                if changed != one and not await self._requests.reword(organization_id, one, changed):
                    return False
            for signal in mine:
                about = after[signal.slot.request_id or root_id]
                book.put(standing.retitled(signal, about.title))
        return True
