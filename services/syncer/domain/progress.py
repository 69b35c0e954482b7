"""How far a run is and how long it still takes: numbers that say nothing rather than something untrue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.syncer.domain.concurrency import PageSize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.syncer.domain.pace import Pace
    from services.syncer.domain.run import Count
    from shared.contracts.sync import ResourceType

_REPORTS_PER_CLAIM = 10_000
"""Sequence numbers set aside for one claim; a slice of a minute sends 120."""


def _calls_of(resource: ResourceType, amount: int) -> float:
    """Return what reading so many costs: a conversation a call and its share of a page, others that share."""
    return amount * ((1 if resource == "conversation" else 0) + 1 / PageSize.LARGEST)


def work_done(counts: Mapping[ResourceType, Count]) -> float | None:
    """Return how much of the work is done in 0…1, by the calls it costs; None while a total is not known.

    By their number alone ten thousand contacts, sixty-seven calls, would outweigh a thousand conversations.
    """
    if any(count.total is None for count in counts.values()):
        return None
    whole = sum(_calls_of(resource, count.total or 0) for resource, count in counts.items())
    done = sum(_calls_of(resource, min(count.done, count.total or 0)) for resource, count in counts.items())
    return min(done / whole, 1.0) if whole else None


def remaining_seconds(
    counts: Mapping[ResourceType, Count], paces: Mapping[ResourceType, Pace]
) -> float | None:
    """Return the seconds still needed, or None while nobody can know.

    That is while a total is not known, and while the pace of what most calls are left for has not settled:
    contacts say nothing of how fast conversations will come.
    """
    if not counts or any(count.total is None for count in counts.values()):
        return None
    left = {
        resource: _calls_of(resource, max((count.total or 0) - count.done, 0))
        for resource, count in counts.items()
    }
    most = max(left, key=lambda resource: left[resource])
    pace = paces.get(most)
    if pace is None or not pace.settled or not pace.items_per_second:
        return None
    return sum(left.values()) / (_calls_of(most, 1) * pace.items_per_second)


def sequence(fence: int, reports: int) -> int:
    """Return a report's number: higher than all before it, also after another replica took over."""
    return fence * _REPORTS_PER_CLAIM + min(reports, _REPORTS_PER_CLAIM - 1)
