"""Reviews subjects once they have been quiet for a moment, rather than after every batch that touched them.

A review reads everything that a customer said in a year. A first sync touches the same customers in every
batch, so reviewing at once would cost more the longer the sync has run. Reading conversations therefore only
marks their subjects as due, in one small write before the offset is committed.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.detector.ports import DueSubject, DueSubjects, Leases
    from services.detector.use_cases.accounts import Accounts
    from services.detector.use_cases.connections import RemoveData
    from services.detector.use_cases.culprits import Culprits
    from shared.clock import Clock

_AT_ONCE = 100
"""Subjects reviewed in one round; the rest stay due."""

_LEASE_SECONDS = 15.0
"""How long a replica that died keeps the others from reviewing: several times what a round takes."""

_PUT_OFF = timedelta(minutes=10)
"""How long a subject that could not be reviewed is skipped; each attempt repeats several other reviews."""


class ReviewDueSubjects:
    """Reviews subjects that are due, a portion at a time, on one replica at a time."""

    def __init__(
        self,
        *,
        due: DueSubjects,
        accounts: Accounts,
        leases: Leases,
        clock: Clock,
        owner: str,
        remove: RemoveData,
        culprits: Culprits,
    ) -> None:
        self._due = due
        self._accounts = accounts
        self._leases = leases
        self._clock = clock
        self._owner = owner
        self._remove = remove
        self._culprits = culprits

    async def round(self, quiet_seconds: float, patience_seconds: float) -> int:
        """Review a portion of the subjects that have been quiet, or due, for long enough; return how many.

        A subject that is touched during its review stays due. One that cannot be reviewed is logged, and is
        due again in some minutes. If the process dies, its whole portion stays due.
        """
        now = self._clock.now()
        if not await self._leases.hold("due subjects", self._owner, now, _LEASE_SECONDS):
            return 0
        due = await self._due.due(
            now - timedelta(seconds=quiet_seconds), now - timedelta(seconds=patience_seconds), _AT_ONCE
        )
        by_organization: dict[str, list[DueSubject]] = defaultdict(list)
        for one in due:
            by_organization[one.organization_id].append(one)
        for organization_id, mine in by_organization.items():
            culprits = await self._culprits.left_out(
                "review", organization_id, mine, partial(self._review, organization_id), _key_of
            )
            failed = {culprit.subject for culprit in culprits}
            if failed:
                await self._due.put_off(organization_id, failed, now + _PUT_OFF)
            well = [due for due in mine if due.subject not in failed]
            await self._due.done(organization_id, well, now)
        return len(due)

    async def _review(self, organization_id: str, due: Sequence[DueSubject]) -> None:
        for known_before in {one.known_before for one in due}:
            subjects = [one.subject for one in due if one.known_before == known_before]
            await self._accounts.review(organization_id, subjects, known_before=known_before)
        for connection_id in {one.connection_id for one in due}:
            await self._remove.again(organization_id, connection_id)


def _key_of(one: DueSubject) -> str:
    return one.subject.key
