"""Letting go of what is old: a signal's notifications, entry and memory go, long after it last changed.

Nothing is told twice for it. Two things could: a record that comes again, from the bus (whose topic keeps the
last one of each signal for ever) or from dead letters, and a newer state of a signal whose notifications are
gone. The first is as old as the memory was, so its words are past the age at which any are announced: the
settings keep the one above the other. The second is told only to those whom a known opening did not reach: so
that knowledge goes first, and what it guards after it. A crash between repeats the rest.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from services.notifier.ports import Inbox, KnownSignals, Notifications
    from shared.clock import Clock

_LOG = structlog.get_logger(__name__)

AT_ONCE = 200
"""Signals of one portion: few enough that what is being sent never waits for it."""

_LATER = timedelta(days=7)
"""How much later than its signal was last seen an entry may be dated: deliveries wait for their turn, and
clocks of replicas differ. Without the memory nobody would find it; what is told anew is younger."""

PAUSE_SECONDS = 1.0
EVERY_SECONDS = 3_600.0
AGAIN_SECONDS = 15.0
"""How soon it is tried again while the database is away."""


class Retention:
    """Replicas may do it at once: each deletes what is left."""

    def __init__(
        self,
        *,
        known: KnownSignals,
        notifications: Notifications,
        inbox: Inbox,
        clock: Clock,
        days: float,
    ) -> None:
        self._known = known
        self._notifications = notifications
        self._inbox = inbox
        self._clock = clock
        self._age = timedelta(days=days)

    async def portion(self) -> bool:
        """Let go of the oldest signals that are due; return whether more may be."""
        before = self._clock.now() - self._age
        signals = await self._known.unseen_since(before, AT_ONCE)
        by_organization: dict[str, list[str]] = defaultdict(list)
        for organization_id, signal_id in signals:
            by_organization[organization_id].append(signal_id)
        forgotten = 0
        for organization_id, signal_ids in by_organization.items():
            faded = await self._known.fade(organization_id, signal_ids, before=before)
            await self._notifications.expire(organization_id, faded, before=before + _LATER)
            await self._inbox.expire(organization_id, faded, before=before + _LATER)
            forgotten += await self._known.expire(organization_id, faded, before=before)
        if forgotten:
            _LOG.info("let go of signals that changed long ago", signals=forgotten)
        return len(signals) == AT_ONCE

    async def run(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Do so at the start and each hour, with a pause between portions, until cancelled."""
        while True:
            try:
                more = await self.portion()
            except TransientError as error:
                _LOG.warning("retention waits", reason=str(error))
                await sleep(AGAIN_SECONDS)
            else:
                await sleep(PAUSE_SECONDS if more else EVERY_SECONDS)
