"""Hands out slices of the work that follows contacts or companies, on one replica at a time."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from services.detector.ports import Followed, Leases
    from services.detector.use_cases.culprits import Culprits, Work
    from shared.clock import Clock

_AT_ONCE = 50
_LEASE_SECONDS = 60.0
"""A slice takes some seconds; a replica that died keeps the others waiting for this long."""

_PUT_OFF = timedelta(minutes=10)
"""How long an item that could not be processed is skipped."""


class FollowInTurns:
    """Hands out slices under a lease of its own."""

    def __init__(
        self,
        work: Work,
        *,
        lease: str,
        followed: Followed,
        leases: Leases,
        culprits: Culprits,
        clock: Clock,
        owner: str,
    ) -> None:
        self._work = work
        self._lease = lease
        self._followed = followed
        self._leases = leases
        self._culprits = culprits
        self._clock = clock
        self._owner = owner

    async def work(self, step: Callable[[str, Sequence[str]], Awaitable[None]]) -> bool:
        """Process a slice for one organization; return whether anything waited.

        Items that cannot be processed because of a defect are left out (see `Culprits`) and wait some
        minutes.
        """
        now = self._clock.now()
        organizations = await self._followed.organizations(now)
        if not organizations or not await self._hold(None):
            return False
        last = await self._leases.place(self._lease)
        turn = next((organization for organization in organizations if organization > last), organizations[0])
        await self._hold(turn)
        keys = await self._followed.waiting(turn, now, _AT_ONCE)
        culprits = await self._culprits.left_out(self._work, turn, keys, partial(step, turn))
        if culprits:
            await self._followed.mark(turn, culprits, self._clock.now() + _PUT_OFF)
        return True

    async def _hold(self, place: str | None) -> bool:
        now = self._clock.now()
        return await self._leases.hold(self._lease, self._owner, now, _LEASE_SECONDS, place=place)
