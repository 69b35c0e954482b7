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
    TopicSort,
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
        """Return the names of tags for a filter, alphabetically."""
        ...

    async def count(self, organization_id: str) -> int: ...

    async def topics(
        self,
        organization_id: str,
        *,
        sort: TopicSort,
        since: datetime | None,
        until: datetime | None,
        position: dict[str, Any] | None,
        limit: int,
    ) -> Portion[TopicRow]:
        """Return topics in order, equal ones by name; without a last change they come last in that order.

        A tag of the same name in several workspaces is put where their numbers together put it.
        """
        ...


class Lists(Protocol):
    """Answers the queries of pages and the API. `position` is the `next` of an earlier portion."""

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
        """Return how many of the wanted open signals opened then or later, counting up to `at_most`."""
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
        """Return customers in order; without health, mood or renewal date they come last in either direction.

        `words` are part of the name, or are the whole external id.
        """
        ...

    async def customers_called(self, organization_id: str, words: Sequence[str]) -> set[str]:
        """Return which of these words, case-folded, are a customer's whole name or its id."""
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
        """Return how many there are; None when restricted by open signals of too many customers."""
        ...

    async def customer_owners(self, organization_id: str) -> list[str]:
        """Return the owners of all customers exactly as they are stored, alphabetically."""
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
        """Return people in order; those never in contact come last in either direction.

        A portion may be shorter than `limit` and yet have a next one, if a tag that more than ten thousand
        people carry is rare among those who are left.
        """
        ...

    async def person(self, organization_id: str, key: str) -> PersonRow | None: ...

    async def count_people(
        self, organization_id: str, *, words: str | None, narrowed: Narrowing = ANY
    ) -> int | None:
        """Return how many there are; None when restricted by a tag or open signals of too many people."""
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
        """Return companies by name.

        `words` are part of the name, or are the whole `company_id` in Intercom.
        """
        ...

    async def count_companies(
        self, organization_id: str, *, words: str | None, matched_by: MatchBasis | None
    ) -> int: ...

    async def count_people_of(self, organization_id: str, company_key: str) -> int: ...

    async def undecided(
        self, organization_id: str, *, position: dict[str, Any] | None, limit: int
    ) -> Portion[MirroredCompany]:
        """Return companies that have no customer and may be one, by key."""
        ...

    async def signals_per_detector(self, organization_id: str) -> dict[str, int]:
        """Return how many open signals rest on each detector's findings, by "name version"."""
        ...

    async def in_other_languages(self, organization_id: str) -> tuple[int, int]:
        """Return how many messages were left out because of their language, and in how many conversations."""
        ...

    async def changed_signals(self, since: datetime) -> list[Signal]:
        """Return signals of all organizations that changed since then, for the live feed; bounded."""
        ...
