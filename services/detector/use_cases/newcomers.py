"""Which account detectors are new: what they find on their first day is shown, and nobody is alerted.

Account facts describe the present and are weighed again every few hours, so they do not wait for a decision
as stored conversations do. But what a new detector finds at first is new only to Earshot, and old to
everybody else.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from services.detector.domain.fingerprint import changes_between, fingerprint_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from services.detector.domain.detector import Identified
    from services.detector.ports import Redetections, Rereads
    from shared.clock import Clock

FIRST_DAY = timedelta(days=1)
"""How long account facts are not news after the switch is turned on, or a detector is new: all of them
appear at once."""


class Newcomers:
    """Knows since when each connection has been read by its present detectors."""

    def __init__(
        self, *, rereads: Rereads, redetections: Redetections, detectors: Collection[Identified], clock: Clock
    ) -> None:
        self._present = [fingerprint_of(detectors, lifecycle=switch) for switch in (True, False)]
        self._rereads = rereads
        self._redetections = redetections
        self._clock = clock

    async def by_connection(self, organization_id: str) -> dict[str, frozenset[str]]:
        """Return by connection id the names of the detectors that were new or updated within the last day.

        There are none during a connection's first reading: no alerts are sent on the day of its switch
        anyway.
        """
        rereads, redetections = await asyncio.gather(
            self._rereads.latest(organization_id), self._redetections.of(organization_id)
        )
        cut = self._clock.now() - FIRST_DAY
        begun = {
            redetection.connection_id: (redetection.before, redetection.fingerprint, redetection.started_at)
            for redetection in redetections
            if redetection.fingerprint in self._present
        }
        new: dict[str, frozenset[str]] = {}
        for reread in rereads:
            if reread.connection_id in begun:
                before, after, since = begun[reread.connection_id]
            elif reread.fingerprint in self._present:
                before, after, since = reread.replaces, reread.fingerprint, reread.started_at or cut
            else:
                # The process has only just started; new detectors are about to be recorded.
                before, after, since = reread.fingerprint, self._present[0], self._clock.now()
            if before and since > cut:
                new[reread.connection_id] = frozenset(
                    change.name for change in changes_between(before, after)
                )
        return new
