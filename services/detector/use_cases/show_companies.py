"""Companies of the workspaces with the customers they are matched to, why, and who decided it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.detector.domain.identity import provisional_customer_id
from services.detector.errors import NotFoundError
from services.detector.lists import Portion

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from services.detector.domain.customer import Customer
    from services.detector.domain.matching import Decision, MatchBasis
    from services.detector.domain.mirror import MirroredCompany
    from services.detector.lists import Lists
    from services.detector.ports import Customers, Mirror


@dataclass(frozen=True, slots=True)
class CompanyRow:
    """A company with its customer.

    The customer is the company's own stand-in if no rule matched it, and None until it is matched at all.
    `decided` is the person's decision that the match rests on, if there is one.
    """

    company: MirroredCompany
    customer: Customer | None
    decided: Decision | None

    @property
    def is_matched(self) -> bool:
        """Return whether it has a customer.

        A company whose customer was just deleted has none; it is about to be matched again.
        """
        return self.company.basis != "none" and self.customer is not None


@dataclass(frozen=True, slots=True)
class CompanyView:
    """A company with everything that moves with it, and people's decisions about it, newest first.

    `named` gives by id those customers of the decisions that still exist.
    """

    row: CompanyRow
    people: int
    conversations: int
    history: Sequence[Decision]
    named: Mapping[str, Customer]

    @property
    def own_stand_in(self) -> str:
        """Return the id of this company's own stand-in, which is its customer when nothing else matches."""
        record = self.row.company.record
        return provisional_customer_id(record.organization_id, self.row.company.key)


class ShowCompanies:
    """Looks companies up, for pages and API alike."""

    def __init__(self, *, lists: Lists, mirror: Mirror, customers: Customers) -> None:
        self._lists = lists
        self._mirror = mirror
        self._customers = customers

    async def page(
        self,
        organization_id: str,
        *,
        words: str | None,
        matched_by: MatchBasis | None,
        position: dict[str, Any] | None,
        limit: int,
    ) -> Portion[CompanyRow]:
        """Return companies by name, as `Lists.companies` finds them."""
        portion = await self._lists.companies(
            organization_id, words=words, matched_by=matched_by, position=position, limit=limit
        )
        return Portion(await self._rows(organization_id, portion.items), portion.next)

    async def rows(self, organization_id: str, keys: Collection[str]) -> dict[str, CompanyRow]:
        """Return the rows of these companies by key; deleted companies are left out."""
        companies = await self._mirror.companies(organization_id, keys)
        return {row.company.key: row for row in await self._rows(organization_id, list(companies.values()))}

    async def company(self, organization_id: str, key: str) -> CompanyView:
        """Return one company.

        Raises:
            NotFoundError: there is no company with this key.
        """
        row = (await self.rows(organization_id, [key])).get(key)
        if row is None:
            raise NotFoundError("There is no such company here; it may have been deleted in Intercom.")
        history = await self._customers.decision_history(organization_id, key)
        return CompanyView(
            row=row,
            people=await self._lists.count_people_of(organization_id, key),
            conversations=await self._mirror.count_by_companies(organization_id, {key: ""}),
            history=history,
            named=await self._customers.by_ids(
                organization_id, {decision.customer_id for decision in history}
            ),
        )

    async def _rows(self, organization_id: str, companies: Sequence[MirroredCompany]) -> list[CompanyRow]:
        ids = {company.customer_id for company in companies if company.customer_id}
        customers = await self._customers.by_ids(organization_id, ids)
        decided = await self._customers.decisions(
            organization_id, {company.key for company in companies if company.basis == "person"}
        )
        return [
            CompanyRow(
                company,
                customers.get(company.customer_id or ""),
                next((said for said in reversed(decided.get(company.key, ())) if said.confirmed), None),
            )
            for company in companies
        ]
