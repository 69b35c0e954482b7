"""What the connector needs from outside, as protocols; adapters implement them, tests stand in for them."""

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
    """A way back from Intercom that was opened for one browser of one person.

    Attributes:
        browser: a hash of the browser's form token, so that a stolen state is of no use elsewhere.
        settings: what was chosen before leaving, kept here so that no address on the way can change it; what
            it leaves out, and None, is the installation's own choice.
    """

    state: str = field(repr=False)
    organization_id: str
    user_name: str
    browser: str = field(repr=False)
    expires_at: datetime
    settings: ConnectionSettings | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A proven credential of another workspace, waiting for a person to say whether it replaces the present.

    Attributes:
        credential: encrypted.
        settings: what the new connection begins with; None for the installation's own choice.
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
"""Facts of a connection that may wait for the bus before its schedule stands still: enough for what people
and looks tell besides, and far from the 16 MB of a document, which two days of requests would reach."""

MOST_ASKED = 2 * MOST_WAITING
"""Facts of a connection that may wait where a person or a program asks for runs meanwhile: what came last are
requests by hand then, and one more says nothing that those do not."""


class Connections(Protocol):
    """The connections of all organizations, each with its facts still to be published."""

    async def list_of(self, organization_id: str) -> list[Connection]:
        """Return an organization's connections, oldest first."""
        ...

    async def get(self, organization_id: str, connection_id: str) -> Connection | None: ...

    async def of_workspace(self, workspace_id: str, *, in_need: bool = False) -> list[Connection]:
        """Return the connected ones of a workspace, over all organizations (webhooks name no tenant).

        With `in_need` also those that need attention, and go on when they have it. One that cannot be read is
        left out and logged.
        """
        ...

    async def insert(
        self, connection: Connection, *facts: Event, instead_of: Connection | None = None
    ) -> None:
        """Store a new connection and its facts in one write; forget the removed one that it succeeds.

        Raises:
            ChangedMeanwhile: the organization has a connection by now; look again.
        """
        ...

    async def replace(self, before: Connection, after: Connection, *facts: Event) -> None:
        """Store the next revision and its facts in one write, if `before` is still the stored one.

        Report and diagnosis are forgotten with a removal: they name what was read.

        Raises:
            ChangedMeanwhile: somebody else changed it, or the organization connected another; look again.
        """
        ...

    async def due(
        self, now: datetime, limit: int, *, leave_out: Collection[str] = ()
    ) -> list[Connection | Unreadable]:
        """Return connected ones whose next run is due, longest waiting first, but for those of some ids.

        One with MOST_WAITING facts to publish is not: the bus is away, and one more request would say nothing
        that the last one does not.
        """
        ...

    async def scheduled(self, connection: Connection, *, next_sync_at: datetime, fact: Event) -> bool:
        """Move the schedule on and keep the request to publish; return False if somebody else did."""
        ...

    async def due_for_look(
        self, now: datetime, limit: int, *, leave_out: Collection[str] = ()
    ) -> list[Connection | Unreadable]:
        """Return those whose credential is due to be looked at, in the same way."""
        ...

    async def looked_at(self, connection: Connection, *, next_look_at: datetime) -> bool:
        """Claim a look by moving its time on; return False if somebody else did."""
        ...

    async def record_fact(self, connection: Connection, fact: Event) -> bool:
        """Keep one more request to publish, with nothing else changed; False if it is not connected any more.

        Where MOST_ASKED facts wait, it is asked for already and nothing is kept.
        """
        ...

    async def report(self, organization_id: str, connection_id: str) -> SyncReport: ...

    async def save_report(self, organization_id: str, connection_id: str, report: SyncReport) -> None:
        """Keep a report; one that comes after the removal of the data is dropped."""
        ...

    async def diagnosis(self, organization_id: str, connection_id: str) -> Diagnosis | None: ...

    async def save_diagnosis(
        self, organization_id: str, connection_id: str, diagnosis: Diagnosis
    ) -> None: ...

    async def confirm_removal(
        self, organization_id: str, connection_id: str, removal_id: str, service: str, documents: int
    ) -> None:
        """Note a service's word that it removed its data. Saying it twice changes nothing."""
        ...

    async def publish_pending(self, organization_id: str, connection_id: str) -> None:
        """Publish what is pending. Raises TransientError; then the sweeper comes for it."""
        ...

    async def being_removed(self, ordered_before: datetime, limit: int) -> list[Connection]:
        """Return connections whose removal some service has not confirmed, ordered before a time."""
        ...

    async def credentials(self, after_id: str, limit: int) -> list[StoredCredential]:
        """Return stored credentials in the order of their connections' ids, beginning after one."""
        ...

    async def reencrypted(self, credential: StoredCredential, encrypted: str) -> bool:
        """Put the same secret under another encryption; False if the credential changed meanwhile."""
        ...

    async def bring_forward(self, now: datetime, *, look: timedelta, spare: timedelta) -> int:
        """Make due what is further ahead than its interval and `spare`; return how many runs that were."""
        ...

    async def census(self) -> dict[str, int]:
        """Return how many connections there are in each state, over all organizations."""
        ...


