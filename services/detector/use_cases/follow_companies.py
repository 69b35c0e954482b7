"""Continues what follows a moved or deleted company, where it was too much for one batch or was cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.use_cases.follow_on import SLICE, Allowance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.detector.ports import Mirror
    from services.detector.use_cases.companies import MatchCompanies
    from services.detector.use_cases.connections import RemoveData
    from services.detector.use_cases.follow_in_turns import FollowInTurns


class FollowCompanies:
    """Follows marked companies in slices, one replica at a time."""

    def __init__(
        self, *, turns: FollowInTurns, mirror: Mirror, companies: MatchCompanies, remove: RemoveData
    ) -> None:
        self._turns = turns
        self._mirror = mirror
        self._companies = companies
        self._remove = remove

    async def work(self) -> bool:
        """Process a slice of one organization's companies, organizations in turn; return whether any waited.

        A company that cannot be processed because of a defect is logged, and waits some minutes.
        """
        return await self._turns.work(self._follow)

    async def _follow(self, organization_id: str, keys: Sequence[str]) -> None:
        companies = await self._mirror.companies(organization_id, keys)
        lost = await self._mirror.lost_companies(organization_id, keys)
        await self._companies.match(organization_id, keys, Allowance(SLICE))
        await self._companies.after_deletion(organization_id, lost, Allowance(SLICE))
        through = {company.record.connection_id for company in companies.values()}
        for connection_id in sorted(through | {mark.connection_id for mark in lost.values()}):
            await self._remove.again(organization_id, connection_id)
