"""Filters, orders and rows of most lists, and the ports that answer them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from services.detector.domain.customer import Customer
    from services.detector.domain.matching import MatchBasis
    from services.detector.domain.mirror import MirroredCompany, MirroredConversation
    from services.detector.domain.signal import Signal
    from services.detector.domain.wishes import Request, RequestState
    from shared.contracts.resources import ContactChanged
    from shared.contracts.signals import SignalKind

SignalSort = Literal["newest", "confidence", "spend"]
CustomerSort = Literal[
    "-attention",
    "name",
    "-name",
    "spend",
    "-spend",
    "health",
    "-health",
    "mood",
    "-mood",
    "renewal",
    "-renewal",
]
PersonSort = Literal["id", "-last", "last", "-conversations", "conversations"]
RequestSort = Literal["-customers", "-spend", "-last", "title"]
RequestStateFilter: TypeAlias = "RequestState | Literal['unsettled'] | None"
"""One state, those that are neither shipped nor declined, or all."""
SignalStateFilter = Literal["open", "cleared", "any"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SignalFilter:
    """Which signals; None means no restriction. `since`, `until`: when the newest evidence was said.

    `assigned_to` is an address as `identity.as_address` writes it.
    """

    state: SignalStateFilter = "open"
    kind: SignalKind | None = None
    customer_id: str | None = None
    tag: str | None = None
    owner: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    min_confidence: float | None = None
    request_id: str | None = None
    person: str | None = None
    conversation: str | None = None
    assigned_to: str | None = None

    def holds(self, signal: Signal) -> bool:
        """Return whether `Lists.signals` would list the signal as it is."""
        customer = signal.customer
        asked = (
            (None if self.state == "any" else self.state, (signal.state,)),
            (self.kind, (signal.slot.kind,)),
            (self.customer_id, (customer.id if customer else None,)),
            (self.tag, signal.tags),
            (self.owner, (customer.owner if customer else None,)),
            (self.request_id, (signal.slot.request_id,)),
            (self.person, [person.id for person in signal.people]),
            (self.conversation, [proof.conversation_key for proof in signal.proofs]),
            (self.assigned_to, (signal.assigned_to,)),
        )
        return (
            all(wanted is None or wanted in there for wanted, there in asked)
            and (self.since is None or signal.shown_at >= self.since)
            and (self.until is None or signal.shown_at < self.until)
            and (self.min_confidence is None or signal.confidence >= self.min_confidence)
        )


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What narrows a list of customers, people, requests or conversations; None means no restriction.

    `kind`, `min_confidence` and, but for conversations, the period ask for things with such an open signal.
    """

    tag: str | None = None
    kind: SignalKind | None = None
    customer_id: str | None = None
    owner: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    min_confidence: float | None = None

    @property
    def is_empty(self) -> bool:
        return self == Narrowing()

    @property
    def asks_for_signals(self) -> bool:
        return any(one is not None for one in (self.kind, self.min_confidence, self.since, self.until))


ANY = Narrowing()


@dataclass(frozen=True, slots=True)
class Portion(Generic[T]):
    """Some items of a list, and where the next ones begin; None at the end."""

    items: list[T]
    next: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Counted:
    """How many there are; where `is_all` is false, more than `number`, which is as far as was counted."""

    number: int
    is_all: bool = True


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A customer in a list; `health` is None while too little is known."""

    customer: Customer
    open_signals: int
    last_signal_at: datetime | None
    health: int | None = None


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person in a list, with the number of their conversations; it follows a stream within seconds."""

    contact: ContactChanged
    conversations: int


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request in a list, with who stands behind it."""

    request: Request
    customers: int
    people: int
    spend: float
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class SignalChoices:
    """What a filter of signals may be set to, from what there is; `owners` and `assignees` are all."""

    customers: list[tuple[str, str]]
    tags: list[str]
    owners: list[str]
    assignees: list[str]


@dataclass(frozen=True, slots=True)
class TopicRow:
    """A tag with how much bears it; `last_at` is when the newest such conversation moved."""

    tag: str
    conversations: int
    customers: int
    signals: int
    last_at: datetime | None


class Topics(Protocol):
    """The tags of an organization's workspaces, by name."""

    async def names(self, organization_id: str, limit: int) -> list[str]:
        """Return tags' names for a filter, alphabetically."""
        ...

    async def count(self, organization_id: str) -> int: ...

    async def topics(
        self,
        organization_id: str,
        *,
        since: datetime | None,
        until: datetime | None,
        position: dict[str, Any] | None,
        limit: int,
    ) -> Portion[TopicRow]: ...


