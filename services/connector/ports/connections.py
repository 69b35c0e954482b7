"""The connections, each with its state, report and diagnosis."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime, timedelta

    from services.connector.domain.connection import Connection
    from services.connector.domain.diagnosis import Diagnosis
    from services.connector.domain.report import SyncReport
    from services.connector.domain.unreadable import Unreadable
    from shared.contracts.event import Event


@dataclass(frozen=True, slots=True)
class StoredCredential:
    """An encrypted credential where it lies."""

    organization_id: str
    connection_id: str
    encrypted: str = field(repr=False)


MOST_WAITING = 20
"""Facts of a connection that may wait for the bus before no more runs are scheduled: enough for what
people and checks add meanwhile, and far from the 16 MB limit of a document, which two days of requests
would reach."""


MOST_ASKED = 2 * MOST_WAITING
"""Facts of a connection that may wait when a person or a program requests runs: by then the latest are
manual requests, and one more would add nothing."""


class Connections(Protocol):
    """The connections of all organizations, each with its facts that are still to be published."""

    async def list_of(self, organization_id: str) -> list[Connection]:
        """Return an organization's connections, oldest first."""
        ...

    async def get(self, organization_id: str, connection_id: str) -> Connection | None: ...

    async def of_workspace(self, workspace_id: str, *, in_need: bool = False) -> list[Connection]:
        """Return the connected connections of a workspace in all organizations (webhooks name no tenant).

        With `in_need`, also those that need attention, which will continue once they get it. A connection
        that cannot be read is left out and logged.
        """
        ...

    async def insert(
        self, connection: Connection, *facts: Event, instead_of: Connection | None = None
    ) -> None:
        """Store a new connection and its facts in one write; delete the removed one that it succeeds.

        Raises:
            ChangedMeanwhile: the organization has a connection by now; look again.
        """
        ...

    async def replace(self, before: Connection, after: Connection, *facts: Event) -> None:
        """Store the next revision and its facts in one write, if `before` is still the stored one.

        That includes its schedule and its credential, which change without a new revision.

        Report and diagnosis are deleted with a removal, since they name what was read.

        Raises:
            ChangedMeanwhile: somebody else changed it, or the organization connected another; look again.
        """
        ...

    async def due(
        self, now: datetime, limit: int, *, leave_out: Collection[str] = ()
    ) -> list[Connection | Unreadable]:
        """Return connected ones whose next run is due, longest waiting first, except those with these ids.

        A connection with MOST_WAITING facts to publish is not due: the bus is away, and one more request
        would add nothing to the last one.
        """
        ...

    async def scheduled(self, connection: Connection, *, next_sync_at: datetime, fact: Event) -> bool:
        """Advance the schedule and store the request to publish; return False if somebody else did."""
        ...

    async def due_for_look(
        self, now: datetime, limit: int, *, leave_out: Collection[str] = ()
    ) -> list[Connection | Unreadable]:
        """Return those whose credential is due for a check, in the same way."""
        ...

    async def looked_at(self, connection: Connection, *, next_look_at: datetime) -> bool:
        """Claim a check by advancing its time; return False if somebody else did."""
        ...

    async def record_fact(self, connection: Connection, fact: Event) -> bool:
        """Store one more request to publish, changing nothing else; False if it is not connected any more.

        If MOST_ASKED facts wait already, nothing is stored.
        """
        ...

    async def report(self, organization_id: str, connection_id: str) -> SyncReport: ...

    async def save_report(self, organization_id: str, connection_id: str, report: SyncReport) -> None:
        """Store a report; one that arrives after the removal of the data is dropped."""
        ...

    async def diagnosis(self, organization_id: str, connection_id: str) -> Diagnosis | None: ...

    async def save_diagnosis(
        self, organization_id: str, connection_id: str, diagnosis: Diagnosis
    ) -> None: ...

    async def confirm_removal(
        self, organization_id: str, connection_id: str, removal_id: str, service: str, documents: int
    ) -> None:
        """Record a service's confirmation that it removed its data. Repeating it changes nothing."""
        ...

    async def publish_pending(self, organization_id: str, connection_id: str) -> None:
        """Publish what is pending. Raises TransientError; the sweeper then publishes it."""
        ...

    async def being_removed(self, ordered_before: datetime, limit: int) -> list[Connection]:
        """Return connections whose removal some service has not confirmed, ordered before a time."""
        ...

    async def credentials(self, after_id: str, limit: int) -> list[StoredCredential]:
        """Return stored credentials in the order of their connections' ids, beginning after one."""
        ...

    async def reencrypted(self, credential: StoredCredential, encrypted: str) -> bool:
        """Store the same secret under another encryption; False if the credential changed meanwhile."""
        ...

    async def bring_forward(self, now: datetime, *, look: timedelta, spare: timedelta) -> int:
        """Make runs due that are further ahead than their interval and `spare`; return how many."""
        ...

    async def census(self) -> dict[str, int]:
        """Return how many connections there are in each state, over all organizations."""
        ...
