"""Matches companies to customers, and carries out what follows when a match changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from services.detector.domain.account_assessment import account_source
from services.detector.domain.contribution import Assessment
from services.detector.domain.customer import Customer, with_facts
from services.detector.domain.health_assessment import health_source
from services.detector.domain.identity import Subject, provisional_customer_id
from services.detector.domain.matching import Match
from services.detector.domain.moves import fold
from services.detector.use_cases.customer_writes import write_until_kept
from services.detector.use_cases.find_matches import FindMatches
from services.detector.use_cases.follow_on import Allowance, FollowOn

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from services.detector.domain.matching import Decision
    from services.detector.domain.mirror import MirroredCompany, ToFollow
    from services.detector.ports import Connections, Customers, Followed, Mirror, Signals
    from services.detector.use_cases.accounts import Accounts
    from services.detector.use_cases.read_conversations import ReadConversations
    from services.detector.use_cases.settle import Settler
    from shared.clock import Clock
    from shared.contracts.resources import CompanyChanged

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
            await self._let_go_unless_followed(organization_id, company_keys)
            return
        said = await self._customers.decisions(organization_id, companies.keys())
        matches = await self._matches.of(organization_id, companies, said)
        begun = self._clock.now() + _BEGUN
        moved: dict[str, MirroredCompany] = {}
        left = {key: company.owners for key, company in companies.items()}
        handed: set[str] = set()
        for key, match in matches.items():
            target = match.customer_id or provisional_customer_id(organization_id, key)
            company, kept = companies[key], replace(match, customer_id=target)
            if company.customer_id != target:
                if left[key]:
                    handed |= {target, *left[key]}
                    # Before the company moves, or after a crash facts of other companies would be compared.
                    await self._customers.begin_anew(organization_id, handed, self._clock.now())
                await self._mirror.save_match(organization_id, key, kept, left=left[key], follow_from=begun)
                moved[key] = replace(company, customer_id=target, follow_from=begun, read_to="")
            elif kept != Match(target, company.basis, company.suggestions):
                await self._mirror.save_match(organization_id, key, kept)
            if company.regrouped and key not in moved:
                moved[key] = company
        before = {identifier for ids in left.values() for identifier in ids}
        after = {
            match.customer_id or provisional_customer_id(organization_id, key)
            for key, match in matches.items()
        }
        await self._refresh(organization_id, before | after, companies, matches)
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
        await self._let_go_unless_followed(organization_id, company_keys)
        marked = {key: company for key, company in companies.items() if company.follow_from} | moved
        later = unread | await self._decided_since(organization_id, said, companies)
        await self._mirror.unmark_companies(
            organization_id, [company for key, company in marked.items() if key not in later]
        )

    async def _decided_since(
        self, organization_id: str, said: Mapping[str, Sequence[Decision]], company_keys: Collection[str]
    ) -> set[str]:
        """Mark and return those of these companies on which people have decided otherwise meanwhile.

        A person's decision is matched at once, and what was stored here may have overwritten it.
        """
        now = await self._customers.decisions(organization_id, company_keys)
        changed = {key for key in company_keys if list(said.get(key, ())) != list(now.get(key, ()))}
        if changed:
            await self._followed.mark(organization_id, changed, self._clock.now())
        return changed

    async def _refresh(
        self,
        organization_id: str,
        customer_ids: set[str],
        companies: Mapping[str, MirroredCompany],
        matches: Mapping[str, Match],
    ) -> None:
        """Recompute the facts of these customers, and create the stand-ins that are missing."""
        stand_ins = {
            provisional_customer_id(organization_id, key): companies[key].record
            for key, match in matches.items()
            if match.customer_id is None
        }

        async def put_together(ids: Collection[str], tried: int) -> list[str]:
            return await self._put_together(organization_id, ids, stand_ins, again=tried > 0)

        await write_until_kept(customer_ids, put_together)

    async def _put_together(
        self,
        organization_id: str,
        customer_ids: Collection[str],
        stand_ins: Mapping[str, CompanyChanged],
        *,
        again: bool,
    ) -> list[str]:
        held = await self._customers.by_ids(organization_id, customer_ids)
        owned = await self._mirror.companies_of(organization_id, customer_ids)
        maps = await self._customers.attribute_maps(organization_id)
        drafts = dict(held)
        for identifier in stand_ins.keys() & set(customer_ids):
            record = stand_ins[identifier]
            name = record.name or record.company_id or f"Company {record.id}"
            known = held.get(identifier) or Customer(identifier, organization_id, name, provisional=True)
            drafts[identifier] = replace(known, name=name, merged_into=None)
        telling: list[Customer] = []
        others: list[Customer] = []
        for identifier, draft in drafts.items():
            fresh = with_facts(draft, owned.get(identifier, []), maps, today=self._clock.now().date())
            before = held.get(identifier)
            if before is not None and (again or before.ref != fresh.ref):
                # Before the customer is stored: a crash in between must leave a difference to be found again.
                await self._signals.refresh_customer(fresh)
            if before is None or _telling(before) != _telling(fresh):
                telling.append(fresh)
            elif fresh != before:
                others.append(fresh)
        refused = await self._customers.save(telling, facts_at=self._clock.now())
        return refused + await self._customers.save(others)

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
            found = await self._customers.by_ids(organization_id, ids)
            formers = [customer for customer in found.values() if customer.provisional]
            is_stand_in = bool(formers)
            leading = [replace(former, merged_into=new) for former in formers if former.merged_into is None]
            return await self._customers.save(leading)

        await write_until_kept([old], mark)
        if not is_stand_in:
            return
        source, target = Subject("customer", old), Subject("customer", new)
        held = await self._signals.by_slots(organization_id, {source.key, target.key}, None)
        await self._settler.carry_through(
            organization_id,
            [signal.signal_id for signal in held],
            lambda book: fold(book, source, target, latter.ref),
        )

    async def _lead_on(self, organization_id: str, moved: Mapping[str, MirroredCompany]) -> None:
        """Point the stand-ins of these companies to their present customers; mark companies that must follow.

        A person may have decided that another company is the customer that one of these stood for.
        """
        own = {provisional_customer_id(organization_id, key): company for key, company in moved.items()}

        async def point(ids: Collection[str], _: int) -> list[str]:
            held = await self._customers.by_ids(organization_id, ids)
            led = {
                key: replace(customer, merged_into=_elsewhere(key, own[key]))
                for key, customer in held.items()
            }
            return await self._customers.save(
                [customer for key, customer in led.items() if customer != held[key]]
            )

        await write_until_kept(own.keys(), point)
        followers = await self._customers.said_to_be(organization_id, own.keys()) - moved.keys()
        if followers:
            await self._followed.mark(organization_id, followers, self._clock.now())

    async def after_deletion(
        self, organization_id: str, lost: Mapping[str, ToFollow], allowance: Allowance
    ) -> None:
        """Recompute customers' facts without deleted companies, and read the companies' conversations again.

        As many conversations are read as are allowed; a company with more stays marked, and each further call
        continues. Stand-ins that are left without any company or conversation are deleted, after the signals
        from their own facts and health have been settled. Repeating it changes nothing.
        """
        if not lost:
            return
        ids = {owner for company in lost.values() for owner in company.owners}
        await self._refresh(organization_id, ids, {}, {})
        owned = await self._mirror.companies_of(organization_id, ids)
        held = await self._customers.by_ids(organization_id, ids)
        await self.hints.renew(organization_id, company_keys=lost.keys())
        unread = await self._follow_on.read(organization_id, lost.values(), allowance)
        still = {owner for key in unread for owner in lost[key].owners}
        empty = _without_company(held, owned)
        leaving = [key for key in empty if key not in still]
        await self._settle_own(organization_id, leaving)
        staying = held.keys() - set(empty)
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

    async def _let_go_unless_followed(self, organization_id: str, company_keys: Collection[str]) -> None:
        """Delete the stand-ins of companies that were deleted while they were being matched.

        Their deletion may have been handled before the stand-in was stored, and no further record will arrive
        for it. Where the deletion is still being handled, `after_deletion` checks once more at its end.
        """
        lost = await self._mirror.lost_companies(organization_id, company_keys)
        await self._let_go(organization_id, set(company_keys) - lost.keys())

    async def _let_go(self, organization_id: str, company_keys: Collection[str]) -> None:
        """Delete the stand-ins left behind by those of these companies that are deleted."""
        gone = set(company_keys) - (await self._mirror.companies(organization_id, company_keys)).keys()
        if not gone:
            return
        own = {provisional_customer_id(organization_id, key) for key in gone}
        held = await self._customers.by_ids(organization_id, own)
        leaving = _without_company(held, await self._mirror.companies_of(organization_id, own))
        if not leaving:
            return
        await self._settle_own(organization_id, leaving)
        await self._customers.delete(organization_id, leaving)
        if back := (await self._mirror.companies(organization_id, gone)).keys():
            # It may have found its stand-in just before the stand-in was deleted.
            await self._followed.mark(organization_id, back, self._clock.now())


def _without_company(
    held: Mapping[str, Customer], owned: Mapping[str, Sequence[CompanyChanged]]
) -> list[str]:
    """Return which of these customers are stand-ins that no company is matched to."""
    return [key for key, customer in held.items() if customer.provisional and not owned.get(key)]


def _telling(customer: Customer) -> object:
    """Return the facts whose changes are worth remembering; the last sign of life changes all day long."""
    return replace(customer.facts, last_seen_at=None)


def _elsewhere(stand_in: str, company: MirroredCompany) -> str | None:
    return company.customer_id if company.customer_id != stand_in else None
