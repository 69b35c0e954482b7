"""Matches all companies of a connection again in the background, after names or attributes changed meaning.

The work is a chain of slices with a cursor, taken by whichever replica is free, so that neither the handling
of a record nor a person's click waits for a workspace of any size.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, get_args

from services.detector.domain.matching import NameMatching
from services.detector.domain.mirror import Progress
from services.detector.use_cases.culprits import is_ours
from services.detector.use_cases.follow_on import SLICE, Allowance

if TYPE_CHECKING:
    from services.detector.domain.mirror import ConnectionView
    from services.detector.ports import Connections, Mirror, Rereads
    from services.detector.use_cases.companies import MatchCompanies
    from services.detector.use_cases.connections import RemoveData
    from services.detector.use_cases.culprits import Culprits
    from shared.clock import Clock

_SLICE = 50
_LEASE_SECONDS = 60.0
"""A slice takes a second or two; the slice of a replica that died becomes free after this long."""


class Rematch:
    """Requests that a connection's companies are matched again, and does so in slices."""

    def __init__(
        self,
        *,
        rematches: Rereads,
        mirror: Mirror,
        connections: Connections,
        companies: MatchCompanies,
        clock: Clock,
        owner: str,
        remove: RemoveData,
        culprits: Culprits,
    ) -> None:
        self._rematches = rematches
        self._mirror = mirror
        self._connections = connections
        self._companies = companies
        self._clock = clock
        self._owner = owner
        self._remove = remove
        self._culprits = culprits

    async def ask(self, view: ConnectionView, *, again: bool = False) -> None:
        """Request that all companies of a connection are matched again, by the settings stored at that time.

        Unless `again`, an earlier request with the same name matching is kept, finished or under way.
        """
        total = 0
        if view.workspace_id:
            total = await self._mirror.count_companies(view.organization_id, view.workspace_id)
        progress = Progress(
            connection_id=view.connection_id,
            organization_id=view.organization_id,
            fingerprint=view.match_companies_by_name,
            total=total,
            started_at=self._clock.now(),
        )
        await self._rematches.ask(progress, again=again)

    async def begin(self, view: ConnectionView) -> None:
        """Do as `ask` with `again`, and match the first slice now: a small workspace shows it immediately."""
        await self.ask(view, again=True)
        if view.workspace_id:
            keys = await self._mirror.company_keys_after(view.organization_id, view.workspace_id, "", _SLICE)
            await self._companies.match(view.organization_id, keys, Allowance(SLICE))

    async def work(self) -> bool:
        """Match one slice for one connection; return whether there was one.

        A company that cannot be matched is logged and skipped; its next record matches it. If none of a slice
        can be matched, the slice is retried when its lease expires.
        """
        progress = await self._rematches.claim(
            self._owner, self._clock.now(), _LEASE_SECONDS, get_args(NameMatching)
        )
        if progress is None:
            return False
        view = await self._connections.get(progress.organization_id, progress.connection_id)
        keys: list[str] = []
        if view is not None and view.workspace_id is not None:
            keys = await self._mirror.company_keys_after(
                progress.organization_id, view.workspace_id, progress.cursor, _SLICE
            )
        if keys:
            match = partial(self._companies.match, progress.organization_id, allowance=Allowance(SLICE))
            culprits = await self._culprits.left_out("matching", progress.organization_id, keys, match)
            if is_ours(culprits, keys):
                return False
            await self._remove.again(progress.organization_id, progress.connection_id)
        now = self._clock.now()
        await self._rematches.advance(progress.after(keys, most=_SLICE, now=now), self._owner, now)
        return True
