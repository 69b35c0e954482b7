"""What is still to follow a company that changed hands: too much for one go, or cut off."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog

from services.detector.use_cases.companies import SLICE
from services.detector.use_cases.culprits import all_but_culprits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.detector.ports import Followed, Leases, Mirror
    from services.detector.use_cases.companies import MatchCompanies
    from services.detector.use_cases.connections import RemoveData
    from shared.clock import Clock

_LOG = structlog.get_logger(__name__)

_AT_ONCE = 50
_LEASE, _LEASE_SECONDS = "companies to follow", 60.0
"""A slice takes some seconds; a replica that died holds the others up for this long."""

_PUT_OFF = timedelta(minutes=10)
"""How long a company stands aside with which it failed."""


class FollowCompanies:
    """Follows marked companies in slices, one replica at a time."""

    def __init__(
        self,
        *,
        followed: Followed,
        mirror: Mirror,
        companies: MatchCompanies,
        leases: Leases,
        clock: Clock,
        owner: str,
        remove: RemoveData,
    ) -> None:
        self._followed = followed
        self._mirror = mirror
        self._companies = companies
        self._leases = leases
        self._clock = clock
        self._owner = owner
        self._remove = remove

    async def work(self) -> bool:
        """Do a slice for one organization's companies, organizations in turn; return whether any waited.

        A company with which it fails by a defect is logged, and waits some minutes.
        """
        now = self._clock.now()
        organizations = await self._followed.organizations(now)
        if not organizations or not await self._leases.hold(_LEASE, self._owner, now, _LEASE_SECONDS):
            return False
        last = await self._leases.place(_LEASE)
        turn = next((one for one in organizations if one > last), organizations[0])
        await self._leases.hold(_LEASE, self._owner, now, _LEASE_SECONDS, place=turn)
        keys = await self._followed.waiting(turn, now, _AT_ONCE)
        culprits = await all_but_culprits(keys, partial(self._follow, turn), _complain)
        if culprits:
            await self._followed.mark(turn, culprits, self._clock.now() + _PUT_OFF)
        return True

    async def _follow(self, organization_id: str, keys: Sequence[str]) -> None:
        companies = await self._mirror.companies(organization_id, keys)
        await self._companies.match(organization_id, keys, most=SLICE)
        for connection_id in sorted({one.record.connection_id for one in companies.values()}):
            await self._remove.again(organization_id, connection_id)


def _complain(key: str) -> None:
    _LOG.exception("a company could not be followed", company=key)
