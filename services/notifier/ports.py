"""What the notifier needs from outside, as protocols; adapters implement them, tests stand in for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from pydantic import SecretStr

    from services.notifier.domain.notification import Notification, Settlement, State
    from services.notifier.domain.preferences import Preferences
    from services.notifier.domain.rule import Rule
    from shared.contracts.deliveries import ChannelName
    from shared.contracts.event import Event
    from shared.contracts.signals import SignalDetected, SignalEvent, SignalKind


@dataclass(frozen=True, slots=True)
class KnownSignal:
    """What is remembered of every signal seen, announced or not.

    Attributes:
        words_until: when its newest words were said.
        news_since: when the opening that was announced changed it; None while it was found in the past only.
    """

    revision: int
    over: bool
    words_until: datetime
    news_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """A signal in an inbox. `over` says why it ended; `read` is the asking reader's own mark."""

    id: str
    signal: SignalDetected
    added_at: datetime
    over: str | None
    read: bool


@dataclass(frozen=True, slots=True)
class InboxReader:
    """Whose inbox it is, and what they want to see of it."""

    organization_id: str
    user_id: str
    email: str
    kinds: tuple[SignalKind, ...] = ()
    minimum_confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a list that is ordered by time, then by id, either both falling or both rising."""

    at: datetime
    id: str


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
class LogFilter:
    """What of the delivery log is asked for; None means all."""

    state: State | None = None
    channel: ChannelName | None = None
    signal_id: str | None = None
    rule_id: str | None = None


@dataclass(frozen=True, slots=True)
class DeadLetterView:
    """A record that a service put aside, as the page shows it; `preview` is cut and may be unreadable.

    Attributes:
        organization_id: whose record it is; None where its headers do not say, and then `preview` is empty,
            because it may hold anybody's words.
    """

    organization_id: str | None
    service: str
    offset: int
    at: datetime
    reason: str
    error: str
    attempts: str
    original: str
    type: str
    trace_id: str
    preview: str


@dataclass(frozen=True, slots=True)
class DeadLetterPage:
    """A service's newest dead letters that somebody may see, newest first.

    Attributes:
        looked_at: how many of the newest records were looked at, where they held fewer letters than asked for
            and there are older ones; None where nothing was left out.
    """

    letters: tuple[DeadLetterView, ...] = ()
    looked_at: int | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A notification ready to be sent, with what its channel needs.

    Attributes:
        link: the absolute address of the signal's page.
        url, secret: of a Slack or webhook destination.
        at: the time of this attempt, for signatures.
    """

    notification: Notification
    rule_name: str
    link: str
    at: datetime
    url: SecretStr | None = None
    secret: SecretStr | None = None


class Channel(Protocol):
    """One way for notifications to go. One file in `channels/` each."""

    @property
    def name(self) -> ChannelName: ...

    async def deliver(self, message: Message) -> str:
        """Deliver, or hand over to whoever does; return what the receiver said, in words without secrets.

        Sending the same message again must, where the receiver can tell, show people one thing only: the
        notification's id stays the same. Bounded in time.

        Raises:
            DeliveryPostponed: not now; try again.
            DeliveryRefused: never.
        """
        ...


@dataclass(frozen=True, slots=True)
class SealedSecrets:
    """What a rule keeps encrypted: its address, and its signing secret where it has one."""

    organization_id: str
    rule_id: str
    url: str | None
    secret: str | None


class Rules(Protocol):
    """The rules of all organizations."""

    async def list_of(self, organization_id: str) -> list[Rule]:
        """Return an organization's rules, oldest first."""
        ...

    async def get(self, organization_id: str, rule_id: str) -> Rule | None: ...

    async def insert(self, rule: Rule) -> None: ...

    async def replace(self, rule: Rule, *, expected_revision: int) -> bool:
        """Store what a person changed; False when somebody was faster. Health is left alone."""
        ...

    async def delete(self, organization_id: str, rule_id: str) -> bool: ...

    async def seed(self, rule: Rule) -> None:
        """Insert the organization's first rule, once ever: a deleted one does not come back."""
        ...

    async def record(self, organization_id: str, rule_id: str, at: datetime, failure: str | None) -> None:
        """Note how a delivery went: a failure in words, or None for success."""
        ...

    async def sealed(self, after: SealedSecrets | None, limit: int) -> list[SealedSecrets]:
        """Return what rules of all organizations keep encrypted, in a fixed order, from behind `after` on."""
        ...

    async def resealed(self, before: SealedSecrets, after: SealedSecrets) -> bool:
        """Put it under another key; False when it was changed meanwhile. To a person the rule is the same."""
        ...


