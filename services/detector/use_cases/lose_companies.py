"""What follows when companies are deleted: customers lose their facts, stand-ins without any company go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.domain.account_assessment import account_source
from services.detector.domain.contribution import Assessment
from services.detector.domain.health_assessment import health_source
from services.detector.domain.identity import Subject, provisional_customer_id

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from services.detector.domain.customer import Customer
    from services.detector.domain.mirror import ToFollow
    from services.detector.ports import Customers, Followed, Mirror
    from services.detector.use_cases.accounts import Accounts
    from services.detector.use_cases.domain_hints import DomainHints
    from services.detector.use_cases.follow_on import Allowance, FollowOn
    from services.detector.use_cases.refresh_customers import RefreshCustomers
    from services.detector.use_cases.settle import Settler
    from shared.clock import Clock
    from shared.contracts.resources import CompanyChanged


class LoseCompanies:
    """Settles what deleted companies leave behind."""

    def __init__(
        self,
        *,
        mirror: Mirror,
        followed: Followed,
        customers: Customers,
        accounts: Accounts,
        hints: DomainHints,
        follow_on: FollowOn,
        refresh: RefreshCustomers,
        settler: Settler,
        clock: Clock,
    ) -> None:
        self._mirror = mirror
        self._followed = followed
        self._customers = customers
        self._accounts = accounts
        self._hints = hints
        self._follow_on = follow_on
        self._refresh = refresh
        self._settler = settler
        self._clock = clock

    async def settle(self, organization_id: str, lost: Mapping[str, ToFollow], allowance: Allowance) -> None:
        """Recompute customers' facts without deleted companies, and read the companies' conversations again.

        As many conversations are read as are allowed; a company with more stays marked, and each further call
        continues. Stand-ins that are left without any company or conversation are deleted, after the signals
        from their own facts and health have been settled. Repeating it changes nothing.
        """
        if not lost:
            return
        ids = {owner for company in lost.values() for owner in company.owners}
        await self._refresh.refresh(organization_id, ids, {})
        owned = await self._mirror.companies_of(organization_id, ids)
        customers = await self._customers.by_ids(organization_id, ids)
        await self._hints.renew(organization_id, company_keys=lost.keys())
        unread = await self._follow_on.read(organization_id, lost.values(), allowance)
        still = {owner for key in unread for owner in lost[key].owners}
        empty = _without_company(customers, owned)
        leaving = [key for key in empty if key not in still]
        await self._settle_own(organization_id, leaving)
        staying = customers.keys() - set(empty)
        await self._accounts.review(organization_id, [Subject("customer", one) for one in staying])
        await self._customers.delete(organization_id, leaving)
        done = [mark for key, mark in lost.items() if key not in unread]
        keys = [mark.key for mark in done]
        # Before the marks are removed, since nothing repeats this afterwards; and once more after that, since
        # a process that matched meanwhile and saw the marks has left the stand-in to this one.
        await self._let_go(organization_id, keys)
        await self._mirror.unmark_deletions(organization_id, done)
        await self._let_go(organization_id, keys)

    async def _settle_own(self, organization_id: str, leaving: Collection[str]) -> None:
        """Settle the signals that rest on the facts and health of stand-ins about to be deleted.

        Once a customer is gone, nothing measures it any more, so nothing would ever settle these signals.
        """
        going = [Subject("customer", one) for one in leaving]
        sources = [
            source for subject in going for source in (account_source(subject), health_source(subject))
        ]
        await self._settler.settle(
            organization_id, [Assessment(source, contributions=(), resolves=True) for source in sources]
        )

    async def let_go_unless_followed(self, organization_id: str, company_keys: Collection[str]) -> None:
        """Delete the stand-ins of companies that were deleted while they were being matched.

        Their deletion may have been handled before the stand-in was stored, and no further record will arrive
        for it. Where the deletion is still being handled, `settle` checks once more at its end.
        """
        lost = await self._mirror.lost_companies(organization_id, company_keys)
        await self._let_go(organization_id, set(company_keys) - lost.keys())

    async def _let_go(self, organization_id: str, company_keys: Collection[str]) -> None:
        """Delete the stand-ins left behind by those of these companies that are deleted."""
        gone = set(company_keys) - (await self._mirror.companies(organization_id, company_keys)).keys()
        if not gone:
            return
        own = {provisional_customer_id(organization_id, key) for key in gone}
        stand_ins = await self._customers.by_ids(organization_id, own)
        leaving = _without_company(stand_ins, await self._mirror.companies_of(organization_id, own))
        if not leaving:
            return
        await self._settle_own(organization_id, leaving)
        await self._customers.delete(organization_id, leaving)
        if back := (await self._mirror.companies(organization_id, gone)).keys():
            # It may have found its stand-in just before the stand-in was deleted.
            await self._followed.mark(organization_id, back, self._clock.now())


def _without_company(
    customers: Mapping[str, Customer], owned: Mapping[str, Sequence[CompanyChanged]]
) -> list[str]:
    """Return which of these customers are stand-ins that no company is matched to."""
    return [key for key, customer in customers.items() if customer.provisional and not owned.get(key)]
