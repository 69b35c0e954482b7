"""Where customers and requests stand, by their signals: the numbers that lists are sorted by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from services.detector.domain.signal import ClearReason, Signal

_WEIGHTS: Mapping[str, int] = {
    "churn_risk/explicit": 100,
    "churn_risk/implied": 30,
    "sentiment_shift/down": 15,
    "health_change": 15,
    "renewal": 10,
    "upsell": 8,
    "expansion": 8,
    "onboarding": 3,
}
"""How much an open signal asks for somebody's time; a wish asks for a product manager's, not for theirs."""

STILL_ASKED: tuple[ClearReason, ...] = ("expired", "resolved")
"""Why a wish that was meant is closed: shipping or declining a request resolves the wishes for it."""


@dataclass(frozen=True, slots=True)
class Attention:
    """How much a customer needs somebody: open signals, what they weigh together, and when."""

    open_signals: int
    weight: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Demand:
    """Who stands behind a request: customers (or people without one), people, and monthly spend."""

    customers: int
    people: int
    spend: float
    last_at: datetime | None


def attention_of(signals: Sequence[Signal]) -> Attention:
    """Return what a customer's open signals ask for."""
    mine = [one for one in signals if one.is_open]
    return Attention(
        open_signals=len(mine),
        weight=sum(_WEIGHTS.get(one.slot.key, 0) for one in mine),
        last_at=max((one.occurred_at for one in mine if one.occurred_at), default=None),
    )


def is_asked_for(signal: Signal) -> bool:
    """Return whether somebody stands behind a wish: it is open, or closed for one of `STILL_ASKED`."""
    return signal.is_open or signal.cleared_because in STILL_ASKED


def demand_of(signals: Sequence[Signal]) -> Demand:
    """Return who stands behind a request; dismissed and withdrawn wishes do not count."""
    mine = [one for one in signals if is_asked_for(one)]
    spend = {one.subject: one.customer.monthly_spend or 0.0 for one in mine if one.customer}
    return Demand(
        customers=len({one.subject for one in mine}),
        people=len({person.id for one in mine for person in one.people}),
        spend=sum(spend.values()),
        last_at=max((one.occurred_at for one in mine if one.occurred_at), default=None),
    )
