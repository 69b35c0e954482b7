"""How fast a run goes and how long it still takes: steady numbers that never jump back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.syncer.domain.concurrency import PageSize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.syncer.domain.run import Count
    from shared.contracts.sync import ResourceType

_SMOOTHING_SECONDS = 20.0
"""Time over which the rate forgets: shorter flickers, longer lags behind a change of pace."""

_REPORTS_PER_CLAIM = 10_000
"""Sequence numbers set aside for one claim; a slice of a minute sends 120."""


def smoothed(rate: float | None, amount: float, seconds: float) -> float | None:
    """Return the rate after `amount` more in `seconds`, weighing by how long was watched."""
    if seconds <= 0:
        return rate
    fresh = amount / seconds
    if rate is None:
        return fresh
    weight = min(seconds / _SMOOTHING_SECONDS, 1.0)
    return rate + (fresh - rate) * weight


def calls_left(counts: Mapping[ResourceType, Count]) -> float | None:
    """Return the calls still needed, or None while a total is not known.

    A conversation costs one call and its share of a page; rows of everything else come by the page.
    """
    if not counts or any(count.total is None for count in counts.values()):
        return None
    return sum(
        max((count.total or 0) - count.done, 0)
        * ((1 if resource == "conversation" else 0) + 1 / PageSize.LARGEST)
        for resource, count in counts.items()
    )


def remaining_seconds(counts: Mapping[ResourceType, Count], rate: float | None) -> float | None:
    """Return the seconds still needed at this rate of calls per second, or None while nobody can know."""
    left = calls_left(counts)
    return None if left is None or not rate else left / rate


def sequence(fence: int, reports: int) -> int:
    """Return a report's number: higher than all before it, also after another replica took over."""
    return fence * _REPORTS_PER_CLAIM + min(reports, _REPORTS_PER_CLAIM - 1)
