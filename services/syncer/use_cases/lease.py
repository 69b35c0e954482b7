"""The lease on a run while a slice works on it: kept by renewing, lost to whoever took over."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from services.syncer.errors import LeaseLostError
from shared.errors import TransientError

if TYPE_CHECKING:
    from services.syncer.domain.run import Run
    from services.syncer.ports import Runs
    from shared.clock import Clock

_RENEWALS_PER_LEASE = 6
"""Several renewals may fail before a lease ends."""

_MARGIN = 0.2
"""Share of a lease that is never worked in, so that what began inside of it also ends there."""


class Lease:
    """One claim. `hold` is asked before anything is published or stored."""

    def __init__(self, run: Run, *, runs: Runs, clock: Clock, seconds: float) -> None:
        self._run = run
        self._runs = runs
        self._clock = clock
        self._seconds = seconds
        self._renewed_at = clock.monotonic()
        self._lost = False

    @property
    def renew_every_seconds(self) -> float:
        return self._seconds / _RENEWALS_PER_LEASE

    async def hold(self) -> None:
        """Verify that the run is ours, asking the store if the last verification is too old.

        Raises:
            LeaseLostError: somebody else has it, or nobody could say so in time.
        """
        age = self._clock.monotonic() - self._renewed_at
        if not self._lost and age >= self.renew_every_seconds:
            await self.renew()
        if self._lost or self._clock.monotonic() - self._renewed_at > self._seconds * (1 - _MARGIN):
            raise LeaseLostError("Another replica has this run, or its lease could not be renewed in time.")

    async def renew(self) -> None:
        """Renew now. An answer that does not come leaves the old lease running towards its end."""
        at = self._clock.monotonic()
        try:
            renewed = await self._runs.renew(
                self._run, until=self._clock.now() + timedelta(seconds=self._seconds)
            )
        except TransientError:
            return
        if renewed:
            self._renewed_at = at
        else:
            self._lost = True

    async def keep(self) -> None:
        """Renew until cancelled. Raises LeaseLostError, which ends the slice it runs beside."""
        while True:
            await asyncio.sleep(self.renew_every_seconds)
            await self.hold()
