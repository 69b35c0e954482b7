"""What happened to a signal in a unit of work, and what is published about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from services.detector.domain.signal import Signal

Transition = Literal["detected", "updated", "cleared"]


@dataclass(frozen=True, slots=True)
class Change:
    """One signal before and after a unit of work, and what is published about it, oldest first."""

    before: Signal | None
    after: Signal
    told: tuple[tuple[Transition, Signal], ...]

    @property
    def customer_ids(self) -> tuple[str, ...]:
        """Return the customers whose need for attention changes with it."""
        ids = {signal.subject.customer_id for signal in (self.before, self.after) if signal is not None}
        return tuple(sorted(one for one in ids if one))

    @property
    def request_ids(self) -> tuple[str, ...]:
        """Return the requests whose demand changes with it."""
        ids = {signal.slot.request_id for signal in (self.before, self.after) if signal is not None}
        return tuple(sorted(one for one in ids if one))


def change_of(before: Signal | None, signal: Signal, *, announced: bool, at: datetime) -> Change:
    """Return the change to a signal's next revision; a signal that is not `announced` opens as historical."""
    if before is None:
        return _opened(signal, announced=announced, at=at)
    return _changed(before, signal, announced=announced, at=at)


def _opened(signal: Signal, *, announced: bool, at: datetime) -> Change:
    first = replace(
        signal,
        revision=1,
        changed_at=at,
        homes=signal.homes_with_present,
        historical=not (announced and signal.is_open),
        state="open",
        cleared_because=None,
        cleared_at=None,
    )
    if signal.is_open:
        return Change(None, first, (("detected", first),))
    closed = replace(signal, revision=2, changed_at=at, homes=first.homes)
    return Change(None, closed, (("detected", first), ("cleared", closed)))


def _changed(before: Signal, signal: Signal, *, announced: bool, at: datetime) -> Change:
    after = replace(
        signal,
        revision=before.revision + 1,
        changed_at=at,
        homes=signal.homes_with_present,
    )
    if not after.is_open:
        return Change(before, after, (("cleared", after),))
    if after.historical and announced:
        # The signal was historical and never announced; now it is said again, and that is news.
        after = replace(after, historical=False)
        return Change(before, after, (("detected", after),))
    return Change(before, after, (("updated", after),))
