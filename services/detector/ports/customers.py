"""Customers, and those of them whose companies must be matched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping, Sequence
    from datetime import datetime

    from services.detector.domain.attributes import AttributeMap
    from services.detector.domain.conversation import AccountFacts
    from services.detector.domain.customer import Customer
    from services.detector.domain.matching import Decision, KnownName
    from services.detector.domain.standing import Attention


class Customers(Protocol):
    """The organization's customers, known and provisional, and people's decisions about companies."""

    async def by_ids(self, organization_id: str, customer_ids: Collection[str]) -> dict[str, Customer]: ...

    async def save(
        self,
        customers: Sequence[Customer],
        *,
        facts_at: datetime | None = None,
        match_from: datetime | None = None,
        domains: Mapping[str, Collection[str]] | None = None,
    ) -> list[str]:
        """Store these customers; with `facts_at`, also remember their facts as they were at that moment.

        With `match_from`, mark them as `Unmatched`, for any replica to take from that moment on; `domains`
        gives, by customer, the e-mail domains that its row named before.

        Returns the ids of customers that were refused because they changed since they were read; the caller
        reads them again and repeats its change.
        """
        ...

    async def save_moods(self, organization_id: str, moods: Mapping[str, tuple[float | None, int]]) -> None:
        """Store customers' moods and the number of messages behind each.

        Whatever else of a customer changed meanwhile does not matter. Marks their health as due, even where
        the mood is unchanged.
        """
        ...

    async def known_like(
        self, organization_id: str, external_ids: Collection[str], names: Collection[str]
    ) -> list[KnownName]:
        """Return all known customers with one of these external ids or normalised names.

        The result also contains some customers whose name resembles one of `names`, equally many for each.
        """
        ...

    async def listing(self, organization_id: str, domains: Collection[str]) -> dict[str, frozenset[str]]:
        """Return by domain the known customers whose row in the organization's list names that domain."""
        ...

    async def decisions(
        self, organization_id: str, company_keys: Collection[str]
    ) -> dict[str, list[Decision]]:
        """Return by company people's present decisions, oldest first, at most one for each customer."""
        ...

    async def decide(self, organization_id: str, company_key: str, decision: Decision) -> None:
        """Store a person's decision, replacing earlier ones about this company and customer.

        One company is one customer, so a confirmation also replaces confirmations of other customers.
        """
        ...

    async def decision_history(self, organization_id: str, company_key: str) -> list[Decision]:
        """Return people's decisions about a company, newest first: the last twenty for each customer."""
        ...

    async def said_to_be(self, organization_id: str, customer_ids: Collection[str]) -> set[str]:
        """Return the keys of the companies that people's decisions make one of these customers."""
        ...

    async def forget_decisions(self, organization_id: str, workspace_id: str) -> int:
        """Delete people's decisions about a workspace's companies, existing or not; return how many."""
        ...

    async def delete(self, organization_id: str, customer_ids: Collection[str]) -> int: ...

    async def snapshots(
        self, organization_id: str, customer_ids: Collection[str]
    ) -> dict[str, list[tuple[datetime, AccountFacts]]]:
        """Return earlier states of each customer's facts with their time, oldest first, at most fifty."""
        ...

    async def forget_snapshots(self, organization_id: str, customer_ids: Collection[str]) -> None: ...

    async def begin_anew(self, organization_id: str, customer_ids: Collection[str], at: datetime) -> None:
        """Start these customers' history at this moment, because they were made of other companies before.

        Earlier states of their facts are deleted. Earlier states of their health remain visible, and are
        ignored in comparisons like those of a first day.
        """
        ...

    async def attribute_maps(self, organization_id: str) -> dict[str, AttributeMap]:
        """Return by connection what the attributes of its companies mean, where a person has chosen it."""
        ...

    async def save_attribute_map(
        self, organization_id: str, connection_id: str, chosen: AttributeMap, by: str
    ) -> None: ...

    async def forget_attribute_map(self, organization_id: str, connection_id: str) -> int: ...

    async def save_attention(self, organization_id: str, counted: Mapping[str, Attention]) -> None: ...

    def all_ids(self, after: tuple[str, str] = ("", "")) -> AsyncIterator[tuple[str, list[str]]]:
        """Yield (organization id, customer ids) for every customer there is, in portions.

        The order is always the same; `after` are the organization and the customer to begin behind.
        """
        ...


@dataclass(frozen=True, slots=True)
class ToMatch:
    """A customer whose row changed; `times` counts how often that was marked so far.

    `domains` are the e-mail domains that its rows have named since it was last matched.
    """

    customer: Customer
    domains: frozenset[str]
    times: int


class Unmatched(Protocol):
    """Customers whose row was stored, and whose companies and signals must still be updated.

    They are marked in the write that stores them, and unmarked when everything that follows is done.
    """

    async def by_ids(self, organization_id: str, customer_ids: Collection[str]) -> list[ToMatch]:
        """Return those of these customers that are marked."""
        ...

    async def organizations(self, now: datetime) -> list[str]:
        """Return the organizations with customers that may be matched now."""
        ...

    async def waiting(self, organization_id: str, now: datetime, limit: int) -> list[ToMatch]:
        """Return the customers that may be matched now, longest waiting first."""
        ...

    async def count(self, organization_id: str) -> int: ...

    async def done(self, organization_id: str, matched: Sequence[ToMatch]) -> None:
        """Remove the marks, except from customers that were marked again meanwhile."""
        ...

    async def put_off(self, organization_id: str, customer_ids: Collection[str], until: datetime) -> None:
        """Have these wait until then."""
        ...
