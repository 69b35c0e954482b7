"""What time alone brings about: occasions run out, silence becomes a fact."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from services.detector.domain.identity import Subject
from services.detector.domain.occasion import Slot
from services.detector.use_cases.culprits import review_all_but_culprits

if TYPE_CHECKING:
    from datetime import datetime

    from services.detector.domain.book import SignalBook
    from services.detector.domain.occasion import OccasionRules
    from services.detector.ports import Connections, Customers, Leases, Signals
    from services.detector.use_cases.accounts import Accounts
    from services.detector.use_cases.connections import RemoveData
    from services.detector.use_cases.settle import Settler
    from shared.clock import Clock

_AT_ONCE = 100
_ACCOUNTS = "accounts"
_PORTION_SECONDS = 120.0
"""How long a replica that died in a review holds the others up: many times what a portion of it takes."""

_COUNTED_AFTER = timedelta(seconds=30)
"""What is stored is counted within a second; what was not by then has lost its process."""

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

    async def expire(self, every_seconds: float) -> int:
        """Close the signals whose occasion is over; return how many."""
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
        overdue = await self._signals.overdue(organization_id, cuts, _AT_ONCE)

        def expire(book: SignalBook) -> None:
            book.expire()

        ids = [one.signal_id for one in overdue]
        changed = await self._settler.carry_through(organization_id, ids, expire)
        return sum(not one.is_open for one in changed)

    async def recount(self) -> int:
        """Count again where a process died between storing signals and counting them; return how many."""
        return await self._settler.recount(self._clock.now() - _COUNTED_AFTER, _AT_ONCE)

    async def review_accounts(self, every_seconds: float) -> int:
        """Look at every customer's facts and moods as of now; return how many signals changed.

        Whatever ends it in the middle, the next call that gets the lease goes on from there; the next round
        is due that long after all were looked at.
        """
        if not await self._leases.take(_ACCOUNTS, self._owner, self._clock.now(), _PORTION_SECONDS):
            return 0
        organization_id, _, customer_id = (await self._leases.place(_ACCOUNTS)).rpartition("/")
        changed = 0
        async for owner_id, customer_ids in self._customers.all_ids((organization_id, customer_id)):
            views = await self._connections.all_of(owner_id)
            subjects = [Subject("customer", one) for one in customer_ids]
            # Time alone has health measured anew as it is; everybody at once would hold up who changed.
            count, _ = await review_all_but_culprits(self._accounts, owner_id, subjects, changed=False)
            changed += count
            for view in views:
                await self._remove.again(owner_id, view.connection_id)
            if not await self._hold(_PORTION_SECONDS, place=f"{owner_id}/{customer_ids[-1]}"):
                return changed  # It took longer than the lease, and another replica goes on.
        await self._hold(every_seconds, place="")
        return changed

    async def _hold(self, seconds: float, *, place: str) -> bool:
        return await self._leases.hold(_ACCOUNTS, self._owner, self._clock.now(), seconds, place=place)
