"""Tombstones for signals, so that compaction forgets what was removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.adapters.signal_documents import event_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.detector.domain.signal import Signal
    from shared.messaging.publisher import EventPublisher


class BusTombstones:
    """See `ports.Tombstones`."""

    def __init__(self, publisher: EventPublisher) -> None:
        self._publisher = publisher

    async def bury(self, signals: Sequence[Signal]) -> None:
        if signals:
            await self._publisher.publish_tombstones(*(event_of("cleared", signal) for signal in signals))
