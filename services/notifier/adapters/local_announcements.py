"""Announcements to the open pages of this process. A page at another replica sees them at its next look."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING

from services.notifier.domain.rule import EVERYONE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.contracts.signals import SignalDetected

    Heard = asyncio.Queue[SignalDetected]

_MOST_WAITING = 100
"""Announcements kept for a page that reads slowly; it only counts them."""


class LocalAnnouncements:
    def __init__(self) -> None:
        self._listeners: dict[str, set[tuple[frozenset[str], Heard]]] = defaultdict(set)

    def announce(self, signal: SignalDetected, audience: str) -> None:
        for audiences, queue in self._listeners.get(signal.organization_id, ()):
            if audience in audiences and not queue.full():
                queue.put_nowait(signal)

    @contextmanager
    def listening(self, organization_id: str, *audiences: str) -> Iterator[Heard]:
        """Yield a queue that gets the signal of each new entry of these audiences or everyone.

        An entry that two of them get comes twice.
        """
        queue: Heard = asyncio.Queue(_MOST_WAITING)
        listener = (frozenset({EVERYONE, *audiences}), queue)
        self._listeners[organization_id].add(listener)
        try:
            yield queue
        finally:
            self._listeners[organization_id].discard(listener)
            if not self._listeners[organization_id]:
                del self._listeners[organization_id]