class Notifications(Protocol):
    """The notifications of all organizations: queue and delivery log in one."""

    async def add(self, notification: Notification) -> bool:
        """Store a new one; False when there is one for this signal, channel and recipient already."""
        ...

    async def claim(
        self, organization_id: str, notification_id: str, *, now: datetime, lease_until: datetime, token: str
    ) -> Notification | None:
        """Take a pending one that is due, so that nobody else sends it before the lease ends."""
        ...

    async def settle(
        self, notification: Notification, settlement: Settlement, *, token: str, facts: Sequence[Event]
    ) -> bool:
        """Store an attempt's outcome and the facts that follow, then publish them.

        False when the lease was lost. A notification that was cancelled meanwhile stays so unless it was
        delivered; the attempt is kept in any case.
        """
        ...

    async def put_back(self, notification: Notification, until: datetime, *, token: str) -> bool:
        """Let a claimed one that was not sent wait until then; the claim counts as no try.

        False when the lease was lost, or it is pending no more.
        """
        ...

    async def due(
        self, now: datetime, limit: int, *, leave_out: AbstractSet[Destination] = frozenset()
    ) -> list[Due]:
        """Return pending ones whose time has come, longest waiting first, but for some destinations."""
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
        """Cancel what is pending for a signal, by a rule, or this one; but for recipients of some keys."""
        ...

    async def refresh(self, signal: SignalEvent) -> None:
        """Give all notifications of a signal its newer state; older revisions change nothing."""
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

    async def count(self, organization_id: str, wanted: LogFilter) -> int: ...

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


class Inbox(Protocol):
    """The inbox entries of all organizations: one a signal, with who may see it and who has read it."""

    async def put(self, signal: SignalDetected, audience: str, at: datetime) -> None:
        """Add the audience to the signal's entry, making it first if needed. Idempotent."""
        ...

    async def refresh(self, signal: SignalEvent, *, over: str | None) -> None:
        """Give an entry its signal's newer state; older revisions change nothing."""
        ...

    async def page(
        self,
        reader: InboxReader,
        *,
        unread_only: bool,
        after: Place | None,
        limit: int,
        oldest_first: bool = False,
    ) -> list[InboxEntry]:
        """Return entries in order of time, newest first unless asked otherwise, from after a place."""
        ...

    async def count(self, reader: InboxReader, *, at_most: int) -> int:
        """Return how many entries the reader sees, read ones too, or `at_most` where there are more."""
        ...

    async def unread(self, reader: InboxReader, *, at_most: int) -> int:
        """Return how many entries the reader has not read, or `at_most` where there are more.

        What it costs grows with that number and with what is new, not with what was read.
        """
        ...

    async def get(self, reader: InboxReader, entry_id: str) -> InboxEntry | None: ...

    async def mark_read(self, reader: InboxReader, entry_id: str | None) -> int:
        """Mark one entry as read by the reader, or all of theirs; return how many were unread."""
        ...

    async def remove(self, organization_id: str, connection_id: str) -> int: ...

    async def drop(self, organization_id: str, signal_id: str) -> None: ...

    async def expire(self, organization_id: str, signal_ids: Sequence[str], *, before: datetime) -> None:
        """Delete those of some signals' entries that were made before then."""
        ...


class KnownSignals(Protocol):
    """Memory of signals and of removed connections, so that records which come late or twice do no harm."""

    async def get(self, organization_id: str, signal_id: str) -> KnownSignal | None: ...

    async def remember(self, signal: SignalEvent, *, over: bool, at: datetime, is_news: bool = False) -> None:
        """Keep a signal's state, which was seen then; older revisions change nothing but that it is news.

        Whether it is news stays as it was unless this says so: only openings do.
        """
        ...

    async def forget(self, organization_id: str, connection_id: str, *, until: datetime) -> int:
        """Delete a connection's signals, and note that those changed up to `until` are not wanted."""
        ...

    async def drop(self, organization_id: str, signal_id: str) -> None: ...

    async def unseen_since(self, before: datetime, limit: int) -> list[tuple[str, str]]:
        """Return organization and id of signals that were last seen before then, longest ago first."""
        ...

    async def fade(self, organization_id: str, signal_ids: Sequence[str], *, before: datetime) -> list[str]:
        """Let signals last seen before then be news no more; return which of these they are.

        From here on no newer state of them is told to anybody, whatever of them is deleted.
        """
        ...

    async def expire(self, organization_id: str, signal_ids: Sequence[str], *, before: datetime) -> int:
        """Delete the memory of those that were last seen before then; return how many."""
        ...

    async def removed_until(self, organization_id: str, connection_id: str) -> datetime | None: ...


class People(Protocol):
    """Preferences of people."""

    async def get(self, organization_id: str, user_id: str) -> Preferences | None: ...

    async def of_email(self, organization_id: str, email: str) -> list[Preferences]:
        """Return the preferences of all who saved any and sign in with this address, by their ids."""
        ...

    async def save(self, preferences: Preferences) -> None: ...


class Vault(Protocol):
    """Keeps secrets unreadable at rest."""

    def seal(self, secret: SecretStr) -> str: ...

    def open(self, sealed: str) -> SecretStr:
        """Raises ConfigurationError when no key of the ring opens it."""
        ...

    def renewed(self, sealed: str) -> str:
        """Return the same secret under the newest key; as it is where it is under that already.

        Raises ConfigurationError when no key of the ring opens it.
        """
        ...

    def fingerprint(self, secret: SecretStr) -> str:
        """Return what tells two secrets apart without telling either."""
        ...


class DeadLetterReader(Protocol):
    """Looks into the topics of dead letters without moving anybody's place in them."""

    async def newest(self, limit: int, organization_id: str) -> dict[str, DeadLetterPage]:
        """Return an organization's newest letters of each service, and those that name nobody.

        Letters of others and marks take none of their places. Raises TransientError.
        """
        ...


class Announcements(Protocol):
    """Tells open pages of this process that an inbox gained an entry."""

    def announce(self, organization_id: str, audience: str) -> None: ...
