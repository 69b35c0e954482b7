"""Reviewing subjects once they have been quiet for a moment, not after every batch that touched them.

A review reads all that a customer said in a year. A first sync touches the same customers with every batch,
so reviewing at once costs the more the longer it has run; whoever reads marks the subject instead, in one
small write before its offset is committed.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from services.detector.use_cases.culprits import review_all_but_culprits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.detector.domain.identity import Subject
    from services.detector.ports import DueSubject, DueSubjects, Leases
    from services.detector.use_cases.accounts import Accounts
    from services.detector.use_cases.connections import RemoveData
    from shared.clock import Clock

_AT_ONCE = 100
"""Subjects reviewed in one round; the rest are due at once again."""

_LEASE_SECONDS = 15.0
"""How long a replica that died holds the others up: several times what a round takes."""

_PUT_OFF = timedelta(minutes=10)
"""How long whoever could not be reviewed stands aside; each try costs several reviews of those beside it."""


class ReviewDueSubjects:
    """Reviews who is due, a portion at a time; one replica at a time, since two would do the same."""

    def __init__(
        self,
        *,
        due: DueSubjects,
        accounts: Accounts,
        leases: Leases,
        clock: Clock,
        owner: str,
        remove: RemoveData,
    ) -> None:
        self._due = due
        self._accounts = accounts
        self._leases = leases
        self._clock = clock
        self._owner = owner
        self._remove = remove

    async def round(self, quiet_seconds: float, patience_seconds: float) -> int:
        """Review a portion of those quiet for so long, or due for so long; return how many.

        One that is touched while it is reviewed stays due. One that cannot be reviewed is logged, and is due
        again in some minutes. A process that dies leaves all of its portion due.
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
            failed = await self._review(organization_id, mine)
            if failed:
                await self._due.put_off(organization_id, failed, now + _PUT_OFF)
            well = [one for one in mine if one.subject not in failed]
            await self._due.done(organization_id, well, now)
        return len(due)

    async def _review(self, organization_id: str, due: Sequence[DueSubject]) -> set[Subject]:
        """Return with whom it failed."""
        failed: set[Subject] = set()
        for known_before in {one.known_before for one in due}:
            subjects = [one.subject for one in due if one.known_before == known_before]
            _, culprits = await review_all_but_culprits(
                self._accounts, organization_id, subjects, known_before=known_before
            )
            failed.update(culprits)
        for connection_id in {one.connection_id for one in due}:
            await self._remove.again(organization_id, connection_id)
        return failed
