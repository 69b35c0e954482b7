"""Customers, and those of them that are to be matched."""

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
        """Keep these customers; with `facts_at`, also remember their facts as they stood at that moment.

        With `match_from`, mark them as `Unmatched`, for whoever comes by from that moment on; `domains` are
        by customer the e-mail domains that its row named before.

        Returns the ids of those that were refused because they changed since they were read; the caller reads
        again and makes them again.
        """
        ...

    async def save_moods(self, organization_id: str, moods: Mapping[str, tuple[float | None, int]]) -> None:
        """Keep the mood of customers, and of how many messages, whatever else of them changed meanwhile.

        Their health is due, also where the mood is as it was.
        """
        ...

    async def known_like(
        self, organization_id: str, external_ids: Collection[str], names: Collection[str]
    ) -> list[KnownName]:
        """Return all known customers with one of these external ids or normalised names.

        Beside them come some whose name may be like one of `names`, as many for each.
        """
        ...

    async def listing(self, organization_id: str, domains: Collection[str]) -> dict[str, frozenset[str]]:
        """Return by domain the known customers whose row in the organization's own list names it."""
        ...

    async def decisions(
        self, organization_id: str, company_keys: Collection[str]
    ) -> dict[str, list[Decision]]:
        """Return by company what people's word is now, oldest first: one of each customer at most."""
        ...

    async def decide(self, organization_id: str, company_key: str, decision: Decision) -> None:
        """Keep a person's word in place of what was said of this company and customer before.

        One company is one customer: a confirmation also takes the place of those of other customers.
        """
        ...

    async def decision_history(self, organization_id: str, company_key: str) -> list[Decision]:
        """Return all that people said of a company, newest first; of one customer the last twenty words."""
        ...

    async def said_to_be(self, organization_id: str, customer_ids: Collection[str]) -> set[str]:
        """Return the keys of the companies that a person's word makes one of these customers."""
        ...

    async def forget_decisions(self, organization_id: str, workspace_id: str) -> int:
        """Forget what people said of a workspace's companies, also of those that went; return how much."""
        ...

    async def delete(self, organization_id: str, customer_ids: Collection[str]) -> int: ...

    async def snapshots(
        self, organization_id: str, customer_ids: Collection[str]
    ) -> dict[str, list[tuple[datetime, AccountFacts]]]:
        """Return older states of each customer's facts with their moment, oldest first, at most fifty."""
        ...

    async def forget_snapshots(self, organization_id: str, customer_ids: Collection[str]) -> None: ...

    async def begin_anew(self, organization_id: str, customer_ids: Collection[str], at: datetime) -> None:
        """Compare nothing of these customers with before this moment: they were made of other companies.

        Older states of their facts go. Those of their health stay to be seen, and count as a first day's do.
        """
        ...

    async def attribute_maps(self, organization_id: str) -> dict[str, AttributeMap]:
        """Return by connection which attribute of its companies means what, where a person said so."""
        ...

    async def save_attribute_map(
        self, organization_id: str, connection_id: str, chosen: AttributeMap, by: str
    ) -> None: ...

    async def forget_attribute_map(self, organization_id: str, connection_id: str) -> int: ...

    async def save_attention(self, organization_id: str, counted: Mapping[str, Attention]) -> None: ...

    def all_ids(self, after: tuple[str, str] = ("", "")) -> AsyncIterator[tuple[str, list[str]]]:
        """Yield (organization id, customer ids) of every customer there is, in portions.

        The order is always the same; `after` are the organization and customer to begin behind.
        """
        ...


@dataclass(frozen=True, slots=True)
class ToMatch:
    """A customer whose row changed; `times` counts how often that was marked up to now.

    `domains` are the e-mail domains that any of its rows named since it was matched last.
    """

    customer: Customer
    domains: frozenset[str]
    times: int


class Unmatched(Protocol):
    """Customers whose row was kept, and who have still to find their companies and show on their signals.

    Marked in the write that keeps them, and unmarked when all that follows is done.
    """

    async def by_ids(self, organization_id: str, customer_ids: Collection[str]) -> list[ToMatch]:
        """Return those of these customers that are marked."""
        ...

    async def organizations(self, now: datetime) -> list[str]:
        """Return the organizations where customers wait to be matched from now, or earlier, on."""
        ...

    async def waiting(self, organization_id: str, now: datetime, limit: int) -> list[ToMatch]:
        """Return those that wait to be matched from now, or earlier, on, who waited longest first."""
        ...

    async def count(self, organization_id: str) -> int: ...

    async def done(self, organization_id: str, matched: Sequence[ToMatch]) -> None:
        """Take the marks away; one that was marked again meanwhile stays."""
        ...

    async def put_off(self, organization_id: str, customer_ids: Collection[str], until: datetime) -> None:
        """Let these wait until then."""
        ...
