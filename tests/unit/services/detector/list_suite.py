"""What follows from the organization's own list when it is long, when it was cut short, when many keep lists.

A module with a fixture `rig` runs these over its stores.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from services.detector.domain.customer_list import CustomerRow
from services.detector.domain.identity import known_customer_id
from services.detector.use_cases import follow_list
from shared.errors import TransientError
from tests.unit.services.detector.rig import LEAVING, WISH, WORKSPACE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.detector.domain.standing import Demand
    from tests.unit.services.detector.rig import Rig

LONG = [CustomerRow(f"acc-{number}", f"Firm {number}") for number in range(120)]


async def _matched(rig: Rig) -> int:
    """Return how many of the long list's companies are matched."""
    keys = [f"{WORKSPACE}:co{number}" for number in range(len(LONG))]
    companies = await rig.stores.mirror.companies(rig.organization_id, keys)
    return sum(one.basis == "external_id" for one in companies.values())


def _noted_spend(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Return what is stored as each request's spend from now on, by which the list of requests is shown."""
    spend: dict[str, float] = {}
    save = rig.stores.requests.save_demand

    async def noted(organization_id: str, counted: Mapping[str, Demand]) -> None:
        spend.update({request_id: demand.spend for request_id, demand in counted.items()})
        await save(organization_id, counted)

    monkeypatch.setattr(rig.stores.requests, "save_demand", noted)
    return spend


async def _with_companies(rig: Rig, organization_id: str) -> None:
    rig.organization_id = organization_id
    await rig.connect()
    await rig.tell(
        *(rig.company(f"co{number}", external_id=one.external_id) for number, one in enumerate(LONG))
    )


class TestLongLists:
    """A list is kept at once; what follows from a long one does not hold up whoever sent it."""

    async def test_a_long_list_is_followed_in_slices(self, rig: Rig) -> None:
        """The same list again, while it is being followed, begins nothing anew."""
        await _with_companies(rig, "acme")
        assert await rig.engine.customers.keep("acme", LONG) == (120, 0)
        assert await rig.engine.customers.keep("acme", LONG) == (0, 0)
        seen = [(await _matched(rig), await rig.stores.unmatched.count("acme"))]
        while await rig.engine.follow_list.work():
            seen.append((await _matched(rig), await rig.stores.unmatched.count("acme")))
        assert seen == [(0, 120), (50, 70), (100, 20), (120, 0)]

    async def test_a_slice_reads_so_many_in_all(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        """However many companies its customers have; the others' conversations follow later."""
        monkeypatch.setattr(follow_list, "SLICE", 2)
        monkeypatch.setattr(follow_list, "_COMPANIES_AT_ONCE", 1)
        await rig.connect()
        companies = [rig.company(f"co{number}", "Firm") for number in range(3)]
        people = [rig.contact(f"p{number}", (f"co{number}",)) for number in range(3)]
        await rig.tell(*companies, *people)
        for number in range(3):
            await rig.tell(*rig.said(f"k{number}", LEAVING, contact_ids=(f"p{number}",)))
            await rig.tell(*rig.said(f"l{number}", LEAVING, contact_ids=(f"p{number}",)))
        reads: list[str] = []
        keep = rig.stores.mirror.save_analyses

        async def counted(organization_id: str, analyses: Any) -> None:
            reads.extend(analyses)
            await keep(organization_id, analyses)

        monkeypatch.setattr(rig.stores.mirror, "save_analyses", counted)
        await rig.engine.customers.keep(rig.organization_id, [CustomerRow("acc-1", "Firm")])
        assert len(reads) == 2
        await rig.follow_companies_all()
        assert sorted(reads) == [f"{WORKSPACE}:{one}{number}" for one in "kl" for number in range(3)]

    async def test_organizations_take_turns(self, rig: Rig) -> None:
        """A short wait behind a long list of somebody else is one slice, not the list."""
        for organization_id in ("acme", "beta"):
            await _with_companies(rig, organization_id)
            await rig.engine.customers.keep(organization_id, LONG)
        left = []
        for _ in range(4):
            assert await rig.engine.follow_list.work()
            left.append([await rig.stores.unmatched.count(one) for one in ("acme", "beta")])
        assert left == [[70, 120], [70, 70], [20, 70], [20, 20]]

    async def test_a_short_list_that_was_cut_short_is_followed_later(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A minute later by anybody, though nobody sends it again; new owners show on signals then."""
        await rig.connect()
        row = CustomerRow("acc-1", "Northwind")
        await rig.engine.customers.keep(rig.organization_id, [row])
        await rig.tell(rig.company(external_id="acc-1"), rig.contact(), *rig.said("k1", LEAVING))

        async def away(*_: Any, **__: Any) -> None:
            raise TransientError("The database is away.")

        with monkeypatch.context() as patch:
            patch.setattr(rig.stores.signals, "refresh_customer", away)
            with pytest.raises(TransientError):
                await rig.engine.customers.keep(rig.organization_id, [replace(row, owner="ann@acme.example")])
        assert not await rig.engine.follow_list.work()
        rig.clock.advance(60)
        assert await rig.engine.follow_list.work()
        (signal,) = await rig.signals()
        assert signal.customer is not None
        assert signal.customer.owner == "ann@acme.example"
        assert not await rig.engine.follow_list.work()

    async def test_what_is_kept_meanwhile_is_followed_too(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A newer row shows on signals at last, also where the older one's process is the last to write."""
        await rig.connect()
        row = CustomerRow("acc-1", "Northwind")
        await rig.engine.customers.keep(rig.organization_id, [row])
        await rig.tell(rig.company(external_id="acc-1"), rig.contact(), *rig.said("k1", LEAVING))
        refresh, newer = rig.stores.signals.refresh_customer, [replace(row, owner="bob@acme.example")]

        async def overtaken(customer: Any) -> None:
            if newer:
                await rig.engine.customers.keep(rig.organization_id, [newer.pop()])
            await refresh(customer)

        monkeypatch.setattr(rig.stores.signals, "refresh_customer", overtaken)
        await rig.engine.customers.keep(rig.organization_id, [replace(row, owner="ann@acme.example")])
        (signal,) = await rig.signals()
        assert signal.customer is not None
        assert signal.customer.owner == "bob@acme.example"

    async def test_what_a_request_is_worth_follows_the_list(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A list with this month's spend changes what stands behind a request in the list of requests."""
        spend = _noted_spend(rig, monkeypatch)
        await rig.connect()
        row = CustomerRow("acc-1", "Northwind", monthly_spend=900.0)
        await rig.engine.customers.keep(rig.organization_id, [row])
        await rig.tell(rig.company(external_id="acc-1"), rig.contact(), *rig.said("k1", WISH))
        (request_id,) = {one.slot.request_id for one in await rig.signals()}
        assert spend == {request_id: 900.0}
        await rig.engine.customers.keep(rig.organization_id, [replace(row, monthly_spend=1_200.0)])
        assert spend == {request_id: 1_200.0}

    async def test_what_a_request_is_worth_follows_intercom(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """So does the spend of a company that no list names."""
        spend = _noted_spend(rig, monkeypatch)
        await rig.connect()
        await rig.tell(rig.company(monthly_spend=900.0), rig.contact(), *rig.said("k1", WISH))
        await rig.tell(rig.company(monthly_spend=1_200.0))
        (request_id,) = {one.slot.request_id for one in await rig.signals()}
        assert spend == {request_id: 1_200.0}

    async def test_marks_of_a_newer_row_stay(self, rig: Rig) -> None:
        """Whoever followed an older row takes no mark of a newer one; domains of all rows since are kept."""
        await rig.connect()
        rows = [*LONG[1:], replace(LONG[0], attributes={"domain": "a.example"})]
        await rig.engine.customers.keep(rig.organization_id, rows)
        unmatched, now = rig.stores.unmatched, rig.clock.now()
        ids = [known_customer_id(rig.organization_id, "acc-0")]
        seen = await unmatched.by_ids(rig.organization_id, ids)
        rows[-1] = replace(LONG[0], attributes={"domain": "b.example"})
        await rig.engine.customers.keep(rig.organization_id, rows)
        await unmatched.done(rig.organization_id, seen)
        (held,) = await unmatched.by_ids(rig.organization_id, ids)
        assert held.domains == {"a.example", "b.example"}
        await unmatched.put_off(rig.organization_id, ids, now.replace(year=2027))
        assert await unmatched.organizations(now) == [rig.organization_id]
        waiting = await unmatched.waiting(rig.organization_id, now, 1_000)
        assert (len(waiting), held.customer in [one.customer for one in waiting]) == (119, False)
        await unmatched.done(rig.organization_id, [held])
        assert await unmatched.by_ids(rig.organization_id, ids) == []

    async def test_a_culprit_waits_and_all_others_are_followed(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One customer with a defect is tried again ten minutes later."""
        await _with_companies(rig, rig.organization_id)
        await rig.engine.customers.keep(rig.organization_id, LONG)
        like = rig.stores.mirror.companies_like

        async def failing(organization_id: str, external_ids: Sequence[str], names: Any) -> Any:
            if "acc-7" in external_ids:
                raise ArithmeticError("a defect")
            return await like(organization_id, external_ids, names)

        with monkeypatch.context() as patch:
            patch.setattr(rig.stores.mirror, "companies_like", failing)
            await rig.follow_list_all()
        assert (await _matched(rig), await rig.stores.unmatched.count(rig.organization_id)) == (119, 1)
        rig.clock.advance(600)
        await rig.follow_list_all()
        assert (await _matched(rig), await rig.stores.unmatched.count(rig.organization_id)) == (120, 0)
