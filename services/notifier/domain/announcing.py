"""Whether a signal is news: people are told of what happens now, not of what was found in the past."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from shared.contracts.signals import SignalDetected, SignalEvent

_COMPLETED_WITHIN = timedelta(days=1)
"""Company, match and tags may arrive after the words. Later changes without new words are maintenance: an
uploaded customer list, or a newer detector that reads again, must not send a fortnight of messages."""

SilentBecause = Literal["historical", "too_old", "already_over"]


def is_removed(signal: SignalEvent, removed_until: datetime | None) -> bool:
    """Return whether the signal is about data that is removed. Both times are by the detector's clock."""
    return removed_until is not None and signal.changed_at <= removed_until


def silent_because(
    signal: SignalDetected,
    *,
    now: datetime,
    most_age_days: float,
    known_revision: int | None,
    known_over: bool,
) -> SilentBecause | None:
    """Return why the signal is not announced, or None if it is.

    Records of one signal may overtake each other when its customer, and so its partition, changes: a signal
    that a later record has closed is not announced.
    """
    if known_over and known_revision is not None and known_revision > signal.revision:
        return "already_over"
    if signal.historical:
        return "historical"
    if _is_too_old(signal, now, most_age_days):
        return "too_old"
    return None


def is_implied(signal: SignalEvent) -> bool:
    """Tell whether a signal is a churn risk that nobody said outright."""
    return signal.kind == "churn_risk" and signal.explicit is False


def told_from(signal: SignalDetected, *, now: datetime, settle_seconds: float) -> datetime:
    """Return from when people may be told of news: at once, but for a churn risk that words imply.

    What is read between the lines of a first message is often taken back or answered a minute later, and
    the signal is withdrawn. Notice that was given, and what an account's facts say, waits for nothing.
    """
    if not is_implied(signal) or not signal.evidence:
        return now
    # What opens in the future opened by another clock: it waits no longer than what opens now.
    return max(now, min(signal.opened_at, now) + timedelta(seconds=settle_seconds))


def may_be_heard_anew(
    signal: SignalEvent,
    *,
    now: datetime,
    most_age_days: float,
    known_revision: int,
    known_words: datetime,
    news_since: datetime,
) -> bool:
    """Return whether an open signal's newer state may reach people who were not told of its opening.

    It may if it brings news: newer words than those known, or what belongs to the opening, which was news
    when it changed the signal at `news_since`.
    """
    if signal.revision <= known_revision or _is_too_old(signal, now, most_age_days):
        return False
    return signal.occurred_at > known_words or signal.changed_at <= news_since + _COMPLETED_WITHIN


def _is_too_old(signal: SignalEvent, now: datetime, most_age_days: float) -> bool:
    return signal.occurred_at < now - timedelta(days=most_age_days)
