"""Tells open pages about new signals: one query a second, however many pages are open.

Every replica must tell its own readers about signals that any replica found. Asking the database for changes
costs one indexed query a second, and none while nobody watches; a consumer group per replica would cost the
same and leave a group behind with each replica that goes.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from services.detector.domain.signal import Signal
    from services.detector.lists import Lists, SignalFilter
    from shared.clock import Clock

_LOG = structlog.get_logger(__name__)

_OVERLAP_SECONDS = 3.0
"""How far back each query reaches again: replicas' clocks differ a little, and a write may land late."""

_REMEMBERED = 2_000
_WAITING = 50
"""News that may wait for a slow reader; beyond that the oldest are dropped."""


@dataclass(frozen=True, slots=True, eq=False)
class _Watcher:
    """One open page: what it lists, and the news that it has not taken yet."""

    wanted: Callable[[], SignalFilter]
    news: asyncio.Queue[str]


class LiveFeed:
    """Passes news to open pages, by organization."""

    def __init__(
        self,
        *,
        lists: Lists,
        clock: Clock,
        every_seconds: float,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._lists = lists
        self._clock = clock
        self._every_seconds = every_seconds
        self._sleep = sleep
        self._watchers: dict[str, set[_Watcher]] = defaultdict(set)
        self._told: deque[str] = deque(maxlen=_REMEMBERED)
        self._began = clock.now()

    @property
    def watchers(self) -> int:
        return sum(map(len, self._watchers.values()))

    async def watch(self, organization_id: str, wanted: Callable[[], SignalFilter]) -> AsyncGenerator[str]:
        """Yield a line of JSON for each signal that opens from now on and is `wanted` at that moment."""
        watcher = _Watcher(wanted, asyncio.Queue(_WAITING))
        if not self.watchers:
            # Nobody watched, so nothing was queried: the page that was just drawn has what arrived meanwhile.
            self._began = self._clock.now()
        self._watchers[organization_id].add(watcher)
        try:
            while True:
                yield await watcher.news.get()
        finally:
            self._watchers[organization_id].discard(watcher)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self._sleep(self._every_seconds)
            if not self.watchers:
                continue
            try:
                await self.look()
            except TransientError as error:
                _LOG.warning("live feed waits", reason=str(error))

    async def look(self) -> None:
        """Look once and tell what is new."""
        since = max(self._began, self._clock.now() - timedelta(seconds=_OVERLAP_SECONDS))
        for signal in await self._lists.changed_signals(since):
            # Its revision does not say: a signal may have gained evidence before the first look at it.
            if signal.is_open and signal.opened_at >= since and signal.signal_id not in self._told:
                self._told.append(signal.signal_id)
                self._tell(signal)

    def _tell(self, signal: Signal) -> None:
        line = json.dumps({"id": signal.signal_id, "kind": signal.slot.kind, "title": signal.title})
        for watcher in self._watchers.get(signal.organization_id, ()):
            if not watcher.wanted().holds(signal):
                continue
            if watcher.news.full():
                watcher.news.get_nowait()
            watcher.news.put_nowait(line)
