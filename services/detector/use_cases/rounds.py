"""What the passing of time brings about: occasions expire, and silence becomes a fact."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from services.detector.domain.identity import Subject
from services.detector.domain.occasion import Slot

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from services.detector.domain.book import SignalBook
    from services.detector.domain.mirror import ConnectionView
    from services.detector.domain.occasion import OccasionRules
    from services.detector.ports import Connections, Customers, Leases, Signals, Uncounted
    from services.detector.use_cases.accounts import Accounts
    from services.detector.use_cases.connections import RemoveData
    from services.detector.use_cases.culprits import Culprits
    from services.detector.use_cases.settle import Settler
    from shared.clock import Clock

_AT_ONCE = 100
_ACCOUNTS = "accounts"
_PORTION_SECONDS = 120.0
"""How long a replica that died during a review keeps the others waiting: many times what a portion takes."""

_COUNTED_AFTER = timedelta(seconds=30)
"""Signals are counted within a second of being stored; those that are not belong to a process that died."""

_PUT_OFF = timedelta(minutes=10)
"""How long a signal that could not be processed is skipped."""

_SLOTS = (
    Slot("onboarding"),
    Slot("renewal"),
    Slot("upsell"),
    Slot("expansion"),
    Slot("churn_risk", "implied"),
    Slot("churn_risk", "explicit"),
    Slot("sentiment_shift", "down"),
    Slot("sentiment_shift", "up"),
    Slot("health_change"),
)


class Rounds:
    """Work that is due by the clock. One replica at a time does a round; two would only repeat it."""

    def __init__(
        self,
        *,
        signals: Signals,
        customers: Customers,
        connections: Connections,
        accounts: Accounts,
        settler: Settler,
        leases: Leases,
        rules: OccasionRules,
        clock: Clock,
        owner: str,
        remove: RemoveData,
        culprits: Culprits,
    ) -> None:
        self._signals = signals
        self._customers = customers
        self._connections = connections
        self._accounts = accounts
        self._settler = settler
        self._leases = leases
        self._rules = rules
        self._clock = clock
        self._owner = owner
        self._remove = remove
        self._culprits = culprits

    async def expire(self, every_seconds: float) -> int:
        """Close the signals whose occasion is over; return how many.

        A signal that cannot be closed is logged and counted, and tried again in some minutes.
        """
        now = self._clock.now()
        if not await self._leases.take("expire", self._owner, now, every_seconds):
            return 0
        closed = 0
        for organization_id in await self._signals.organizations():
            closed += await self._expire_in(organization_id, now)
        return closed

    async def _expire_in(self, organization_id: str, now: datetime) -> int:
        windows = {slot: self._rules.window(slot) for slot in _SLOTS}
        cuts = {slot: now - window for slot, window in windows.items() if window is not None}
        closed: set[str] = set()

        def expire(book: SignalBook) -> None:
            book.expire()

        async def close(some: Sequence[str]) -> None:
            changed = await self._settler.carry_through(organization_id, some, expire)
            closed.update(signal.signal_id for signal in changed if not signal.is_open)

        overdue = await self._signals.overdue(organization_id, cuts, now, _AT_ONCE)
        culprits = await self._culprits.left_out("expiry", organization_id, overdue, close)
        if culprits:
            await self._signals.put_off_expiry(organization_id, culprits, now + _PUT_OFF)
        return len(closed)

    async def recount(self) -> int:
        """Count again where a process died after storing signals and before counting them; return how many.

        Whatever cannot be counted is logged, and tried again in some minutes.
        """
        now = self._clock.now()
        left = await self._signals.uncounted(now - _COUNTED_AFTER, _AT_ONCE)
        by_organization: dict[str, list[Uncounted]] = defaultdict(list)
        for uncounted in left:
            by_organization[uncounted.organization_id].append(uncounted)
        for organization_id, mine in by_organization.items():
            culprits = await self._culprits.left_out(
                "recount",
                organization_id,
                mine,
                partial(self._settler.recount, organization_id),
                lambda one: one.signal_id,
            )
            if culprits:
                states = [(culprit.signal_id, culprit.revision) for culprit in culprits]
                await self._signals.count_later(organization_id, states, now + _PUT_OFF)
        return len(left)

    async def review_accounts(self, every_seconds: float) -> int:
        """Review every customer's facts and moods as of now; return how many signals changed.

        If the round is interrupted, the next call that gets the lease continues from there. The next round is
        due `every_seconds` after every customer was reviewed.
        """
        if not await self._leases.take(_ACCOUNTS, self._owner, self._clock.now(), _PORTION_SECONDS):
            return 0
        organization_id, _, customer_id = (await self._leases.place(_ACCOUNTS)).rpartition("/")
        changed = 0
        async for owner_id, customer_ids in self._customers.all_ids((organization_id, customer_id)):
            changed += await self._review(owner_id, customer_ids)
            if not await self._hold(_PORTION_SECONDS, place=f"{owner_id}/{customer_ids[-1]}"):
                return changed  # It took longer than the lease, and another replica goes on.
        await self._hold(every_seconds, place="")
        return changed

    async def _review(self, organization_id: str, customer_ids: Sequence[str]) -> int:
        views = await self._connections.all_of(organization_id)
        count = 0

        async def review(some: Sequence[Subject]) -> None:
            nonlocal count
            # Health is measured again by time alone anyway; everybody at once would delay those who changed.
            count += await self._accounts.review(organization_id, some, changed=False)

        async def remove_again(some: Sequence[ConnectionView]) -> None:
            for view in some:
                await self._remove.again(organization_id, view.connection_id)

        subjects = [Subject("customer", customer_id) for customer_id in customer_ids]
        await self._culprits.left_out(
            "review", organization_id, subjects, review, lambda subject: subject.key
        )
        await self._culprits.left_out(
            "removal", organization_id, views, remove_again, lambda view: view.connection_id
        )
        return count

    async def _hold(self, seconds: float, *, place: str) -> bool:
        return await self._leases.hold(_ACCOUNTS, self._owner, self._clock.now(), seconds, place=place)
