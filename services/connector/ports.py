"""What the connector needs from outside, as protocols that adapters implement."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003 - the repository validates stored offers by these annotations
from typing import TYPE_CHECKING, Protocol

from services.connector.domain.connection import Method, Workspace  # noqa: TC001 - see above
from shared.contracts.connections import ConnectionSettings  # noqa: TC001 - see above

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import timedelta

    from services.connector.domain.connection import Connection
    from services.connector.domain.diagnosis import Diagnosis, FamilyKey, Sight
    from services.connector.domain.report import SyncReport
    from services.connector.domain.unreadable import Unreadable
    from shared.contracts.connections import ApiKeyRevoked
    from shared.contracts.event import Event


@dataclass(frozen=True, slots=True)
class OAuthState:
    """A pending return from Intercom, for one browser of one person.

    Attributes:
        browser: a hash of the browser's form token, so that a stolen state is useless elsewhere.
        settings: what was chosen before leaving, stored here so that no address on the way can change it.
            Whatever it leaves out, or None, means the installation's default.
    """

    state: str = field(repr=False)
    organization_id: str
    user_name: str
    browser: str = field(repr=False)
    expires_at: datetime
    settings: ConnectionSettings | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A proven credential of another workspace; a person decides whether it replaces the present one.

    Attributes:
        credential: encrypted.
        settings: what the new connection begins with; None for the installation's default.
    """

    id: str
    organization_id: str
    by: str
    method: Method
    workspace: Workspace
    credential: str = field(repr=False)
    expires_at: datetime
    settings: ConnectionSettings | None = None


@dataclass(frozen=True, slots=True)
class StoredCredential:
    """An encrypted credential where it lies."""

    organization_id: str
    connection_id: str
    encrypted: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ApiKeyRecord:
    """A bearer key as a page lists it; the token itself is kept nowhere."""

    key_id: str
    organization_id: str
    name: str
    role: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


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


class OAuthStates(Protocol):
    """States that wait for their callback; each is good for one use."""

    async def add(self, state: OAuthState) -> None: ...

    async def take(self, state: str) -> OAuthState | None:
        """Return a state and delete it, in one step; None if it never existed or was used."""
        ...

    async def forget(self, organization_id: str) -> int:
        """Delete all states of an organization; return how many there were."""
        ...


class Offers(Protocol):
    """Credentials that wait for a person's decision; deleted when their time is over."""

    async def add(self, offer: Offer) -> None: ...

    async def get(self, organization_id: str, offer_id: str) -> Offer | None: ...

    async def take(self, organization_id: str, offer_id: str) -> Offer | None:
        """Return an offer and delete it, in one step; None if it does not exist any more."""
        ...


class ApiKeys(Protocol):
    """The bearer keys that were made, for the page that lists them."""

    async def add(self, key: ApiKeyRecord) -> None: ...

    async def list_of(self, organization_id: str) -> Sequence[ApiKeyRecord]:
        """Return the keys, newest first; if there are very many, keys in force come first."""
        ...

    async def revoke(
        self, organization_id: str, key_id: str, *, by: str, now: datetime
    ) -> ApiKeyRecord | None:
        """Mark a key revoked and store the fact to publish; None if there is no such key."""
        ...

    async def publish_pending(self, organization_id: str, key_id: str) -> None:
        """Publish what is pending. Raises TransientError; the sweeper then publishes it."""
        ...

    async def revocations(self, now: datetime) -> Sequence[ApiKeyRevoked]:
        """Return the facts of all organizations' revoked keys that would otherwise still be valid."""
        ...


class Notices(Protocol):
    """Recent webhook notifications, each with the request that it caused until that is published."""

    async def take(self, connection: Connection, notification: str, fact: Event, now: datetime) -> bool:
        """Store a notification and its fact in one write; False if it was stored before."""
        ...

    async def publish_pending(self, organization_id: str, notification: str) -> None:
        """Publish what is pending. Raises TransientError; the sweeper then publishes it."""
        ...

    async def forget(self, organization_id: str, connection_id: str) -> int:
        """Delete a connection's notifications; return how many there were."""
        ...


class Vault(Protocol):
    """Encrypts credentials at rest."""

    def encrypt(self, secret: str) -> str: ...

    def decrypt(self, encrypted: str) -> str:
        """Return the secret. Raises ConfigurationError if no key of the ring fits."""
        ...

    def is_current(self, encrypted: str) -> bool:
        """Return whether the newest key of the ring encrypted it."""
        ...


@dataclass(frozen=True, slots=True)
class Probe:
    """The result of a probe, and the id of the row that came with it, if the next probe needs that."""

    sight: Sight
    first_id: str | None = None


class Intercom(Protocol):
    """What the connector asks Intercom: whose a credential is, what it may read; to exchange or revoke it.

    A credential is sent to hosts of the allow-list only; for any other base URL HostNotAllowed is raised.
    """

    def authorize_url(self, state: str, redirect_uri: str) -> str: ...

    async def exchange_code(self, code: str) -> str:
        """Return the access token for an authorization code. Raises IntercomRefused, IntercomUnreachable."""
        ...

    async def who_am_i(self, token: str, base_url: str) -> Workspace:
        """Return the workspace behind a token. Raises IntercomRefused, IntercomUnreachable."""
        ...

    async def probe(self, token: str, base_url: str, family: FamilyKey, *, known_id: str | None) -> Probe:
        """Request the smallest page of a permission family, and look only at the status and the count.

        Never raises for what Intercom responds: every response is a result. `known_id` is a contact's id, for
        the family that reads one contact.
        """
        ...

    async def uninstall(self, token: str) -> None:
        """Uninstall the OAuth app at Intercom. Raises IntercomRefused, IntercomUnreachable."""
        ...
