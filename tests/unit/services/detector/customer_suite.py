"""How customers are kept and matched, also by two at once; a fixture `rig` says over which stores."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from services.detector.domain.customer import Customer
from services.detector.domain.customer_list import CustomerList, CustomerRow, parse_customers
from services.detector.use_cases.customers import MaintainCustomers
from shared.errors import TransientError
from tests.unit.services.detector.rig import (
    ACC1,
    CONNECTION,
    FURIOUS,
    LEAVING,
    ORG,
    WORKSPACE,
    Rig,
    unreachable,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection
    from datetime import datetime


class TestCustomers:
    """The organization's customers, from its list and from companies."""

    async def test_uploading_keeps_good_rows(self, rig: Rig) -> None:
        """Bad rows are named by line; good ones are kept, and the same file again changes nothing."""
        content = b"external_id,name,owner\nacc-1,Northwind,ann@acme.example\n,Nameless,\nacc-2,Contoso,\n"
        first = await rig.engine.customers.upload(ORG, content)
        assert (first.created, [error.line for error in first.listed.errors]) == (2, [3])
        again = await rig.engine.customers.upload(ORG, content)
        assert (again.created, again.updated, again.unchanged) == (0, 0, 2)

    async def test_a_list_is_read_beside_the_loop(self, rig: Rig) -> None:
        """Reading the longest one takes seconds, in which the loop serves pages and records."""
        readers: list[int] = []

        def read(content: bytes) -> CustomerList:
            readers.append(threading.get_ident())
            return parse_customers(content)

        engine = rig.engine
        maintain = MaintainCustomers(
            customers=rig.stores.customers,
            mirror=rig.stores.mirror,
            rematch=engine.rematch,
            follow=engine.follow_list,
            clock=rig.clock,
            read=read,
        )
        imported = await maintain.upload(ORG, b"external_id,name\nacc-1,Northwind\n")
        assert imported.created == 1
        assert threading.get_ident() not in readers
        assert len(readers) == 1

    async def test_a_list_that_comes_again_is_matched_after_all(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Rows that were kept before matching failed find their companies when the file comes again."""
        await rig.connect()
        await rig.tell(rig.company(external_id="acc-1"))
        rows = [CustomerRow("acc-1", "Northwind")]
        with monkeypatch.context() as away:
            away.setattr(rig.stores.mirror, "save_match", unreachable)
            with pytest.raises(TransientError):
                await rig.engine.customers.keep(ORG, rows)
        assert await rig.engine.customers.keep(ORG, rows) == (0, 0)
        key = f"{WORKSPACE}:co1"
        company = (await rig.stores.mirror.companies(ORG, [key]))[key]
        assert (company.customer_id, company.basis) == (ACC1, "external_id")

    async def test_other_name_matching_is_carried_through(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A setting that was kept before matching failed counts when its record comes again, and once."""
        await rig.connect(match_companies_by_name="off")
        await rig.engine.customers.keep(ORG, [CustomerRow("acc-1", "Northwind")])
        await rig.tell(rig.company())
        with monkeypatch.context() as away:
            away.setattr(rig.stores.rematches, "ask", unreachable)
            with pytest.raises(TransientError):
                await rig.connect(2, match_companies_by_name="exact")
        await rig.connect(2, match_companies_by_name="exact")
        with monkeypatch.context() as away:
            away.setattr(rig.stores.mirror, "save_match", unreachable)
            with pytest.raises(TransientError):
                await rig.rematch_all()
        rig.clock.advance(60)
        await rig.rematch_all()
        key = f"{WORKSPACE}:co1"
        company = (await rig.stores.mirror.companies(ORG, [key]))[key]
        assert (company.customer_id, company.basis) == (ACC1, "name")
        monkeypatch.setattr(rig.stores.mirror, "save_match", unreachable)
        await rig.connect(3, match_companies_by_name="exact")
        assert not await rig.engine.rematch.work()

    async def test_all_companies_are_matched_anew_in_slices(self, rig: Rig) -> None:
        """What the record or the click asks for takes no longer in a large workspace; any replica goes on."""
        await rig.connect(match_companies_by_name="off")
        await rig.engine.customers.keep(ORG, [CustomerRow(f"acc-{n}", f"Firm {n}") for n in range(120)])
        await rig.tell(*(rig.company(f"co{n}", f"Firm {n}") for n in range(120)))
        await rig.rematch_all()
        keys = [f"{WORKSPACE}:co{n}" for n in range(120)]

        async def matched() -> int:
            companies = (await rig.stores.mirror.companies(ORG, keys)).values()
            return sum(one.basis == "name" for one in companies)

        await rig.connect(2, match_companies_by_name="exact")
        counts = []
        while await rig.engine.rematch.work():
            (progress,) = await rig.stores.rematches.latest(ORG)
            counts.append((await matched(), progress.done, progress.total, progress.is_worth_showing))
        assert counts == [(50, 50, 120, True), (100, 100, 120, True), (120, 120, 120, False)]
        view = await rig.stores.connections.get(ORG, CONNECTION)
        assert view is not None
        await rig.engine.customers.map_attributes(ORG, view, {}, by="ann@acme.example")
        (progress,) = await rig.stores.rematches.latest(ORG)
        assert (progress.done, progress.total, progress.is_worth_showing) == (0, 120, True)
        await rig.remove()
        assert await rig.stores.rematches.latest(ORG) == []

    async def test_signals_follow_a_customer_whose_writing_was_cut_short(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A new name or owner shows on signals also where the first attempt to say so failed."""
        await rig.connect()
        rows = [CustomerRow("acc-1", "Northwind")]
        await rig.engine.customers.keep(ORG, rows)
        await rig.tell(rig.company(external_id="acc-1"), rig.contact(), *rig.said("k1", LEAVING))
        changes: list[Callable[[], Awaitable[object]]] = [
            lambda: rig.tell(rig.company(external_id="acc-1", monthly_spend=900.0)),
            lambda: rig.engine.customers.keep(ORG, [replace(rows[0], owner="ann@acme.example")]),
        ]
        for change in changes:
            with monkeypatch.context() as away:
                away.setattr(rig.stores.signals, "refresh_customer", unreachable)
                with pytest.raises(TransientError):
                    await change()
            await change()
        (signal,) = await rig.signals()
        assert signal.customer is not None
        assert (signal.customer.monthly_spend, signal.customer.owner) == (900.0, "ann@acme.example")

    async def test_what_is_uploaded_while_moods_are_reviewed_is_kept(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A review reads a year of a customer; it writes the mood, and nothing of what others write."""
        await rig.connect()
        await rig.engine.customers.keep(ORG, [CustomerRow("acc-1", "Northwind", owner="old@x.example")])
        await rig.tell(rig.company(external_id="acc-1"), rig.contact())
        fresh = [CustomerRow("acc-1", "Northwind", owner="new@x.example")]
        digests = rig.stores.mirror.digests

        async def slowly(organization_id: str, subjects: Collection[str], since: datetime) -> Any:
            found = await digests(organization_id, subjects, since)
            await asyncio.sleep(0)
            while fresh:
                await rig.engine.customers.keep(ORG, [fresh.pop()])
            return found

        with monkeypatch.context() as slow:
            slow.setattr(rig.stores.mirror, "digests", slowly)
            await rig.tell(*rig.said("k1", FURIOUS))
        customer = (await rig.stores.customers.by_ids(ORG, [ACC1]))[ACC1]
        assert (customer.owner, customer.mood is None) == ("new@x.example", False)

    async def test_two_who_write_one_customer_lose_nothing(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Facts that are put together while a row is uploaded rest on the row, and the row on the facts."""
        await rig.connect()
        await rig.engine.customers.keep(ORG, [CustomerRow("acc-1", "Northwind", owner="old@x.example")])
        await rig.tell(rig.company(external_id="acc-1"))
        fresh = [CustomerRow("acc-1", "Northwind", owner="new@x.example")]
        companies_of = rig.stores.mirror.companies_of

        async def slowly(organization_id: str, customer_ids: Collection[str]) -> Any:
            found = await companies_of(organization_id, customer_ids)
            while fresh:
                await rig.engine.customers.keep(ORG, [fresh.pop()])
            return found

        with monkeypatch.context() as slow:
            slow.setattr(rig.stores.mirror, "companies_of", slowly)
            await rig.tell(rig.company(external_id="acc-1", monthly_spend=900.0))
        customer = (await rig.stores.customers.by_ids(ORG, [ACC1]))[ACC1]
        assert (customer.owner, customer.facts.monthly_spend) == ("new@x.example", 900.0)

    async def test_a_customer_that_changed_meanwhile_is_not_overwritten(self, rig: Rig) -> None:
        """Whoever writes what was read before somebody else wrote is refused by name; the rest is kept."""
        customers = rig.stores.customers
        first, second = (Customer(f"c{number}", ORG, "Northwind", f"acc-{number}") for number in range(2))
        assert await customers.save([first, second]) == []
        held = await customers.by_ids(ORG, ["c0", "c1"])
        await customers.save_moods(ORG, {"c0": (-0.5, 3), "nobody": (0.1, 1)})
        late = [replace(one, owner="ann@acme.example") for one in held.values()]
        assert await customers.save(late) == ["c0"]
        assert await customers.save([first]) == ["c0"]
        after = await customers.by_ids(ORG, ["c0", "c1", "nobody"])
        assert {key: (one.owner, one.mood, one.mood_messages) for key, one in after.items()} == {
            "c0": (None, -0.5, 3),
            "c1": ("ann@acme.example", None, 0),
        }

    async def test_all_customers_are_gone_through_in_one_order(self, rig: Rig) -> None:
        """Whoever begins behind any of them meets all that come later, and nobody of before."""
        owners = ("acme", "acme-2", "zeta")
        await rig.stores.customers.save(
            [Customer(f"c{number}", owner, "Northwind") for owner in owners for number in range(3)]
        )
        everybody = [(owner, one) async for owner, ids in rig.stores.customers.all_ids() for one in ids]
        assert sorted(everybody) == [(owner, f"c{number}") for owner in owners for number in range(3)]
        for place, last in enumerate(everybody, start=1):
            later = [(owner, one) async for owner, ids in rig.stores.customers.all_ids(last) for one in ids]
            assert later == everybody[place:]
