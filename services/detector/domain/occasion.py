"""When two pieces of evidence belong to one occasion, and when an occasion is over.

One signal stands for one occasion of one kind with one customer. Evidence within the kind's window of earlier
evidence belongs to the same occasion; a renewal next year is another one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.contracts.signals import LIFECYCLE_KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from shared.contracts.signals import Direction, SignalKind

EXPLICIT = "explicit"
IMPLIED = "implied"
DOWN = "down"
UP = "up"


@dataclass(frozen=True, slots=True)
class Slot:
    """What may be open once per subject: a kind, and within it a variant that people distinguish.

    `variant` is explicit or implied for churn risk, down or up for sentiment, the request's id for a wish,
    and empty for all other kinds.
    """

    kind: SignalKind
    variant: str = ""

    @property
    def key(self) -> str:
        return f"{self.kind}/{self.variant}" if self.variant else self.kind

    @property
    def explicit(self) -> bool | None:
        return self.variant == EXPLICIT if self.kind == "churn_risk" else None

    @property
    def direction(self) -> Direction | None:
        if self.kind != "sentiment_shift":
            return None
        return "up" if self.variant == UP else "down"

    @property
    def request_id(self) -> str | None:
        return self.variant if self.kind == "feature_request" else None

    @property
    def is_lifecycle(self) -> bool:
        return self.kind in LIFECYCLE_KINDS


SHIFTS = (Slot("sentiment_shift", DOWN), Slot("sentiment_shift", UP))
"""The slots that moods may open."""

_DEFAULT_DAYS: Mapping[str, int] = {
    "onboarding": 45,  # the usual length of a guided start
    "renewal": 60,  # talk about a renewal ends within two months of it
    "upsell": 60,
    "expansion": 60,
    "churn_risk/implied": 60,  # a grumble that nobody repeats for two months has passed
    "churn_risk/explicit": 120,  # notice stays true for a quarter and its notice period
    "sentiment_shift/down": 30,
    "sentiment_shift/up": 30,
    "health_change": 30,
}


@dataclass(frozen=True)
class OccasionRules:
    """How long an occasion lasts without new evidence, in days by slot; a wish never expires.

    `announce_max_age_days`: evidence older than this is shown but not announced.
    """

    days: Mapping[str, int] = field(default_factory=lambda: dict(_DEFAULT_DAYS))
    announce_max_age_days: int = 14

    def with_days(self, days: Mapping[str, int], announce_max_age_days: int) -> OccasionRules:
        """Return the rules with some of the durations replaced."""
        return OccasionRules({**self.days, **days}, announce_max_age_days)

    def window(self, slot: Slot) -> timedelta | None:
        """Return how far apart evidence of one occasion may lie; None where there is no limit."""
        if slot.kind == "feature_request":
            return None
        return timedelta(days=self.days.get(slot.key, self.days.get(slot.kind, 60)))

    def belongs(self, slot: Slot, said_at: datetime, first: datetime, last: datetime) -> bool:
        """Return whether something said at `said_at` is part of the occasion that spans first to last."""
        window = self.window(slot)
        return window is None or first - window <= said_at <= last + window

    def expires_at(self, slot: Slot, last: datetime) -> datetime | None:
        """Return when an occasion whose newest evidence is from `last` is over; None means never."""
        window = self.window(slot)
        return None if window is None else last + window

    def is_past(self, said_at: datetime, now: datetime) -> bool:
        """Return whether evidence is too old to be announced."""
        return said_at < now - timedelta(days=self.announce_max_age_days)
