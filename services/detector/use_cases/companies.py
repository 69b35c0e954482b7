"""Matches companies to customers, and moves what they own when a match changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from services.detector.domain.identity import Subject, provisional_customer_id
from services.detector.domain.matching import Match
from services.detector.domain.moves import fold
from services.detector.use_cases.customer_writes import write_until_kept
from services.detector.use_cases.find_matches import FindMatches
from services.detector.use_cases.follow_on import FollowOn
from services.detector.use_cases.lose_companies import LoseCompanies
from services.detector.use_cases.refresh_customers import RefreshCustomers

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from services.detector.domain.matching import Decision
    from services.detector.domain.mirror import MirroredCompany, ToFollow
    from services.detector.ports import Connections, Customers, Followed, Mirror, Signals
    from services.detector.use_cases.accounts import Accounts
    from services.detector.use_cases.follow_on import Allowance
    from services.detector.use_cases.read_conversations import ReadConversations
    from services.detector.use_cases.settle import Settler
    from shared.clock import Clock

_BEGUN = timedelta(minutes=1)
"""How long a process may take to finish what follows a match. A mark older than that means that the
process was cut off, and any replica may take over."""


class MatchCompanies:
    """Finds each company's customer, creates stand-ins for companies without one, and moves what they own."""

    def __init__(
        self,
        *,
        mirror: Mirror,
        followed: Followed,
        customers: Customers,
        connections: Connections,
        signals: Signals,
        accounts: Accounts,
        reader: ReadConversations,
        settler: Settler,
        clock: Clock,
    ) -> None:
        self._mirror = mirror
        self._followed = followed
        self._customers = customers
        self._signals = signals
        self._accounts = accounts
        self._follow_on = FollowOn(
            followed=followed, conversations=mirror.keys_by_companies, reader=reader, clock=clock
        )
        self._settler = settler
        self._clock = clock
        self._matches = FindMatches(mirror=mirror, customers=customers, connections=connections)
        self.hints = self._matches.hints
        self._refresh = RefreshCustomers(mirror=mirror, customers=customers, settler=settler, clock=clock)
        self._lose = LoseCompanies(
            mirror=mirror,
            followed=followed,
            customers=customers,
            accounts=accounts,
            hints=self.hints,
            follow_on=self._follow_on,
            refresh=self._refresh,
            settler=settler,
            clock=clock,
        )

    async def expect(self, organization_id: str, company_keys: Collection[str]) -> None:
        """Mark these companies as about to be matched.

        If the matching is cut off, any replica does it a minute later.
        """
        await self._followed.mark(organization_id, company_keys, self._clock.now() + _BEGUN)

    async def match(self, organization_id: str, company_keys: Collection[str], allowance: Allowance) -> None:
        """Match these companies again. Repeating it changes nothing.

        Where a company moves to another customer, its conversations are read again, as many as are allowed. A
        company with more of them stays marked, and each further call continues.
        """
        companies = await self._mirror.companies(organization_id, company_keys)
        if not companies:
            await self._lose.let_go_unless_followed(organization_id, company_keys)
            return
        decisions = await self._customers.decisions(organization_id, companies.keys())
        matches = await self._matches.of(organization_id, companies, decisions)
        left = {key: company.owners for key, company in companies.items()}
        moved, handed = await self._save_matches(organization_id, companies, matches)
        before = {identifier for ids in left.values() for identifier in ids}
        after = {
            match.customer_id or provisional_customer_id(organization_id, key)
            for key, match in matches.items()
        }
        stand_ins = {
            provisional_customer_id(organization_id, key): companies[key].record
            for key, match in matches.items()
            if match.customer_id is None
        }
        await self._refresh.refresh(organization_id, before | after, stand_ins)
        for key, company in moved.items():
            for former in left[key]:
                await self._fold(organization_id, former, company.customer_id or "")
        await self._lead_on(organization_id, moved)
        if joined := [key for key in moved if left[key] or matches[key].basis != "none"]:
            await self.hints.renew(organization_id, company_keys=joined)
        marks = [company.to_follow for company in moved.values()]
        unread = await self._follow_on.read(organization_id, marks, allowance)
        handed |= {owner for key, company in moved.items() if left[key] for owner in company.owners}
        await self._accounts.review(
            organization_id, [Subject("customer", one) for one in before | after], handed=handed
        )
        await self._lose.let_go_unless_followed(organization_id, company_keys)
        marked = {key: company for key, company in companies.items() if company.follow_from} | moved
        later = unread | await self._decided_since(organization_id, decisions, companies)
        await self._mirror.unmark_companies(
            organization_id, [company for key, company in marked.items() if key not in later]
        )

    async def _save_matches(
        self,
        organization_id: str,
        companies: Mapping[str, MirroredCompany],
        matches: Mapping[str, Match],
    ) -> tuple[dict[str, MirroredCompany], set[str]]:
        """Store the matches that are new.

        Return the companies whose customer or conversations change with them, and the customers between whom
        a company moved.
        """
        begun = self._clock.now() + _BEGUN
        moved: dict[str, MirroredCompany] = {}
        handed: set[str] = set()
        for key, match in matches.items():
            target = match.customer_id or provisional_customer_id(organization_id, key)
            company, owned = companies[key], replace(match, customer_id=target)
            if company.customer_id != target:
                if company.owners:
                    handed |= {target, *company.owners}
                    # Before the company moves, or after a crash facts of other companies would be compared.
                    await self._customers.begin_anew(organization_id, handed, self._clock.now())
                await self._mirror.save_match(
                    organization_id, key, owned, left=company.owners, follow_from=begun
                )
                moved[key] = replace(company, customer_id=target, follow_from=begun, read_to="")
            elif owned != Match(target, company.basis, company.suggestions):
                await self._mirror.save_match(organization_id, key, owned)
            if company.regrouped and key not in moved:
                moved[key] = company
        return moved, handed

    async def after_deletion(
        self, organization_id: str, lost: Mapping[str, ToFollow], allowance: Allowance
    ) -> None:
        """Settle what these deleted companies leave behind; see `LoseCompanies.settle`."""
        await self._lose.settle(organization_id, lost, allowance)

    async def _decided_since(
        self, organization_id: str, decisions: Mapping[str, Sequence[Decision]], company_keys: Collection[str]
    ) -> set[str]:
        """Mark and return those of these companies on which people have decided otherwise meanwhile.

        A person's decision is matched at once, and what was stored here may have overwritten it.
        """
        now = await self._customers.decisions(organization_id, company_keys)
        changed = {key for key in company_keys if list(decisions.get(key, ())) != list(now.get(key, ()))}
        if changed:
            await self._followed.mark(organization_id, changed, self._clock.now())
        return changed

    async def _fold(self, organization_id: str, old: str, new: str) -> None:
        """Move a stand-in's signals to the customer that its last company turned out to be."""
        if old == new:
            return
        latter = (await self._customers.by_ids(organization_id, [new])).get(new)
        if latter is None or (await self._mirror.companies_of(organization_id, [old])).get(old):
            return
        is_stand_in = False

        async def mark(ids: Collection[str], _: int) -> list[str]:
            nonlocal is_stand_in
            customers = await self._customers.by_ids(organization_id, ids)
            formers = [customer for customer in customers.values() if customer.provisional]
            is_stand_in = bool(formers)
            leading = [replace(former, merged_into=new) for former in formers if former.merged_into is None]
            return await self._customers.save(leading)

        await write_until_kept([old], mark)
        if not is_stand_in:
            return
        source, target = Subject("customer", old), Subject("customer", new)
        signals = await self._signals.by_slots(organization_id, {source.key, target.key}, None)
        await self._settler.carry_through(
            organization_id,
            [signal.signal_id for signal in signals],
            lambda book: fold(book, source, target, latter.ref),
        )

    async def _lead_on(self, organization_id: str, moved: Mapping[str, MirroredCompany]) -> None:
        """Point the stand-ins of these companies to their present customers; mark companies that must follow.

        A person may have decided that another company is the customer that one of these stood for.
        """
        own = {provisional_customer_id(organization_id, key): company for key, company in moved.items()}

        async def point(ids: Collection[str], _: int) -> list[str]:
            stand_ins = await self._customers.by_ids(organization_id, ids)
            pointed = {
                key: replace(customer, merged_into=_elsewhere(key, own[key]))
                for key, customer in stand_ins.items()
            }
            return await self._customers.save(
                [customer for key, customer in pointed.items() if customer != stand_ins[key]]
            )

        await write_until_kept(own.keys(), point)
        followers = await self._customers.said_to_be(organization_id, own.keys()) - moved.keys()
        if followers:
            await self._followed.mark(organization_id, followers, self._clock.now())


def _elsewhere(stand_in: str, company: MirroredCompany) -> str | None:
    return company.customer_id if company.customer_id != stand_in else None
