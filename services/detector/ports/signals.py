"""Signals, people's corrections, and removing signals from the bus."""

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
    """A state of a signal for which these customers' and requests' counts may be out of date."""

    organization_id: str
    signal_id: str
    revision: int
    customer_ids: tuple[str, ...]
    request_ids: tuple[str, ...]


class Signals(Protocol):
    """Signals with the facts that are still to be published."""

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
        """Return signals opened from a workspace, or resting on its words; a portion if there are many."""
        ...

    async def by_connection(self, organization_id: str, connection_id: str) -> list[Signal]:
        """Return signals that were opened under a connection; a portion if there are many."""
        ...

    async def overdue(
        self, organization_id: str, cuts: Mapping[Slot, datetime], now: datetime, limit: int
    ) -> list[str]:
        """Return the ids of open signals whose newest evidence is words older than their slot's cut.

        Signals that rest on facts are left out, and so are those put off beyond `now`. At most `limit` of
        each slot are returned, so that many of one slot hide none of another. Signals are named and not read,
        so that one that cannot be read does not hide the others.
        """
        ...

    async def put_off_expiry(
        self, organization_id: str, signal_ids: Collection[str], until: datetime
    ) -> None:
        """Keep these from being overdue until then; nothing else about them waits."""
        ...

    async def organizations(self) -> list[str]: ...

    async def save(self, changes: Sequence[Change]) -> list[str]:
        """Store each change together with the facts to publish, in one write, and publish them.

        If the bus is unavailable, the facts stay with the signals and are published later, in order. The same
        write records that the counts which depend on it must be updated (see `counted`).

        Returns the ids of changes that were refused because the signal changed meanwhile; the caller reads
        again and settles again.
        """
        ...

    async def uncounted(self, before: datetime, limit: int) -> list[Uncounted]:
        """Return states of any organization that were saved before then and whose counts were not updated."""
        ...

    async def counted(self, organization_id: str, states: Collection[tuple[str, int]]) -> None:
        """Record that the counts for these states (signal id, revision) are up to date."""
        ...

    async def count_later(
        self, organization_id: str, states: Collection[tuple[str, int]], at: datetime
    ) -> None:
        """Have these states (signal id, revision) wait to be counted as if they had been saved then."""
        ...

    async def attention(self, organization_id: str, customer_ids: Collection[str]) -> dict[str, Attention]:
        """Return for each of these customers what its open signals ask for, also where there are none."""
        ...

    async def demand(self, organization_id: str, request_ids: Collection[str]) -> dict[str, Demand]:
        """Return for each of these requests who asks for it, also where nobody does any more."""
        ...

    async def requests_of(self, organization_id: str, customer_ids: Collection[str]) -> set[str]:
        """Return the ids of the requests that any signals of these customers are about."""
        ...

    async def refresh_customer(self, customer: Customer) -> None:
        """Update a customer's name, owner and spend on its signals, without publishing anything.

        Their revision increases, so that a process that read them before cannot write the old values back.
        """
        ...

    async def rename_tag(
        self, organization_id: str, workspace_id: str, before: str, after: str | None
    ) -> None:
        """Rename a tag on the signals of its workspace, or remove it; nothing is published.

        Revisions increase as in `refresh_customer`.
        """
        ...

    async def delete(self, organization_id: str, signal_ids: Collection[str]) -> int: ...


class Corrections(Protocol):
    """What people said of signals, and how sure a kind must be because of it."""

    async def keep(self, correction: Correction) -> None:
        """Store a person's correction of a signal, replacing an earlier one; update the thresholds."""
        ...

    async def withdraw_dismissal(self, organization_id: str, signal_id: str) -> None:
        """Delete a signal's dismissal and update the thresholds. Any other correction of it stays."""
        ...

    async def newest(self, organization_id: str) -> list[Correction]:
        """Return corrections, newest first, at most 10,000."""
        ...

    async def thresholds(self, organization_id: str) -> dict[str, float]:
        """Return by `threshold_key` the confidence below which findings are not reported."""
        ...

    async def remove(self, organization_id: str, connection_id: str) -> int: ...


class Tombstones(Protocol):
    """Removes signals from the bus after their data was removed."""

    async def bury(self, signals: Sequence[Signal]) -> None: ...
