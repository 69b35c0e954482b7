"""Requests of many customers, and requests that people regroup; a fixture `rig` says over which stores."""

from __future__ import annotations

import pytest

from services.detector.adapters import mongo_signals
from services.detector.domain.identity import provisional_customer_id
from services.detector.domain.standing import Demand
from services.detector.errors import InvalidRequestError, NotFoundError
from services.detector.use_cases import review
from shared.contracts.resources import Author
from tests.unit.services.detector.rig import LEAVING, ORG, WISH, WORKSPACE, Rig


class TestMany:
    """However many signals there are, none is left out where all are asked for."""

    CUSTOMERS = 7

    @pytest.fixture(autouse=True)
    def few_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let a portion be smaller than what there is; stores in memory have none."""
        monkeypatch.setattr(mongo_signals, "_MANY", 3)

    async def _crowd(self, rig: Rig) -> tuple[str, list[str]]:
        """Let many customers wish for the same and leave; return the request's id and the customers'."""
        await rig.connect()
        for number in range(self.CUSTOMERS):
            person, company = f"p{number}", f"co{number}"
            spend = float(100 * (number + 1))
            await rig.tell(
                rig.contact(person, (company,)),
                rig.company(company, f"Customer {number}", monthly_spend=spend),
            )
            author = Author(type="user", id=person, name=person)
            key = f"k{number}"
            parts = [rig.part(key, n, text, author=author) for n, text in enumerate((WISH, LEAVING))]
            await rig.tell(*parts, rig.conversation(key, contact_ids=(person,), part_count=2))
        keys = [f"{WORKSPACE}:co{number}" for number in range(self.CUSTOMERS)]
        ids = [provisional_customer_id(ORG, key) for key in keys]
        found = await rig.stores.signals.by_slots(ORG, {f"customer/{one}" for one in ids}, None)
        (request_id,) = {one.slot.request_id for one in found if one.slot.request_id}
        return str(request_id), ids

    async def test_numbers_count_everybody(self, rig: Rig) -> None:
        """Every customer's attention and a request's demand are those of all their signals."""
        request_id, ids = await self._crowd(rig)
        counted = await rig.stores.signals.attention(ORG, [*ids, "c-none"])
        assert {one: (found.open_signals, found.weight) for one, found in counted.items()} == {
            **dict.fromkeys(ids, (2, 100)),
            "c-none": (0, 0),
        }
        assert all(counted[one].last_at for one in ids)
        demand = await rig.stores.signals.demand(ORG, [request_id, "r-none"])
        everybody = demand[request_id]
        assert (everybody.customers, everybody.people, everybody.spend) == (7, 7, 2800.0)
        assert everybody.last_at == max(found.last_at for found in counted.values() if found.last_at)
        assert demand["r-none"] == Demand(customers=0, people=0, spend=0.0, last_at=None)

    async def test_numbers_leave_out_what_nobody_asks_for(self, rig: Rig) -> None:
        """A dismissed wish is nobody's demand, and what is closed asks for no attention."""
        request_id, ids = await self._crowd(rig)
        wishes = await rig.stores.signals.by_request(ORG, request_id)
        assert len(wishes) == self.CUSTOMERS
        for one in wishes[:2]:
            await rig.engine.review.dismiss(ORG, one.signal_id, "a joke", by="ann@acme.example")
        gone = {one.subject.customer_id for one in wishes[:2]}
        demand = (await rig.stores.signals.demand(ORG, [request_id]))[request_id]
        assert demand.customers == demand.people == self.CUSTOMERS - 2
        counted = await rig.stores.signals.attention(ORG, ids)
        assert {one for one in ids if counted[one].open_signals == 1} == gone

    async def test_everybody_hears_what_becomes_of_a_request(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Shipping settles every signal about it, whatever is settled at once."""
        monkeypatch.setattr(review, "_SETTLED_AT_ONCE", 3)
        request_id, ids = await self._crowd(rig)
        await rig.engine.review.decide_request(ORG, request_id, "shipped", by="ann@acme.example")
        left = await rig.stores.signals.by_request(ORG, request_id)
        assert [one.cleared_because for one in left] == ["resolved"] * self.CUSTOMERS
        assert (await rig.stores.signals.demand(ORG, [request_id]))[request_id].customers == self.CUSTOMERS
        counted = await rig.stores.signals.attention(ORG, ids)
        assert {found.open_signals for found in counted.values()} == {1}

    async def test_a_merge_takes_everybody_along(self, rig: Rig) -> None:
        """Nobody who asked stays behind with the request that was merged away."""
        request_id, _ = await self._crowd(rig)
        (told,) = await rig.tell(*rig.said("other", "Please add an export of invoices to Excel."))
        (signal,) = await rig.stores.signals.by_ids(ORG, [told.signal_id])
        other = str(signal.slot.request_id)
        await rig.engine.regroup.merge(ORG, request_id, other, by="ann@acme.example")
        assert await rig.stores.signals.by_request(ORG, request_id) == []
        assert len(await rig.stores.signals.by_request(ORG, other)) == self.CUSTOMERS + 1


class TestRegrouping:
    """What people say about wishes stays, whatever is read again."""

    OTHER = "It would be great if you could export invoices to a spreadsheet."

    async def _two(self, rig: Rig) -> tuple[str, str]:
        """Two customers wish for two things; return the requests' ids."""
        await rig.connect()
        await rig.tell(
            rig.contact(), rig.company(), rig.contact("lee", ("co2",)), rig.company("co2", "Contoso")
        )
        await rig.tell(*rig.said("k1", WISH))
        await rig.tell(*rig.said("k2", self.OTHER, contact_ids=("lee",)))
        found = {one.proofs[0].conversation_id: one.slot.request_id for one in await rig.signals()}
        assert found["k1"] != found["k2"]
        return found["k1"], found["k2"]

    async def test_merged_wishes_are_one_and_stay_one(self, rig: Rig) -> None:
        """Both customers stand behind one request, also after reading again and with new askers."""
        dark, export = await self._two(rig)
        kept = await rig.engine.regroup.merge(ORG, export, dark, by="ann@acme.example")
        assert kept.request_id == dark
        await rig.tell(*rig.said("k2", self.OTHER, contact_ids=("lee",)))
        await rig.tell(*rig.said("k3", self.OTHER))
        assert {one.slot.request_id for one in await rig.signals() if one.is_open} == {dark}
        demand = await rig.stores.signals.demand(ORG, [dark, export])
        assert (demand[dark].customers, demand[export].customers) == (2, 0)
        again = await rig.engine.regroup.merge(ORG, export, dark, by="ann@acme.example")
        assert again.request_id == dark

    async def test_a_merged_request_is_decided_as_the_one_it_is(self, rig: Rig) -> None:
        """Deciding where a merged request stands decides the request that it belongs to."""
        dark, export = await self._two(rig)
        await rig.engine.regroup.merge(ORG, export, dark, by="ann@acme.example")
        decided = await rig.engine.review.decide_request(ORG, export, "shipped", by="ann@acme.example")
        assert (decided.request_id, decided.state) == (dark, "shipped")
        assert {one.cleared_because for one in await rig.signals() if one.slot.request_id == dark} == {
            "resolved"
        }
        with pytest.raises(NotFoundError):
            await rig.engine.review.decide_request(ORG, "nothing", "shipped", by="ann@acme.example")

    async def test_one_customer_with_both_wishes_keeps_one_signal(self, rig: Rig) -> None:
        """Where a customer wished for both, the two signals become one with the words of both."""
        await rig.connect()
        await rig.tell(rig.contact(), rig.company(), *rig.said("k1", WISH), *rig.said("k2", self.OTHER))
        first, second = await rig.signals()
        await rig.engine.regroup.merge(ORG, first.slot.request_id, second.slot.request_id, by="ann@a.example")
        opened = [one for one in await rig.signals() if one.is_open]
        assert [len(one.proofs) for one in opened] == [2]
        closed = [one for one in await rig.signals() if not one.is_open]
        assert [one.cleared_because for one in closed] == ["merged"]

    async def test_everybody_who_asked_stands_behind_what_two_signals_became(self, rig: Rig) -> None:
        """Two people of one customer, one wish each: both are its people, until one's words are deleted."""
        await rig.connect()
        await rig.tell(rig.contact(), rig.contact("p2"), rig.company())
        lee = Author(type="user", id="p2", name="Lee Park", email="lee@n.example")
        asked = rig.part("k2", 0, self.OTHER, author=lee)
        await rig.tell(*rig.said("k1", WISH))
        await rig.tell(asked, rig.conversation("k2", contact_ids=("p2",), part_count=1))
        first, second = await rig.signals()
        into = second.slot.request_id
        await rig.engine.regroup.merge(ORG, first.slot.request_id, into, by="ann@a.example")
        people = {person.id for one in (first, second) for person in one.people}
        assert len(people) == 2
        (opened,) = [one for one in await rig.signals() if one.is_open]
        assert {person.id for person in opened.people} == people
        assert (await rig.stores.signals.demand(ORG, [into]))[into].people == 2
        await rig.tell(rig.part("k2", 0, "", redacted=True, author=lee))
        (left,) = [one for one in await rig.signals() if one.is_open]
        assert [person.id for person in left.people] == [left.proofs[0].author_id]

    async def test_merging_in_a_circle_is_refused(self, rig: Rig) -> None:
        """A request cannot become part of itself by way of another; what is not there is said so."""
        dark, export = await self._two(rig)
        await rig.engine.regroup.merge(ORG, export, dark, by="ann@acme.example")
        for one in (dark, export):
            with pytest.raises(InvalidRequestError, match="one request already"):
                await rig.engine.regroup.merge(ORG, dark, one, by="ann@acme.example")
        with pytest.raises(NotFoundError):
            await rig.engine.regroup.merge(ORG, dark, "nothing", by="ann@acme.example")

    async def test_a_merged_request_takes_the_whole_along(self, rig: Rig) -> None:
        """Merging what was merged before means the request that it is now: nobody stays behind with it."""
        dark, export = await self._two(rig)
        await rig.tell(*rig.said("k3", "Please add single sign-on with Okta."))
        (sso,) = {one.slot.request_id for one in await rig.signals()} - {dark, export}
        assert sso is not None
        await rig.engine.regroup.merge(ORG, export, dark, by="ann@acme.example")
        kept = await rig.engine.regroup.merge(ORG, export, sso, by="ann@acme.example")
        assert kept.request_id == sso
        assert {one.slot.request_id for one in await rig.signals() if one.is_open} == {sso}
        demand = await rig.stores.signals.demand(ORG, [dark, sso])
        assert (demand[dark].customers, demand[sso].customers) == (0, 2)
        shown = await rig.stores.requests.by_ids(ORG, [dark, export])
        assert {one.merged_into for one in shown.values()} == {sso}

    async def test_a_merged_request_is_split_as_the_one_it_is(self, rig: Rig) -> None:
        """Its address leads to the whole; so does its split. A signal without words counts for nobody."""
        dark, export = await self._two(rig)
        await rig.tell(*rig.said("k4", WISH, contact_ids=("lee",)))
        await rig.tell(rig.contact("kim", ("co3",)), rig.company("co3", "Fabrikam"))
        await rig.tell(*rig.said("k5", WISH, contact_ids=("kim",)))
        await rig.tell(rig.part("k5", 0, "", redacted=True))
        await rig.engine.regroup.merge(ORG, export, dark, by="ann@acme.example")
        here = await rig.stores.signals.by_request(ORG, dark)
        (empty,) = [one.signal_id for one in here if not one.proofs]
        (lees,) = [one.signal_id for one in here if len(one.proofs) == 2]
        with pytest.raises(InvalidRequestError, match="Leave somebody"):
            await rig.engine.regroup.split(
                ORG, export, [one.signal_id for one in here], "All", by="a@a.example"
            )
        made = await rig.engine.regroup.split(ORG, export, [empty, lees], "Lee's", by="ann@acme.example")
        demand = await rig.stores.signals.demand(ORG, [dark, made.request_id])
        assert [demand[one].customers for one in (dark, made.request_id)] == [1, 1]

    async def test_split_wishes_stay_apart(self, rig: Rig) -> None:
        """A customer's wish becomes a request of its own, and whoever says the same joins that one."""
        dark, export = await self._two(rig)
        await rig.engine.regroup.merge(ORG, export, dark, by="ann@acme.example")
        mine = next(one for one in await rig.signals() if one.proofs[0].conversation_id == "k2")
        made = await rig.engine.regroup.split(
            ORG, dark, [mine.signal_id], "Invoices in Excel", by="ann@a.example"
        )
        assert made.title == "Invoices in Excel"
        await rig.tell(*rig.said("k2", self.OTHER, contact_ids=("lee",)))
        await rig.tell(*rig.said("k3", self.OTHER))
        filed = {
            proof.conversation_id: one.slot.request_id
            for one in await rig.signals()
            if one.is_open
            for proof in one.proofs
        }
        assert filed == {"k1": dark, "k2": made.request_id, "k3": made.request_id}

    async def test_a_split_needs_both_sides_and_a_title(self, rig: Rig) -> None:
        """Nobody, everybody, or a new request without a title is refused in words."""
        dark, _ = await self._two(rig)
        (mine,) = [one for one in await rig.signals() if one.slot.request_id == dark]
        for ids, title, words in (
            ([], "A", "Choose whose"),
            ([mine.signal_id], "A", "Leave somebody"),
            ([mine.signal_id], "  ", "title"),
        ):
            with pytest.raises(InvalidRequestError, match=words):
                await rig.engine.regroup.split(ORG, dark, ids, title, by="ann@acme.example")
