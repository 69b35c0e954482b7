"""What people decide about companies, and take back; a fixture `rig` says over which stores."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from services.detector.domain.customer_list import CustomerRow
from services.detector.domain.identity import known_customer_id, provisional_customer_id
from services.detector.domain.matching import Decision
from services.detector.domain.occasion import Slot
from services.detector.errors import ChangedMeanwhileError, InvalidRequestError, NotFoundError
from shared.contracts.signals import SignalDetected
from shared.errors import TransientError
from tests.unit.services.detector.rig import (
    ACC1,
    LEAVING,
    NORTHWIND,
    ORG,
    UNRELATED,
    WORKSPACE,
    Rig,
    unreachable,
)

if TYPE_CHECKING:
    from services.detector.domain.mirror import MirroredCompany

ANN, BO = "ann@acme.example", "bo@acme.example"
CO1, CO2 = f"{WORKSPACE}:co1", f"{WORKSPACE}:co2"
ACC2 = known_customer_id(ORG, "acc-2")
CONTOSO = provisional_customer_id(ORG, CO2)
NOTICE = Slot("churn_risk", "explicit")


async def company(rig: Rig, key: str = CO1) -> MirroredCompany:
    return (await rig.stores.mirror.companies(ORG, [key]))[key]


async def whose(rig: Rig, *keys: str) -> list[str | None]:
    return [(await company(rig, key)).customer_id for key in keys]


async def told_of(rig: Rig, slot: Slot = NOTICE) -> list[str | None]:
    """Return whose the open signals of a slot are."""
    return [one.subject.customer_id for one in await rig.signals(slot=slot) if one.is_open]


def alerts(rig: Rig, start: int) -> list[str]:
    """Return what people were alerted about since."""
    return [
        one.kind for one in rig.published(start) if isinstance(one, SignalDetected) and not one.historical
    ]


class TestMatching:
    """A company is whom a person says, until a person takes it back."""

    async def _listed(self, rig: Rig) -> None:
        """Two customers on the list, and a company like neither, whose people say that they leave."""
        await rig.connect(match_companies_by_name="exact")
        rows = [CustomerRow("acc-1", "Umbrella"), CustomerRow("acc-2", "Tyrell")]
        await rig.engine.customers.keep(ORG, rows)
        await rig.tell(rig.company(), rig.contact(), *rig.said("k1", LEAVING))

    async def test_any_company_is_any_customer(self, rig: Rig) -> None:
        """Without a suggestion too: its conversations and signals move, and nobody is alerted again."""
        await self._listed(rig)
        (before,) = await rig.signals(slot=NOTICE)
        start = len(rig.publisher.published)
        await rig.engine.matches.decide(ORG, CO1, ACC1, confirmed=True, by=ANN)
        await rig.review_due()
        (after,) = await rig.signals(slot=NOTICE)
        assert (await company(rig)).basis == "person"
        assert (after.signal_id, after.subject.customer_id, after.is_open) == (before.signal_id, ACC1, True)
        assert alerts(rig, start) == []

    async def test_a_match_is_undone(self, rig: Rig) -> None:
        """It stands for itself again, with all that is its own, and nobody is alerted again."""
        await self._listed(rig)
        await rig.tell(rig.company("co2", "Contoso", external_id="acc-1"), rig.contact("lee", ("co2",)))
        await rig.tell(*rig.said("k2", UNRELATED, contact_ids=("lee",)))
        await rig.engine.matches.decide(ORG, CO1, ACC1, confirmed=True, by=ANN)
        start = len(rig.publisher.published)
        await rig.engine.matches.undo(ORG, CO1, ACC1, by=BO)
        await rig.review_due()
        assert await whose(rig, CO1, CO2) == [NORTHWIND, ACC1]
        assert await told_of(rig) == [NORTHWIND]
        assert alerts(rig, start) == []
        conversations = await rig.stores.mirror.conversations(ORG, [f"{WORKSPACE}:k1", f"{WORKSPACE}:k2"])
        subjects = [one.subject for one in conversations.values()]
        assert subjects == [f"customer/{NORTHWIND}", f"customer/{ACC1}"]
        stand_in = (await rig.stores.customers.by_ids(ORG, [NORTHWIND]))[NORTHWIND]
        assert (stand_in.name, stand_in.provisional, stand_in.merged_into) == ("Northwind", True, None)

    @pytest.mark.parametrize("record", [{"external_id": "acc-1"}, {"name": "Umbrella"}])
    async def test_an_automatic_match_is_undone_for_good(self, rig: Rig, record: dict[str, str]) -> None:
        """Neither the company's next record nor the list makes the rule match it to that customer again."""
        await self._listed(rig)
        await rig.tell(rig.company(**record))
        assert await whose(rig, CO1) == [ACC1]
        await rig.engine.matches.undo(ORG, CO1, ACC1, by=ANN)
        await rig.tell(rig.company(**record, monthly_spend=90.0))
        await rig.engine.customers.keep(ORG, [CustomerRow("acc-1", "Umbrella", owner=BO)])
        assert await whose(rig, CO1) == [NORTHWIND]
        assert ACC1 not in {one.customer_id for one in (await company(rig)).suggestions}
        await rig.engine.matches.decide(ORG, CO1, ACC1, confirmed=True, by=ANN)
        assert await whose(rig, CO1) == [ACC1]

    async def test_an_undone_decision_leaves_the_company_to_the_rules(self, rig: Rig) -> None:
        """Whom the external id names is who it is, once it is not whom a person said."""
        await self._listed(rig)
        await rig.engine.matches.decide(ORG, CO1, ACC2, confirmed=True, by=ANN)
        await rig.tell(rig.company(external_id="acc-1"))
        assert await whose(rig, CO1) == [ACC2]
        await rig.engine.matches.undo(ORG, CO1, ACC2, by=ANN)
        found = await company(rig)
        assert (found.customer_id, found.basis) == (ACC1, "external_id")

    async def test_what_is_not_matched_is_not_undone(self, rig: Rig) -> None:
        """Whoever looks at an old page is told so, and nothing is decided."""
        await self._listed(rig)
        for customer in (NORTHWIND, ACC1):
            with pytest.raises(ChangedMeanwhileError):
                await rig.engine.matches.undo(ORG, CO1, customer, by=ANN)
        with pytest.raises(NotFoundError):
            await rig.engine.matches.undo(ORG, "ws1:none", ACC1, by=ANN)
        with pytest.raises(InvalidRequestError):
            await rig.engine.matches.decide(ORG, CO1, NORTHWIND, confirmed=True, by=ANN)
        assert await rig.stores.customers.decision_history(ORG, CO1) == []

    async def test_who_decided_what_stays_to_be_seen(self, rig: Rig) -> None:
        """All of it, newest first; what counts is the last word of each customer, and one confirmation."""
        await self._listed(rig)
        first = rig.clock.now()
        await rig.engine.matches.decide(ORG, CO1, ACC1, confirmed=True, by=ANN)
        rig.clock.advance(60)
        await rig.engine.matches.decide(ORG, CO1, ACC2, confirmed=True, by=BO)
        rig.clock.advance(60)
        await rig.engine.matches.undo(ORG, CO1, ACC2, by=ANN)
        second, third = first + timedelta(minutes=1), first + timedelta(minutes=2)
        assert await rig.stores.customers.decision_history(ORG, CO1) == [
            Decision(ACC2, confirmed=False, by=ANN, at=third),
            Decision(ACC2, confirmed=True, by=BO, at=second),
            Decision(ACC1, confirmed=True, by=ANN, at=first),
        ]
        assert await rig.stores.customers.decisions(ORG, [CO1]) == {
            CO1: [Decision(ACC2, confirmed=False, by=ANN, at=third)]
        }

    async def test_of_one_customer_so_many_words_are_kept(self, rig: Rig) -> None:
        """Whoever goes back and forth fills no document."""
        for number in range(25):
            said = Decision(ACC1, confirmed=bool(number % 2), by=ANN, at=rig.clock.now())
            await rig.stores.customers.decide(ORG, CO1, said)
            rig.clock.advance(60)
        history = await rig.stores.customers.decision_history(ORG, CO1)
        assert (len(history), history[0].confirmed, history[-1].confirmed) == (20, False, True)

    async def test_an_undo_that_was_cut_short_is_carried_through(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A minute later by anybody, though nobody clicks again."""
        await self._listed(rig)
        await rig.engine.matches.decide(ORG, CO1, ACC1, confirmed=True, by=ANN)
        with monkeypatch.context() as away:
            away.setattr(rig.stores.mirror, "save_match", unreachable)
            with pytest.raises(TransientError):
                await rig.engine.matches.undo(ORG, CO1, ACC1, by=ANN)
        rig.clock.advance(61)
        await rig.follow_companies_all()
        assert (await whose(rig, CO1), await told_of(rig)) == ([NORTHWIND], [NORTHWIND])

    async def test_a_decision_outlives_a_match_that_was_under_way(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Who began before a person's word was kept, and stores after it, matches again by that word."""
        await self._listed(rig)
        mirror = rig.stores.mirror
        store = mirror.save_match

        async def late(*what: Any, **how: Any) -> None:
            monkeypatch.setattr(mirror, "save_match", store)
            await rig.engine.matches.decide(ORG, CO1, ACC1, confirmed=True, by=ANN)
            await store(*what, **how)

        monkeypatch.setattr(mirror, "save_match", late)
        await rig.tell(rig.company(external_id="acc-2"))
        await rig.follow_companies_all()
        await rig.review_due()
        found = await company(rig)
        assert (found.customer_id, found.basis, found.follow_from) == (ACC1, "person", None)
        assert await told_of(rig) == [ACC1]


class TestFactsOfMovedCompanies:
    """Facts go with their company: they are told where it is now, and nobody hears of them twice."""

    async def test_facts_are_not_told_again(self, rig: Rig) -> None:
        """A renewal that was told of the customer is the company's own again; it shows, and does not ring."""
        await rig.connect()
        rig.clock.advance(3 * 86_400)
        await rig.engine.customers.keep(ORG, [CustomerRow("acc-1", "Umbrella")])
        soon = (rig.clock.now() + timedelta(days=20)).date().isoformat()
        await rig.tell(
            rig.company(external_id="acc-1", custom_attributes={"renewal_date": soon}),
            rig.company("co2", "Contoso"),
        )
        assert await told_of(rig, Slot("renewal")) == [ACC1]
        start = len(rig.publisher.published)
        await rig.engine.matches.undo(ORG, CO1, ACC1, by=ANN)
        assert await told_of(rig, Slot("renewal")) == [NORTHWIND]
        assert alerts(rig, start) == []

    async def test_a_company_that_leaves_is_no_shrinking(self, rig: Rig) -> None:
        """Its people are fewer at the customer, and not a person has gone."""
        await rig.connect()
        rig.clock.advance(3 * 86_400)
        await rig.engine.customers.keep(ORG, [CustomerRow("acc-1", "Umbrella")])
        await rig.tell(
            rig.company(external_id="acc-1", user_count=10), rig.company("co2", "Contoso", user_count=90)
        )
        await rig.engine.matches.decide(ORG, CO2, ACC1, confirmed=True, by=ANN)
        rig.clock.advance(3_600)
        await rig.engine.matches.undo(ORG, CO2, ACC1, by=ANN)
        rig.clock.advance(86_400)
        await rig.tell(rig.company(external_id="acc-1", user_count=10, plan="Pro"))
        assert await rig.signals() == []
        await rig.tell(rig.company(external_id="acc-1", user_count=3))
        assert await told_of(rig, Slot("churn_risk", "implied")) == [ACC1]

    async def test_a_company_that_joins_unhappy_is_no_fall_of_health(self, rig: Rig) -> None:
        """Health from before is kept to be seen, and compared with nothing that other companies made."""
        await rig.connect()
        await rig.engine.customers.keep(ORG, [CustomerRow("acc-1", "Umbrella")])
        seen = rig.clock.now() + timedelta(days=30)
        umbrella = rig.company(external_id="acc-1", last_request_at=seen)
        await rig.tell(umbrella, rig.contact(), rig.company("co2", "Contoso"))
        await rig.tell(*rig.said("k1", UNRELATED, state="closed"), rig.contact("lee", ("co2",)))
        for _ in range(2):
            rig.clock.advance(86_400)
            await rig.engine.health.round(0, timedelta(hours=6))
        await rig.tell(*rig.said("k2", LEAVING, contact_ids=("lee",)))
        await rig.engine.matches.decide(ORG, CO2, ACC1, confirmed=True, by=ANN)
        rig.clock.advance(3_600)
        await rig.engine.health.round(0, timedelta(hours=6))
        history = (await rig.stores.health.histories(ORG, [ACC1]))[ACC1]
        assert len(history.states) > 1
        assert await rig.signals(slot=Slot("health_change")) == []


class TestCompaniesOfOneCustomer:
    """Without a list, a person may say that two companies are one customer: the one stands for both."""

    async def _one(self, rig: Rig) -> None:
        await rig.connect()
        await rig.tell(rig.company(), rig.company("co2", "Contoso"), rig.contact("lee", ("co2",)))
        await rig.tell(*rig.said("k1", LEAVING, contact_ids=("lee",)))
        await rig.engine.matches.decide(ORG, CO2, NORTHWIND, confirmed=True, by=ANN)

    async def test_two_companies_are_one_customer(self, rig: Rig) -> None:
        """Until that is undone; a stand-in leads to where its company is."""
        await self._one(rig)
        assert (await whose(rig, CO1, CO2), await told_of(rig)) == ([NORTHWIND, NORTHWIND], [NORTHWIND])
        assert (await rig.stores.customers.by_ids(ORG, [CONTOSO]))[CONTOSO].merged_into == NORTHWIND
        with pytest.raises(InvalidRequestError):
            await rig.engine.matches.decide(ORG, CO1, CONTOSO, confirmed=True, by=ANN)
        await rig.engine.matches.undo(ORG, CO2, NORTHWIND, by=ANN)
        assert (await whose(rig, CO1, CO2), await told_of(rig)) == ([NORTHWIND, CONTOSO], [CONTOSO])

    async def test_both_go_where_the_first_one_goes(self, rig: Rig) -> None:
        """And come back with it; undone, the second one alone leaves."""
        await self._one(rig)
        start = len(rig.publisher.published)
        await rig.engine.customers.keep(ORG, [CustomerRow("acc-1", "Umbrella")])
        await rig.tell(rig.company(external_id="acc-1"))
        await rig.follow_companies_all()
        assert (await whose(rig, CO1, CO2), await told_of(rig)) == ([ACC1, ACC1], [ACC1])
        led = await rig.stores.customers.by_ids(ORG, [NORTHWIND, CONTOSO])
        assert {one.merged_into for one in led.values()} == {ACC1}
        await rig.engine.matches.undo(ORG, CO1, ACC1, by=ANN)
        await rig.follow_companies_all()
        assert (await whose(rig, CO1, CO2), await told_of(rig)) == ([NORTHWIND, NORTHWIND], [NORTHWIND])
        await rig.engine.matches.decide(ORG, CO1, ACC1, confirmed=True, by=ANN)
        await rig.follow_companies_all()
        await rig.engine.matches.undo(ORG, CO2, ACC1, by=ANN)
        await rig.follow_companies_all()
        assert (await whose(rig, CO1, CO2), await told_of(rig)) == ([ACC1, CONTOSO], [CONTOSO])
        assert alerts(rig, start) == []

    async def test_a_removed_workspace_s_stand_in_leaves_nobody_behind(self, rig: Rig) -> None:
        """Who was said to be the customer of a company whose data is removed stands for itself again."""
        await rig.connect()
        other = {"connection_id": "con2", "workspace_id": "ws2"}
        await rig.connect(connection_id="con2", workspace_id="ws2")
        await rig.tell(rig.company())
        await rig.tell(rig.company("co9", "Contoso").model_copy(update=other))
        await rig.engine.matches.decide(ORG, "ws2:co9", NORTHWIND, confirmed=True, by=ANN)
        await rig.remove()
        await rig.follow_companies_all()
        own = provisional_customer_id(ORG, "ws2:co9")
        assert await whose(rig, "ws2:co9") == [own]
        assert (await rig.stores.customers.by_ids(ORG, [own]))[own].merged_into is None
