"""The numbers that lists of customers and requests are sorted by, counted from their signals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
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
"""How much an open signal asks for somebody's time; a wish asks for a product manager's instead."""

STILL_ASKED: tuple[ClearReason, ...] = ("expired", "resolved")
"""Why a genuine wish may be closed: shipping or declining a request resolves its wishes."""

TREND_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Attention:
    """How much a customer needs somebody: its open signals, their total weight, and the newest one's time."""

    open_signals: int
    weight: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Demand:
    """Who asks for a request: customers (or people without one), people, and monthly spend.

    Only wishes that are still asked for count (`is_asked_for`), and each customer's spend counts once.
    """

    customers: int
    people: int
    spend: float
    last_at: datetime | None


NOBODY = Demand(customers=0, people=0, spend=0.0, last_at=None)


def attention_of(counted: Collection[tuple[str, int, datetime | None]]) -> Attention:
    """Return what a customer's open signals ask for, given the number of each slot and the newest time."""
    return Attention(
        open_signals=sum(signals for _, signals, _ in counted),
        weight=sum(_WEIGHTS.get(slot, 0) * signals for slot, signals, _ in counted),
        last_at=max((at for _, _, at in counted if at), default=None),
    )


def is_asked_for(signal: Signal) -> bool:
    """Return whether somebody still asks for a wish: it is open, or closed for one of `STILL_ASKED`."""
    return signal.is_open or signal.cleared_because in STILL_ASKED


def asked_by_month(signals: Iterable[Signal], now: datetime) -> list[int]:
    """Return how often a wish was asked for in each of the last `TREND_MONTHS`, oldest first.

    As in `Demand`, dismissed and withdrawn wishes do not count.
    """
    counts = [0] * TREND_MONTHS
    for proof in (proof for signal in signals if is_asked_for(signal) for proof in signal.proofs):
        ago = (now.year - proof.said_at.year) * 12 + now.month - proof.said_at.month
        if 0 <= ago < TREND_MONTHS:
            counts[TREND_MONTHS - 1 - ago] += 1
    return counts


def first_asked(signals: Iterable[Signal]) -> datetime | None:
    """Return when somebody who still asks for a wish first did; None if nobody does.

    This is not when it was found: a first sync finds in a minute what was asked for over months.
    """
    moments = (signal.first_said_at for signal in signals if is_asked_for(signal))
    return min((at for at in moments if at is not None), default=None)