class Lists(Protocol):
    """Answers what pages and the API ask. `position` is a `Portion.next` that was given out before."""

    async def signals(
        self,
        organization_id: str,
        wanted: SignalFilter,
        *,
        sort: SignalSort,
        position: dict[str, Any] | None,
        limit: int,
    ) -> Portion[Signal]: ...

    async def count_signals(self, organization_id: str, wanted: SignalFilter) -> int: ...

    async def count_opened(
        self, organization_id: str, wanted: SignalFilter, *, since: datetime, at_most: int
    ) -> int:
        """Return how many open signals that are wanted opened then or later, counting no further."""
        ...

    async def signal_choices(self, organization_id: str) -> SignalChoices: ...

    async def customers(
        self,
        organization_id: str,
        *,
        words: str | None,
        owner: str | None,
        known: bool | None,
        sort: CustomerSort,
        position: dict[str, Any] | None,
        limit: int,
        narrowed: Narrowing = ANY,
    ) -> Portion[CustomerRow]:
        """Return customers in order; who has no health, mood or renewal date is last in either direction.

        `words` are in the name, or are the whole external id.
        """
        ...

    async def count_customers(
        self,
        organization_id: str,
        *,
        words: str | None,
        owner: str | None,
        known: bool | None,
        narrowed: Narrowing = ANY,
    ) -> int | None:
        """Return how many there are; None by open signals that very many customers have."""
        ...

    async def customer_owners(self, organization_id: str) -> list[str]:
        """Return all owners of customers as they are written there, alphabetically."""
        ...

    async def conversations(
        self,
        organization_id: str,
        *,
        person: str | None,
        teammate: str | None = None,
        position: dict[str, Any] | None,
        limit: int,
        narrowed: Narrowing = ANY,
    ) -> Portion[MirroredConversation]: ...

    async def has_conversations(self, organization_id: str, narrowed: Narrowing = ANY) -> bool:
        """Return whether there is any such conversation."""
        ...

    async def people(
        self,
        organization_id: str,
        *,
        words: str | None,
        sort: PersonSort,
        position: dict[str, Any] | None,
        limit: int,
        narrowed: Narrowing = ANY,
    ) -> Portion[PersonRow]:
        """Return people in order; with whom nobody was in contact yet is last in either direction.

        A portion may be shorter than `limit` and have a next one, where a tag that more than ten thousand
        people have is rare among those who are left.
        """
        ...

    async def person(self, organization_id: str, key: str) -> PersonRow | None: ...

    async def count_people(
        self, organization_id: str, *, words: str | None, narrowed: Narrowing = ANY
    ) -> int | None:
        """Return how many there are; None by a tag or open signals that very many have."""
        ...

    async def people_of(
        self, organization_id: str, company_keys: Sequence[str], limit: int
    ) -> list[ContactChanged]: ...

    async def requests(
        self,
        organization_id: str,
        *,
        state: RequestStateFilter,
        words: str | None,
        sort: RequestSort,
        position: dict[str, Any] | None,
        limit: int,
        narrowed: Narrowing = ANY,
    ) -> Portion[RequestRow]: ...

    async def count_requests(
        self,
        organization_id: str,
        *,
        state: RequestStateFilter,
        words: str | None,
        narrowed: Narrowing = ANY,
    ) -> int | None:
        """Return how many there are; None by wishes that are about very many."""
        ...

    async def company_attributes(self, organization_id: str, connection_id: str) -> dict[str, str]:
        """Return the names of attributes that companies of a connection have, with an example each."""
        ...

    async def companies(
        self,
        organization_id: str,
        *,
        words: str | None,
        matched_by: MatchBasis | None,
        position: dict[str, Any] | None,
        limit: int,
    ) -> Portion[MirroredCompany]:
        """Return companies by name. `words` are in the name, or are the whole `company_id` in Intercom."""
        ...

    async def count_companies(
        self, organization_id: str, *, words: str | None, matched_by: MatchBasis | None
    ) -> int: ...

    async def count_people_of(self, organization_id: str, company_key: str) -> int: ...

    async def undecided(
        self, organization_id: str, *, position: dict[str, Any] | None, limit: int
    ) -> Portion[MirroredCompany]:
        """Return companies that are matched to nobody and may be a customer, by their key."""
        ...

    async def signals_per_detector(self, organization_id: str) -> dict[str, int]:
        """Return how many open signals rest on each detector's word, by "name version"."""
        ...

    async def in_other_languages(self, organization_id: str) -> tuple[int, int]:
        """Return how many messages were left out for their language, and in how many conversations."""
        ...

    async def changed_signals(self, since: datetime) -> list[Signal]:
        """Return signals of all organizations that changed since, for the live feed; bounded."""
        ...
