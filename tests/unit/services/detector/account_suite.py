"""What account facts tell; a fixture `rig` says over which stores."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from services.detector.domain.attributes import NONE
from services.detector.domain.customer_list import CustomerRow
from services.detector.domain.identity import provisional_customer_id
from services.detector.domain.occasion import Slot
from shared.contracts.signals import SignalCleared, SignalDetected, SignalEvent, SignalUpdated
from tests.unit.services.detector.rig import (
    ACC1,
    CONNECTION,
    NORTHWIND,
    NOW,
    ORG,
    UNRELATED,
    WORKSPACE,
    Rig,
    kinds,
)

if TYPE_CHECKING:
    from services.detector.domain.attributes import Meaning
    from services.detector.domain.conversation import AccountFacts


class TestAccountFacts:
    """From what is known of an account to signals."""

    async def test_account_facts_wait_for_the_first_day(self, rig: Rig) -> None:
        """Facts found while listening begins are shown; facts that arise later are announced."""
        await rig.connect()
        soon = (NOW + timedelta(days=20)).date().isoformat()
        first = await rig.tell(rig.company(custom_attributes={"renewal_date": soon}))
        renewals = [one for one in first if isinstance(one, SignalDetected)]
        assert [(one.kind, one.historical) for one in renewals] == [("renewal", True)]
        rig.clock.advance(3 * 86_400)
        later = await rig.tell(rig.company("co2", "Contoso", custom_attributes={"renewal_date": soon}))
        announced = [one for one in later if isinstance(one, SignalDetected)]
        assert [(one.kind, one.historical) for one in announced] == [("renewal", False)]

    async def test_facts_that_were_there_before_are_dated_by_what_they_say(self, rig: Rig) -> None:
        """A list by age shows what customers said lately above what was known all along."""
        await rig.connect()
        day = (NOW - timedelta(days=9)).date()
        (told,) = await rig.tell(rig.company(custom_attributes={"signed_up_at": day.isoformat()}))
        assert (told.kind, told.occurred_at.date()) == ("onboarding", day)

    async def test_a_date_that_was_put_right_is_put_right_in_its_signal(self, rig: Rig) -> None:
        """It is the same signal, as old as it was."""
        await rig.connect()
        dates = [(NOW + timedelta(days=days)).date().isoformat() for days in (20, 30)]
        for day in dates:
            await rig.tell(rig.company(custom_attributes={"renewal_date": day}))
        (signal,) = await rig.signals()
        assert [proof.fact_value for proof in signal.proofs] == dates[1:]
        assert signal.occurred_at == signal.first_said_at

    async def test_counts_that_no_record_can_keep_are_nobodys(self, rig: Rig) -> None:
        """Workspaces fill attributes as they like; such a company is taken in, and so are those beside it."""
        await rig.connect()
        await rig.tell(
            rig.company(
                "co1", "Northwind", "acc-1", user_count=2**63 - 1, custom_attributes={"seats": 1e300}
            ),
            rig.company(
                "co2", "Northwind", "acc-1", user_count=2**63 - 1, custom_attributes={"seats": "1e19"}
            ),
            rig.company("co3", "Contoso", custom_attributes={"seats": 40}),
        )
        customers = await rig.stores.customers.by_ids(
            ORG, {provisional_customer_id(ORG, f"{WORKSPACE}:{one}") for one in ("co1", "co2", "co3")}
        )
        told = {(one.facts.name, one.facts.seats, one.facts.user_count) for one in customers.values()}
        assert told == {("Northwind", None, None), ("Contoso", 40, None)}

    async def test_a_number_that_moved_is_told_in_its_signal(self, rig: Rig) -> None:
        """The page tells how many wait now, and is as sure as that makes it; nobody is alerted again."""
        await rig.connect()
        rig.clock.advance(3 * 86_400)
        await rig.tell(rig.company(), rig.contact())

        async def wait(*numbers: int) -> list[SignalEvent]:
            told = []
            for number in numbers:
                at = rig.clock.now() - timedelta(days=5, hours=number)
                told += await rig.tell(*rig.said(f"k{number}", UNRELATED, at=at))
            return told

        opened = await wait(1, 2)
        assert kinds(opened) == [("detected", "churn_risk")]
        (before,) = await rig.signals()
        assert [[one.value for one in told.facts] for told in opened] == [["2"]]
        moved = await wait(3, 4)
        assert {transition for transition, _ in kinds(moved)} == {"updated"}
        assert {told.occurred_at for told in moved} == {opened[0].occurred_at}
        (fact,) = moved[-1].facts
        assert (fact.name, fact.value, fact.since) == ("unanswered_conversations", "4", before.occurred_at)
        assert fact.reason.startswith("4 open questions wait for an answer")
        (after,) = await rig.signals()
        assert [one.fact_value for one in before.proofs + after.proofs] == ["2", "4"]
        assert after.proofs[0].reason.startswith("4 open questions wait")
        assert (before.confidence, after.confidence) == (0.7, 0.8)
        assert (after.signal_id, after.occurred_at) == (before.signal_id, before.occurred_at)
        start = len(rig.publisher.published)
        await rig.engine.review.dismiss(ORG, after.signal_id, "on holiday", by="ann@acme.example")
        await wait(5)
        assert kinds(rig.published(start)) == [("cleared", "churn_risk")]

    async def test_a_fact_that_no_longer_holds_is_told_no_longer(self, rig: Rig) -> None:
        """A signal on the bus carries the facts that it rests on now, and none of the others."""
        await rig.connect()

        async def counted(users: int, seats: int) -> list[SignalEvent]:
            rig.clock.advance(3 * 86_400)
            attributes = {"seats": seats}
            return await rig.tell(rig.company(user_count=users, custom_attributes=attributes))

        await counted(12, 50)
        (opened,) = await counted(6, 25)
        assert {one.name: (one.value, one.reason) for one in opened.facts} == {
            "user_count": ("6", "people fell from 12 to 6 within 90 days"),
            "seats": ("25", "seats fell from 50 to 25 within 90 days"),
        }
        (updated,) = await counted(12, 25)
        assert isinstance(updated, SignalUpdated)
        assert [one.name for one in updated.facts] == ["seats"]
        (cleared,) = await counted(12, 50)
        assert isinstance(cleared, SignalCleared)

    async def test_whoever_is_heard_anywhere_is_not_muted(self, rig: Rig) -> None:
        """A customer of two connections keeps what one tells of it, whichever of them something comes by."""
        await rig.connect(connection_id="con0", workspace_id="ws0", lifecycle=False)
        await rig.connect()
        rig.clock.advance(60)
        await rig.engine.customers.keep(ORG, [CustomerRow("acc-1", "Northwind")])
        soon = (NOW + timedelta(days=20)).date().isoformat()
        here = [rig.company(external_id="acc-1", custom_attributes={"renewal_date": soon}), rig.contact()]
        there = [
            one.model_copy(update={"connection_id": "con0", "workspace_id": "ws0"})
            for one in (rig.company(external_id="acc-1"), rig.contact(), *rig.said("k1", UNRELATED))
        ]
        await rig.tell(*here)
        assert kinds(await rig.tell(*there, *rig.said("k2", UNRELATED))) == []
        assert await rig.engine.rounds.review_accounts(60) == 0
        (signal,) = await rig.signals(slot=Slot("renewal"))
        assert (signal.is_open, signal.subject.customer_id) == (True, ACC1)

    async def test_facts_hide_no_words_that_ran_out(self, rig: Rig) -> None:
        """However many customers' facts last longer than a kind's words count."""
        await rig.connect()
        soon = (NOW + timedelta(days=50)).date().isoformat()
        for number in range(110):
            await rig.tell(
                rig.company(f"co{number}", f"Firm {number}", custom_attributes={"renewal_date": soon})
            )
        await rig.tell(*rig.said("k1", "Can you send us the quote for our renewal in May?"))
        by_words = {one.signal_id for one in await rig.signals() if not one.rests_on_facts}
        assert len(by_words) == 1
        rig.clock.advance(61 * 86_400)
        assert await rig.engine.rounds.expire(60) == 1
        assert {one.signal_id for one in await rig.signals() if not one.is_open} == by_words

    async def test_a_renewal_that_is_done_settles(self, rig: Rig) -> None:
        """When the date has moved on, the renewal signal resolves; a dismissed fact does not come back."""
        await rig.connect()
        soon = (NOW + timedelta(days=20)).date().isoformat()
        await rig.tell(rig.company(custom_attributes={"renewal_date": soon}))
        told = await rig.tell(rig.company(custom_attributes={"renewal_date": "2027-06-20"}))
        assert [(one.kind, one.cleared_because) for one in told if isinstance(one, SignalCleared)] == [
            ("renewal", "resolved")
        ]
        await rig.tell(rig.company("co2", "Contoso", custom_attributes={"renewal_date": soon}))
        (open_one,) = [one for one in await rig.signals() if one.is_open]
        await rig.engine.review.dismiss(ORG, open_one.signal_id, "known", by="ann@acme.example")
        assert await rig.engine.rounds.review_accounts(60) == 0


class TestAttributes:
    """What a workspace's attributes mean is guessed, and a person's word counts."""

    async def _facts(self, rig: Rig) -> AccountFacts:
        return (await rig.stores.customers.by_ids(ORG, [NORTHWIND]))[NORTHWIND].facts

    async def test_a_choice_beats_the_guess(self, rig: Rig) -> None:
        """The chosen attribute is read at once for every company, and none at all where that was chosen."""
        await rig.connect()
        attributes = {"Renewal date": "2026-09-01", "ends_with_us": "2026-12-31", "seats": 40, "MRR": "1,200"}
        await rig.tell(rig.company(custom_attributes=attributes))
        facts = await self._facts(rig)
        assert (facts.renewal_date, facts.seats, facts.monthly_spend) == (date(2026, 9, 1), 40, 1200.0)
        view = await rig.stores.connections.get(ORG, CONNECTION)
        assert view is not None
        chosen: dict[Meaning, str] = {"renewal_date": "ends_with_us", "seats": NONE}
        await rig.engine.customers.map_attributes(ORG, view, chosen, by="ann@acme.example")
        facts = await self._facts(rig)
        assert (facts.renewal_date, facts.seats, facts.monthly_spend) == (date(2026, 12, 31), None, 1200.0)
        await rig.tell(rig.company(custom_attributes=attributes | {"ends_with_us": "2027-01-31"}))
        assert (await self._facts(rig)).renewal_date == date(2027, 1, 31)
