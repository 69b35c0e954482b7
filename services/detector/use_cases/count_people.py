"""Counts people's conversations in the background, so that the handling of records only marks who changed.

A count is a query on the mirror, repeated whenever its result may have changed, so neither a repeat nor a
crash in the middle makes the number wrong.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from services.detector.ports import DuePerson, Leases, PeopleCounts
    from services.detector.use_cases.culprits import Culprits
    from shared.clock import Clock

_AT_ONCE = 100
_QUIET = timedelta(seconds=2)
"""How long a count waits for more records: somebody who appears in many of them is counted once."""

_BEGUN = timedelta(minutes=1)
"""How long storing may take before those who left the conversations are counted anyway. If the process
dies after storing, only these marks say that they left."""

_PUT_OFF = timedelta(minutes=10)
"""How long somebody who could not be counted is skipped."""

_LEASE, _LEASE_SECONDS = "people to count", 60.0


class CountPeople:
    """Marks people whose conversations must be counted, and counts them, one replica at a time."""

    def __init__(
        self, *, counts: PeopleCounts, leases: Leases, culprits: Culprits, clock: Clock, owner: str
    ) -> None:
        self._counts = counts
        self._leases = leases
        self._culprits = culprits
        self._clock = clock
        self._owner = owner

    async def before(
        self, organization_id: str, present: Mapping[str, Collection[str]], gone: Collection[str]
    ) -> set[str]:
        """Note who is about to leave these conversations; call it before they are stored or deleted.

        `present` gives, by conversation key, the people of each conversation as it will be stored; `gone` are
        the deleted conversations. Return everybody whose count may change.
        """
        participants = await self._counts.participants(organization_id, {*present, *gone})
        leaving = {
            person
            for key, people in participants.items()
            for person in people.difference(present.get(key, ()))
        }
        # Marked before storing: after a crash in between, nothing would know that they had left.
        await self._counts.mark(organization_id, leaving, self._clock.now() + _BEGUN)
        return leaving.union(*present.values())

    async def mark(self, organization_id: str, people: Collection[str]) -> None:
        """Have these people's conversations counted in a moment."""
        await self._counts.mark(organization_id, people, self._clock.now() + _QUIET)

    async def work(self) -> bool:
        """Count some of one organization's waiting people, organizations in turn; return whether any waited.

        Somebody who cannot be counted is logged, and waits some minutes.
        """
        now = self._clock.now()
        last = await self._leases.place(_LEASE)
        due = await self._counts.due(now, _AT_ONCE, after=last)
        if not due:
            return False
        turn = due[0].organization_id
        if not await self._leases.hold(_LEASE, self._owner, now, _LEASE_SECONDS, place=turn):
            return False
        culprits = await self._culprits.left_out(
            "people", turn, due, partial(self._count, turn), lambda person: person.key
        )
        if culprits:
            await self._counts.put_off(turn, culprits, now + _PUT_OFF)
        return True

    async def _count(self, organization_id: str, due: Sequence[DuePerson]) -> None:
        counts = await self._counts.count(organization_id, {person.key for person in due})
        await self._counts.save(organization_id, [(person, counts.get(person.key, 0)) for person in due])
