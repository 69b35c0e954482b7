"""Taking words that went out of what was made of them: requests, and the titles of all who asked for them.

Requests go first, then the signals that show their titles: a process that dies in between finds the lost
evidence on its signal once more, and comes to the same.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from services.detector.domain.wish_words import Standing

if TYPE_CHECKING:
    from collections.abc import Collection

    from services.detector.domain.book import SignalBook
    from services.detector.domain.signal import Signal
    from services.detector.domain.wishes import Request
    from services.detector.ports import Requests, Signals

Families = dict[str, list["Request"]]
"""Requests that people made one, by the id of the one that stands for them."""


class WishWords:
    """Looks after the words of requests, on behalf of a unit of work."""

    def __init__(self, *, requests: Requests, signals: Signals) -> None:
        self._requests = requests
        self._signals = signals

    async def families(self, organization_id: str, request_ids: Collection[str]) -> Families:
        """Return these requests together with those that are one with them."""
        found = await self._requests.by_ids(organization_id, request_ids)
        roots = await self._requests.by_ids(organization_id, {one.root_id for one in found.values()})
        families: Families = defaultdict(list)
        for root_id, root in roots.items():
            families[root_id] = [root, *await self._requests.merged_into(organization_id, root_id)]
        return families

    async def signals(self, organization_id: str, families: Families) -> list[Signal]:
        """Return all signals that are about them."""
        return [
            signal
            for family in families.values()
            for request in family
            for signal in await self._signals.by_request(organization_id, request.request_id)
        ]

    async def follow(self, organization_id: str, families: Families, book: SignalBook) -> bool:
        """Take what the book's signals lost out of the requests, and give the signals their titles.

        False when a request was changed by somebody else meanwhile: read again, and settle again.
        """
        for root_id, family in families.items():
            ids = {one.request_id for one in family}
            mine = [signal for signal in book.signals if signal.slot.request_id in ids]
            standing = Standing(
                (proof for signal in mine for proof in signal.proofs),
                (quote for one in sorted(ids) for quote in book.lost.get(one, ())),
            )
            after = {one.request_id: standing.of(one) for one in family}
            for one in family:
                changed = after[one.request_id]
                if changed != one and not await self._requests.reword(organization_id, one, changed):
                    return False
            for signal in mine:
                about = after[signal.slot.request_id or root_id]
                book.put(standing.retitled(signal, about.title))
        return True
