"""Measures customers' health in the background, and opens a signal when it falls.

Whatever changes a customer marks it as due in the same write, and its conversations do so through the review
that follows them, so that measuring health costs nothing while records are handled.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from services.detector.domain.errors import HealthWeightsError
from services.detector.domain.health import HealthWeights, measure
from services.detector.domain.health_assessment import SLOT, health_assessment, health_subject
from services.detector.domain.health_history import FallRules, Measured, find_fall
from services.detector.domain.hearing import heard_by
from services.detector.errors import InvalidRequestError
from services.detector.use_cases.stand_ins import former_subjects_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from services.detector.domain.signal import Proof, Signal
    from services.detector.ports import Connections, Customers, Due, HealthRecords, Leases, Mirror, Signals
    from services.detector.use_cases.connections import RemoveData
    from services.detector.use_cases.culprits import Culprits
    from services.detector.use_cases.settle import Settler
    from shared.clock import Clock

_AT_ONCE = 50
"""Customers measured at a time: few, because records take precedence."""

_LOOK_BACK = timedelta(days=180)
"""Conversations older than this say nothing about today; ratings reach back furthest."""

_PUT_OFF = timedelta(minutes=10)
"""How long a customer that could not be measured is skipped; each attempt repeats several other
measurements."""

_DISMISSED_FOR = timedelta(days=30)
"""How long a fall that a person dismissed is not reported again."""


class KeepHealth:
    """Measures customers that are due, a portion at a time, on one replica at a time."""

    def __init__(
        self,
        *,
        records: HealthRecords,
        customers: Customers,
        mirror: Mirror,
        signals: Signals,
        connections: Connections,
        settler: Settler,
        leases: Leases,
        clock: Clock,
        owner: str,
        remove: RemoveData,
        culprits: Culprits,
        rules: FallRules | None = None,
    ) -> None:
        self._records = records
        self._customers = customers
        self._mirror = mirror
        self._signals = signals
        self._connections = connections
        self._settler = settler
        self._leases = leases
        self._clock = clock
        self._owner = owner
        self._remove = remove
        self._culprits = culprits
        self._rules = rules or FallRules()

    async def weights(self, organization_id: str) -> HealthWeights:
        return await self._records.weights(organization_id)

    async def weigh(self, organization_id: str, by_name: Mapping[str, int], *, by: str) -> HealthWeights:
        """Store new weights, and have every customer measured again. Raises InvalidRequestError."""
        try:
            weights = HealthWeights(dict(by_name))
        except HealthWeightsError as error:
            raise InvalidRequestError(str(error)) from error
        await self._records.set_weights(organization_id, weights, by, self._clock.now())
        return weights

    async def round(self, every_seconds: float, again_after: timedelta) -> int:
        """Measure a portion of the customers that changed, or were measured too long ago; return how many.

        A customer that cannot be measured is logged and counted, and is due again in some minutes or when it
        changes. All others are measured, of whichever organization.
        """
        now = self._clock.now()
        if not await self._leases.take("health", self._owner, now, every_seconds):
            return 0
        due = await self._records.due(now - again_after, _AT_ONCE)
        by_organization: dict[str, list[Due]] = defaultdict(list)
        for one in due:
            by_organization[one.organization_id].append(one)
        for organization_id, mine in by_organization.items():
            failed = await self._culprits.left_out(
                "health",
                organization_id,
                mine,
                partial(self._measure, organization_id, now),
                lambda one: one.customer_id,
            )
            if failed:
                await self._records.put_off(organization_id, failed, now + _PUT_OFF - again_after)
        return len(due)

    async def _measure(self, organization_id: str, now: datetime, due: Sequence[Due]) -> None:
        # Read after the list of due customers: one that changed in between is measured as it is now.
        customers = await self._customers.by_ids(organization_id, {one.customer_id for one in due})
        subjects = {one: health_subject(one) for one in customers}
        keys = [subject.key for subject in subjects.values()]
        owned = await self._mirror.companies_of(organization_id, subjects.keys())
        former = await former_subjects_of(self._customers, organization_id, owned)
        told_under = {one: (subject.key, *former.get(one, ())) for one, subject in subjects.items()}
        weights, views, conversations, signals, histories = await asyncio.gather(
            self._records.weights(organization_id),
            self._connections.all_of(organization_id),
            self._mirror.digests(
                organization_id, {key for mine in told_under.values() for key in mine}, now - _LOOK_BACK
            ),
            self._signals.by_slots(organization_id, keys, None),
            self._records.histories(organization_id, subjects),
        )
        assessments, measured = [], []
        used: set[str] = set()
        for one in due:
            customer = customers.get(one.customer_id)
            if customer is None:
                continue  # Removed since.
            mine = [signal for signal in signals if signal.subject == subjects[one.customer_id]]
            history = histories[one.customer_id]
            companies = owned.get(one.customer_id, ())
            view = heard_by({company.workspace_id for company in companies}, views)
            health = measure(
                customer.facts,
                (customer.mood, customer.mood_messages),
                mine,
                [
                    conversation.summary
                    for key in told_under[one.customer_id]
                    for conversation in conversations.get(key, [])
                ],
                weights=weights,
                listening=view is not None and view.lifecycle_events,
                now=now,
            )
            measured.append(
                Measured(one.customer_id, one.changes, health, history.worth_keeping(health.state))
            )
            if view is None:
                continue
            used.add(view.connection_id)
            fall = find_fall(history, health.state, self._rules, is_open=any(_is_fall(each) for each in mine))
            assessments.append(
                health_assessment(
                    customer,
                    fall,
                    connection_id=view.connection_id,
                    workspace_id=view.workspace_id or "",
                    told=_told(mine, now),
                )
            )
        await self._settler.settle(organization_id, assessments)
        for connection_id in used:
            await self._remove.again(organization_id, connection_id)
        await self._records.save(organization_id, measured)


def _is_fall(signal: Signal) -> bool:
    return signal.slot == SLOT and signal.is_open


def _told(signals: Sequence[Signal], now: datetime) -> Proof | None:
    """Return the proof of a fall that people know of: its signal is open, or was dismissed recently."""

    def is_known(one: Signal) -> bool:
        dismissed_at = one.cleared_at if one.cleared_because == "dismissed" else None
        return one.is_open or (dismissed_at is not None and dismissed_at > now - _DISMISSED_FOR)

    known = [signal for signal in signals if signal.slot == SLOT and is_known(signal)]
    return next((proof for signal in reversed(known) for proof in signal.proofs), None)
