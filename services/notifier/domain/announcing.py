"""Whether a signal is news: people are told of what happens now, not of what was found in the past."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from shared.contracts.signals import SignalDetected, SignalEvent

SilentBecause = Literal["historical", "too_old", "already_over"]


def is_removed(signal: SignalEvent, removed_until: datetime | None) -> bool:
    """Tell whether the signal speaks of data that is removed. Both times are of the detector's clock."""
    return removed_until is not None and signal.changed_at <= removed_until


def silent_because(
    signal: SignalDetected,
    *,
    now: datetime,
    most_age_days: float,
    known_revision: int | None,
    known_over: bool,
) -> SilentBecause | None:
    """Return why the signal is not announced, or None when it is.

    Records of one signal may overtake each other when its customer, and so its partition, changes:
    one that is known to be over by a later record stays silent.
    """
    if known_over and known_revision is not None and known_revision > signal.revision:
        return "already_over"
    if signal.historical:
        return "historical"
    if signal.occurred_at < now - timedelta(days=most_age_days):
        return "too_old"
    return None
