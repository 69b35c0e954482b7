"""Notifications: those that wait to be sent, and the log of those that were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from services.notifier.domain.notification import Notification, Settlement, State
    from services.notifier.ports.places import Place
    from shared.contracts.deliveries import ChannelName
    from shared.contracts.event import Event
    from shared.contracts.signals import SignalEvent


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a rule sends to: whatever goes there waits for the same receivers."""

    organization_id: str
    rule_id: str


@dataclass(frozen=True, slots=True)
class Due:
    """A pending notification whose time has come."""

    destination: Destination
    notification_id: str
    channel: ChannelName


@dataclass(frozen=True, slots=True)
class HeldClaim:
    """A claim on a pending notification, by whoever is sending it or died over it.

    Attributes:
        due: the notification.
        token: names the claim; no other has the same.
        lease_seconds: how long its holder may need for the try.
    """

    due: Due
    token: str
    lease_seconds: float


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What of the delivery log is asked for; None means all."""

    state: State | None = None
    channel: ChannelName | None = None
    signal_id: str | None = None
    rule_id: str | None = None


class Notifications(Protocol):
    """The notifications of all organizations: queue and delivery log in one."""

    async def add(self, notification: Notification) -> bool:
        """Store a new one; False if this signal, channel and recipient have one already."""
        ...

    async def claim(
        self,
        organization_id: str,
        notification_id: str,
        *,
        now: datetime,
        lease_seconds: float,
        token: str,
        in_place_of: str | None = None,
    ) -> Notification | None:
        """Claim a pending notification, so that nobody else sends it.

        It must be due and free, or be claimed already under the token `in_place_of`. A claim does not expire
        by the clock: it holds until the attempt's outcome is stored or the notification is put back, or until
        another claim is made `in_place_of` its token. Its length is stored with it for those who watch it.
        """
        ...

    async def claims(self, limit: int) -> list[HeldClaim]:
        """Return claims on pending ones; of more than `limit` the same ones each time, while they hold."""
        ...

    async def settle(
        self, notification: Notification, settlement: Settlement, *, token: str, facts: Sequence[Event]
    ) -> bool:
        """Store an attempt's outcome and the facts that follow, then publish them.

        False if the claim was lost. A notification that was cancelled meanwhile stays so unless it was
        delivered; the attempt is stored in any case.
        """
        ...

    async def put_back(self, notification: Notification, until: datetime, *, token: str) -> bool:
        """Have a claimed one that was not sent wait until then; the claim does not count as an attempt.

        False if the claim was lost, or it is no longer pending.
        """
        ...

    async def due(
        self, now: datetime, limit: int, *, leave_out: AbstractSet[Destination] = frozenset()
    ) -> list[Due]:
        """Return pending ones, claimed by nobody, whose time has come; the longest waiting first.

        Those of some destinations may be left out.
        """
        ...

    async def cancel(
        self,
        organization_id: str,
        because: str,
        *,
        signal_id: str | None = None,
        rule_id: str | None = None,
        notification_id: str | None = None,
        spared: AbstractSet[str] = frozenset(),
    ) -> int:
        """Cancel what is pending for a signal, by a rule, or this one, but for recipients with these keys."""
        ...

    async def forget_untried(self, organization_id: str, signal_id: str) -> int:
        """Delete what is pending for a signal, claimed by nobody and never tried; return how many."""
        ...

    async def refresh(self, signal: SignalEvent) -> None:
        """Update all notifications of a signal to its newer state; older revisions change nothing."""
        ...

    async def page(
        self,
        organization_id: str,
        wanted: LogFilter,
        *,
        after: Place | None,
        limit: int,
        oldest_first: bool = False,
    ) -> list[Notification]:
        """Return notifications in order of time, newest first unless asked otherwise, from after a place."""
        ...

    async def count(self, organization_id: str, wanted: LogFilter, *, at_most: int) -> int:
        """Return how many there are, or `at_most` if there are more."""
        ...

    async def get(self, organization_id: str, notification_id: str) -> Notification | None: ...

    async def remove(self, organization_id: str, connection_id: str) -> int:
        """Delete all of a connection; return how many."""
        ...

    async def drop(self, organization_id: str, signal_id: str) -> None:
        """Delete all of one signal."""
        ...

    async def expire(self, organization_id: str, signal_ids: Sequence[str], *, before: datetime) -> None:
        """Delete those of some signals that were made before then."""
        ...
