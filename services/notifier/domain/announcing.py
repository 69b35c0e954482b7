"""Whether a signal is news: people are told of what happens now, not of what was found in the past."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from shared.contracts.signals import SignalDetected

SilentBecause = Literal["historical", "too_old", "already_over", "data_removed"]


def silent_because(
    signal: SignalDetected,
    *,
    now: datetime,
    most_age_days: float,
    known_revision: int | None,
    known_over: bool,
    removed_until: datetime | None,
) -> SilentBecause | None:
    """Return why the signal is not announced, or None when it is.

    Records of one signal may overtake each other when its customer, and so its partition, changes:
    one that is known to be over by a later record stays silent.
    """
    if removed_until is not None and signal.changed_at <= removed_until:
        return "data_removed"
    if known_over and known_revision is not None and known_revision > signal.revision:
        return "already_over"
    if signal.historical:
        return "historical"
    if signal.occurred_at < now - timedelta(days=most_age_days):
        return "too_old"
    return None
