"""The ports that answer lists, except that of conversations (see `conversations`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from services.detector.lists.filters import (
    ANY,
    CustomerSort,
    Narrowing,
    PersonSort,
    RequestSort,
    RequestStateFilter,
    SignalFilter,
    SignalSort,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from services.detector.domain.matching import MatchBasis
    from services.detector.domain.mirror import MirroredCompany, MirroredConversation
    from services.detector.domain.signal import Signal
    from services.detector.lists.rows import (
        CustomerRow,
        PersonRow,
        Portion,
        RequestRow,
        SignalChoices,
        TopicRow,
    )
    from shared.contracts.resources import ContactChanged


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
