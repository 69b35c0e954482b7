"""Tombstones for signals, so that compaction removes them from the bus."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.detector.adapters.signal_documents import event_of
from shared.contracts.signals import CustomerRef

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.detector.domain.signal import Signal
    from shared.messaging.publisher import EventPublisher


class BusTombstones:
    """See `ports.Tombstones`."""

    def __init__(self, publisher: EventPublisher) -> None:
        self._publisher = publisher

    async def bury(self, signals: Sequence[Signal]) -> None:
        """Publish tombstones to every partition that holds records of a signal, since it may have moved."""
        if signals:
            await self._publisher.publish_tombstones(
                *(event_of("cleared", _at(signal, home)) for signal in signals for home in signal.homes)
            )


def _at(signal: Signal, home: str) -> Signal:
    return replace(signal, customer=CustomerRef(id=home, name="") if home else None)
