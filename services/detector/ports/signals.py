"""Signals, what people said of them, and the bus's memory of those that went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from services.detector.domain.change import Change
    from services.detector.domain.corrections import Correction
    from services.detector.domain.customer import Customer
    from services.detector.domain.occasion import Slot
    from services.detector.domain.signal import Signal
    from services.detector.domain.standing import Attention, Demand


@dataclass(frozen=True, slots=True)
class Uncounted:
    """A state of a signal after which the numbers of these customers and requests may be out of date."""

    organization_id: str
    signal_id: str
    revision: int
    customer_ids: tuple[str, ...]
    request_ids: tuple[str, ...]


class Signals(Protocol):
    """Signals with their pending facts."""

    async def by_sources(self, organization_id: str, sources: Collection[str]) -> list[Signal]: ...

    async def by_slots(
        self, organization_id: str, subjects: Collection[str], slots: Collection[Slot] | None
    ) -> list[Signal]:
        """Return the signals of these subjects in these slots, in any state; None means all slots."""
        ...

    async def by_ids(self, organization_id: str, signal_ids: Collection[str]) -> list[Signal]: ...

    async def by_request(self, organization_id: str, request_id: str) -> list[Signal]:
        """Return all signals about a request, however many there are."""
        ...

    async def by_workspace(self, organization_id: str, workspace_id: str) -> list[Signal]:
        """Return signals opened from a workspace, or resting on its words; a portion where there are many."""
        ...

    async def by_connection(self, organization_id: str, connection_id: str) -> list[Signal]:
        """Return signals that were opened in the name of a connection; a portion where there are many."""
        ...

    async def overdue(
        self, organization_id: str, cuts: Mapping[Slot, datetime], now: datetime, limit: int
    ) -> list[str]:
        """Return the ids of open signals that rest on words alone, the newest older than their slot's cut.

        At most `limit` of each slot; any number of one hides none of another, nor do those that were put off
        beyond `now`. Named and not read: one that cannot be read back must not hide the others.
        """
        ...

    async def put_off_expiry(
        self, organization_id: str, signal_ids: Collection[str], until: datetime
    ) -> None:
        """Let these be overdue no sooner than then; whatever else becomes of them, nothing waits for it."""
        ...

    async def organizations(self) -> list[str]: ...

    async def save(self, changes: Sequence[Change]) -> list[str]:
        """Store each change with what is to be told of it in one write, and publish.

        When the bus is away the facts stay with the signals, and are told later, in their order. The same
        write says that numbers which follow from it are to be counted, see `counted`.
        Returns the ids of the changes that were refused because the signal changed meanwhile; the caller
        reads again and settles again.
        """
        ...

    async def uncounted(self, before: datetime, limit: int) -> list[Uncounted]:
        """Return states of any organization that were saved before then and not yet said to be counted."""
        ...

    async def counted(self, organization_id: str, states: Collection[tuple[str, int]]) -> None:
        """Keep that the numbers which follow from these states (signal id, revision) are up to date."""
        ...

    async def count_later(
        self, organization_id: str, states: Collection[tuple[str, int]], at: datetime
    ) -> None:
        """Let these states (signal id, revision) wait to be counted as if they had been saved then."""
        ...

    async def attention(self, organization_id: str, customer_ids: Collection[str]) -> dict[str, Attention]:
        """Return, for each of these customers, what its open signals ask for; also for those without any."""
        ...

    async def demand(self, organization_id: str, request_ids: Collection[str]) -> dict[str, Demand]:
        """Return, for each of these requests, who stands behind it; also where nobody does any more."""
        ...

    async def refresh_customer(self, customer: Customer) -> None:
        """Show a customer's new name, owner and spend on its signals.

        Their revision moves, so that nobody who read them before writes the old ones back; nobody is told.
        """
        ...

    async def rename_tag(
        self, organization_id: str, workspace_id: str, before: str, after: str | None
    ) -> None:
        """Show a tag's new name on signals of its workspace, or no tag; as `refresh_customer`, untold."""
        ...

    async def delete(self, organization_id: str, signal_ids: Collection[str]) -> int: ...


class Corrections(Protocol):
    """What people said of signals, and how surely a kind must be found because of it."""

    async def keep(self, correction: Correction) -> None:
        """Keep a person's word on a signal in place of an earlier one; thresholds follow at once."""
        ...

    async def withdraw_dismissal(self, organization_id: str, signal_id: str) -> None:
        """Forget that a signal was dismissed; thresholds follow at once. Another word on it stays."""
        ...

    async def newest(self, organization_id: str) -> list[Correction]:
        """Return the newest corrections first, at most 10,000."""
        ...

    async def thresholds(self, organization_id: str) -> dict[str, float]:
        """Return by `threshold_key` the confidence below which findings are not made."""
        ...

    async def remove(self, organization_id: str, connection_id: str) -> int: ...


class Tombstones(Protocol):
    """Makes the bus forget signals whose data was removed."""

    async def bury(self, signals: Sequence[Signal]) -> None: ...