class OAuthStates(Protocol):
    """States that wait for their callback; each is good for one use."""

    async def add(self, state: OAuthState) -> None: ...

    async def take(self, state: str) -> OAuthState | None:
        """Return a state and forget it, in one step; None if it was never there, or used."""
        ...

    async def forget(self, organization_id: str) -> int:
        """Forget all of an organization; return how many there were."""
        ...


class Offers(Protocol):
    """Credentials that wait for a person's decision; forgotten when their time is over."""

    async def add(self, offer: Offer) -> None: ...

    async def get(self, organization_id: str, offer_id: str) -> Offer | None: ...

    async def take(self, organization_id: str, offer_id: str) -> Offer | None:
        """Return an offer and forget it, in one step; None if it is not there any more."""
        ...


class ApiKeys(Protocol):
    """The bearer keys that were made, for the page that lists them."""

    async def add(self, key: ApiKeyRecord) -> None: ...

    async def list_of(self, organization_id: str) -> Sequence[ApiKeyRecord]:
        """Return the keys, newest first; of very many those that open something before all others."""
        ...

    async def revoke(
        self, organization_id: str, key_id: str, *, by: str, now: datetime
    ) -> ApiKeyRecord | None:
        """Mark a key revoked and keep the fact to publish; None if there is no such key."""
        ...

    async def publish_pending(self, organization_id: str, key_id: str) -> None:
        """Publish what is pending. Raises TransientError; then the sweeper comes for it."""
        ...

    async def revocations(self, now: datetime) -> Sequence[ApiKeyRevoked]:
        """Return the facts of all organizations' revoked keys that would otherwise be good now."""
        ...


class Notices(Protocol):
    """Webhook notifications seen lately, each with the request that it caused until that is published."""

    async def take(self, connection: Connection, notification: str, fact: Event, now: datetime) -> bool:
        """Note a notification and keep its fact in one write; False if it was noted before."""
        ...

    async def publish_pending(self, organization_id: str, notification: str) -> None:
        """Publish what is pending. Raises TransientError; then the sweeper comes for it."""
        ...

    async def forget(self, organization_id: str, connection_id: str) -> int:
        """Forget those of a connection; return how many there were."""
        ...


class Vault(Protocol):
    """Encrypts credentials at rest."""

    def encrypt(self, secret: str) -> str: ...

    def decrypt(self, encrypted: str) -> str:
        """Return the secret. Raises ConfigurationError when no key of the ring fits."""
        ...

    def is_current(self, encrypted: str) -> bool:
        """Return whether the newest key of the ring made it."""
        ...


@dataclass(frozen=True, slots=True)
class Probe:
    """A sight, and the id of the one row that came with it, where that is needed for the next question."""

    sight: Sight
    first_id: str | None = None


class Intercom(Protocol):
    """What the connector asks Intercom: who a credential belongs to, what it may read, to exchange or end it.

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
        """Ask for the smallest page of a permission family, and look at status and count alone.

        Never raises for what Intercom answers: every answer is a sight. `known_id` is a contact's, for the
        family that reads one by its id.
        """
        ...

    async def uninstall(self, token: str) -> None:
        """End an OAuth installation at Intercom's side. Raises IntercomRefused, IntercomUnreachable."""
        ...
