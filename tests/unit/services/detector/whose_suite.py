"""Whose a company and its conversations are; a fixture `rig` says over which stores."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from services.detector.domain.change import Change
from services.detector.domain.customer_list import CustomerRow
from services.detector.domain.health_assessment import SLOT
from services.detector.domain.identity import Subject, known_customer_id
from services.detector.domain.matching import Decision, Suggestion
from services.detector.domain.occasion import Slot
from services.detector.errors import NotFoundError
from shared.contracts.resources import TagChanged
from shared.contracts.signals import SignalUpdated
from shared.errors import TransientError
from tests.unit.services.detector.rig import (
    ACC1,
    LEAVING,
    NORTHWIND,
    NOW,
    ORG,
    UNRELATED,
    WISH,
    WORKSPACE,
    Rig,
    kinds,
    unreachable,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.detector.domain.signal import Signal

NOTICE = Slot("churn_risk", "explicit")


class TestWhoseItIs:
    """Companies, contacts, customers."""

    async def test_contacts_that_come_later_move_signals(self, rig: Rig) -> None:
        """A signal of an unknown person moves to the customer once the contact's company is known."""
        await rig.connect()
        (opened,) = await rig.tell(*rig.said("k1", LEAVING))
        assert opened.customer is None
        told = await rig.tell(rig.company(), rig.contact())
        assert kinds(told) == [("updated", "churn_risk")]
        assert told[0].signal_id == opened.signal_id
        assert told[0].customer is not None
        assert told[0].customer.id == NORTHWIND

    async def test_a_signal_of_several_conversations_moves_as_one(self, rig: Rig) -> None:
        """It stays the one that was told, confirmed and assigned."""
        await rig.connect()
        await rig.tell(*rig.said("k1", LEAVING, WISH), *rig.said("k2", LEAVING))
        (opened,) = await rig.signals(slot=NOTICE)
        await rig.engine.review.assign(ORG, opened.signal_id, "ann@acme.example", by="bo@acme.example")
        told = await rig.tell(rig.company(), rig.contact())
        assert {one for one, kind in kinds(told) if kind == "churn_risk"} == {"updated"}
        (held,) = await rig.signals(slot=NOTICE)
        assert (held.signal_id, held.customer.id, held.assigned_to, held.historical) == (
            opened.signal_id,
            NORTHWIND,
            "ann@acme.example",
            False,
        )
        assert held.conversation_ids == opened.conversation_ids
        assert [one.step for one in held.history] == ["opened", "assigned", "moved"]

    async def test_what_people_did_goes_along_conversation_by_conversation(self, rig: Rig) -> None:
        """Where a signal is joined to another one, that one is theirs whose it was."""
        await rig.connect()
        await rig.tell(rig.company(), rig.company("co2", "Contoso"), rig.contact())
        await rig.tell(*rig.said("k1", LEAVING), *rig.said("k2", LEAVING))
        (opened,) = await rig.signals(slot=NOTICE)
        await rig.engine.review.assign(ORG, opened.signal_id, "ann@acme.example", by="bo@acme.example")
        await rig.engine.review.confirm(ORG, opened.signal_id, by="bo@acme.example")
        for one in ("k1", "k2"):
            await rig.tell(rig.conversation(one, company_id="co2"))
        (held,) = [one for one in await rig.signals(slot=NOTICE) if one.is_open]
        assert (held.customer.name, held.assigned_to, held.confirmed_by) == (
            "Contoso",
            "ann@acme.example",
            "bo@acme.example",
        )

    async def test_facts_leave_a_customer_with_their_company(self, rig: Rig) -> None:
        """A company that turns out to be another customer's renews there and nowhere else."""
        await rig.connect()
        rig.clock.advance(3 * 86_400)
        rows = [CustomerRow("acc-1", "Umbrella"), CustomerRow("acc-2", "Tyrell")]
        await rig.engine.customers.keep(ORG, rows)
        renews = {"renewal_date": (rig.clock.now() + timedelta(days=20)).date().isoformat()}
        await rig.tell(rig.company(external_id="acc-1", custom_attributes=renews))
        await rig.tell(rig.company(external_id="acc-2", custom_attributes=renews))
        held = await rig.signals(slot=Slot("renewal"))
        assert {one.customer.name: one.is_open for one in held} == {"Umbrella": False, "Tyrell": True}

    async def test_a_merged_contact_s_conversations_stay_with_the_customer(self, rig: Rig) -> None:
        """Who it was merged into says whose they are: their own records may come hours later, or never."""
        await rig.connect()
        await rig.tell(rig.company(), rig.contact(), rig.contact("lee"))
        await rig.tell(*rig.said("k1", LEAVING))
        assert await rig.tell(rig.merged("dana", "lee")) == []
        assert [one.customer.id for one in await rig.signals() if one.customer] == [NORTHWIND]
        await rig.tell(rig.contact("max"))
        assert await rig.tell(rig.merged("lee", "max")) == []
        assert [one.customer.id for one in await rig.signals() if one.customer] == [NORTHWIND]

    async def test_a_contact_that_is_merged_into_a_new_one_finds_its_customer_again(self, rig: Rig) -> None:
        """The new one's record may come behind the word of the merge; with its companies all follow it."""
        await rig.connect()
        await rig.tell(rig.company(), rig.contact())
        (opened,) = await rig.tell(*rig.said("k1", LEAVING))
        await rig.tell(rig.merged("dana", "lee"), rig.merged("lee", "max"))
        told = await rig.tell(rig.contact("max"))
        assert [(one.signal_id, one.customer and one.customer.id) for one in told] == [
            (opened.signal_id, NORTHWIND)
        ]
        await rig.tell(rig.company("co2", "Contoso"), rig.contact("max", ("co2",)))
        (signal,) = await rig.signals()
        assert signal.customer.name == "Contoso"

    async def test_a_merged_contact_goes_along_where_its_heir_goes(self, rig: Rig) -> None:
        """Merged into somebody else, or deleted, the heir says of both whose they are."""
        await rig.connect()
        await rig.tell(rig.company(), rig.company("co2", "Contoso"))
        await rig.tell(rig.contact(), rig.contact("lee"), rig.contact("max", ("co2",)))
        await rig.tell(*rig.said("k1", LEAVING))
        await rig.tell(rig.merged("dana", "lee"))
        await rig.tell(rig.merged("lee", "max"))
        (signal,) = await rig.signals()
        assert (signal.customer and signal.customer.name) == "Contoso"
        await rig.tell(rig.deleted("contact", "max"))
        (signal,) = await rig.signals()
        assert signal.customer is None

    @pytest.mark.parametrize("away", ["mark_merged", "conversations"])
    async def test_a_batch_that_is_cut_short_moves_merged_contacts_when_it_comes_again(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch, away: str
    ) -> None:
        """What the heir's record says is stored by then, and is no news any more."""
        await rig.connect()
        await rig.tell(rig.company(), rig.company("co2", "Contoso"), rig.contact(), rig.contact("lee"))
        await rig.tell(*rig.said("k1", LEAVING))
        await rig.tell(rig.merged("dana", "lee"))
        moved = rig.contact("lee", ("co2",))
        with monkeypatch.context() as cut_short:
            cut_short.setattr(rig.stores.mirror, away, unreachable)
            with pytest.raises(TransientError):
                await rig.engine.admission.directory([moved])
        await rig.tell(moved)
        (signal,) = await rig.signals()
        assert (signal.customer and signal.customer.name) == "Contoso"

    async def test_a_slice_that_ends_late_lets_go_of_no_newer_mark(self, rig: Rig) -> None:
        """A grave is marked anew when its heir moves, while somebody follows it as things were before."""
        await rig.connect()
        await rig.tell(rig.company(), rig.contact(), rig.contact("lee"), *rig.said("k1", LEAVING))
        await rig.tell(rig.merged("dana", "lee"))
        dana, lee = f"{WORKSPACE}:dana", f"{WORKSPACE}:lee"
        mirror, followed = rig.stores.mirror, rig.stores.followed_contacts
        await mirror.mark_merged(ORG, [lee])
        start = (await mirror.marked_contacts(ORG, [dana]))[dana]
        await followed.leave(ORG, start, f"{WORKSPACE}:k1", rig.clock.now())
        late = (await mirror.marked_contacts(ORG, [dana]))[dana]
        assert await mirror.mark_merged(ORG, [lee]) == {dana}
        await followed.leave(ORG, late, f"{WORKSPACE}:k9", rig.clock.now())
        await mirror.unmark_contacts(ORG, [late])
        assert (await mirror.marked_contacts(ORG, [dana]))[dana] == start

    async def test_a_contact_that_comes_back_speaks_for_itself(self, rig: Rig) -> None:
        """What it was merged into once is over."""
        await rig.connect()
        await rig.tell(rig.company(), rig.company("co2", "Contoso"), rig.contact("lee", ("co2",)))
        await rig.tell(rig.contact(), *rig.said("k1", LEAVING), rig.merged("dana", "lee"), rig.contact())
        (signal,) = await rig.signals()
        assert signal.customer.id == NORTHWIND

    async def test_a_matched_company_gives_everything_to_its_customer(self, rig: Rig) -> None:
        """Uploading the customer with the company's own id folds the stand-in into it; nobody is alerted."""
        await rig.connect()
        await rig.tell(rig.contact(), rig.company(external_id="acc-1"), *rig.said("k1", LEAVING, WISH))
        start = len(rig.publisher.published)
        await rig.engine.customers.keep(
            ORG, [CustomerRow("acc-1", "Northwind Ltd", owner="ann@acme.example")]
        )
        told = rig.published(start)
        assert {transition for transition, _ in kinds(told)} == {"updated"}
        assert {one.customer.id for one in told if one.customer} == {ACC1}
        stand_in = (await rig.stores.customers.by_ids(ORG, [NORTHWIND]))[NORTHWIND]
        assert stand_in.merged_into == ACC1

    async def test_a_stand_in_s_facts_are_its_customer_s(self, rig: Rig) -> None:
        """A fact that was told of the stand-in is the customer's, is no news, and settles when it is over."""
        await rig.connect()
        rig.clock.advance(3 * 86_400)
        soon = (rig.clock.now() + timedelta(days=20)).date().isoformat()
        await rig.tell(rig.company(external_id="acc-1", custom_attributes={"renewal_date": soon}))
        (told,) = await rig.signals()
        rig.clock.advance(3_600)
        await rig.engine.customers.keep(ORG, [CustomerRow("acc-1", "Northwind")])
        (moved,) = await rig.signals()
        assert (moved.signal_id, moved.subject.customer_id) == (told.signal_id, ACC1)
        assert [proof.said_at for proof in moved.proofs] == [proof.said_at for proof in told.proofs]
        await rig.tell(
            rig.company(external_id="acc-1", custom_attributes={"renewal_date": "2028-01-01"}),
        )
        (settled,) = await rig.signals()
        assert settled.cleared_because == "resolved"

    async def test_what_was_read_before_undoes_no_new_owner_or_tag(self, rig: Rig) -> None:
        """Owners and tags that change move the revision, untold: a write from before them is refused."""
        await rig.connect()
        row = CustomerRow("acc-1", "Northwind", owner="ann@acme.example")
        await rig.engine.customers.keep(ORG, [row])
        await rig.tell(rig.contact(), rig.company(external_id="acc-1"), *rig.said("k1", LEAVING))
        start = len(rig.publisher.published)
        (before,) = await rig.signals()
        await rig.engine.customers.keep(ORG, [replace(row, owner="bob@acme.example")])
        (owned,) = await rig.signals()
        await self._write(rig, replace(owned, tags=("new",)), owned)
        (tagged,) = await rig.signals()
        await rig.stores.signals.rename_tag(ORG, WORKSPACE, "new", "late")
        for stale in (before, owned, tagged):
            assert await self._write(rig, stale.confirmed("x@acme.example", at=NOW), stale) == [
                before.signal_id
            ]
        (held,) = await rig.signals()
        assert (held.customer.owner, held.tags, held.confirmed_by) == ("bob@acme.example", ("late",), None)
        assert rig.published(start) == []

    async def _write(self, rig: Rig, after: Signal, before: Signal) -> list[str]:
        return await rig.stores.signals.save(
            [Change(before, replace(after, revision=before.revision + 1), ())]
        )

    async def test_a_company_s_tags_are_its_signals_tags_at_once(self, rig: Rig) -> None:
        """Given and taken, without a word in any of its conversations; nobody is alerted again."""
        await rig.connect()
        await rig.tell(TagChanged(**rig.fields(id="t1", name="VIP")))
        await rig.tell(rig.company(), rig.contact(), *rig.said("k1", LEAVING))
        told = await rig.tell(rig.company(tag_ids=("t1",)))
        assert [(type(one), one.tags) for one in told] == [(SignalUpdated, ("VIP",))]
        assert await rig.tell(rig.company(name="Northwind", tag_ids=("t1",))) == []
        told = await rig.tell(rig.company())
        assert [(type(one), one.tags) for one in told] == [(SignalUpdated, ())]

    async def test_signals_that_others_keep_changing_are_moved_when_the_record_comes_again(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The record is not to blame: put aside, it would leave them with the stand-in."""
        await rig.connect()
        await rig.engine.customers.keep(ORG, [CustomerRow("acc-1", "Umbrella")])
        await rig.tell(rig.contact(), rig.company(), *rig.said("k1", LEAVING))
        matched = rig.company(external_id="acc-1")

        async def refused(changes: Sequence[Change]) -> list[str]:
            return [one.after.signal_id for one in changes]

        with monkeypatch.context() as others:
            others.setattr(rig.stores.signals, "save", refused)
            with pytest.raises(TransientError):
                await rig.engine.admission.directory([matched])
        await rig.tell(matched)
        assert [one.customer.id for one in await rig.signals()] == [ACC1]

    async def test_names_match_only_as_the_connection_says(self, rig: Rig) -> None:
        """Off suggests, normalised matches; turning it on matches what is there."""
        await rig.connect(match_companies_by_name="off")
        await rig.engine.customers.keep(ORG, [CustomerRow("acc-1", "Northwind")])
        await rig.tell(rig.company(name="Northwind Ltd."))
        key = f"{WORKSPACE}:co1"
        company = (await rig.stores.mirror.companies(ORG, [key]))[key]
        assert (company.customer_id, company.suggestions) == (
            NORTHWIND,
            (Suggestion(ACC1, names_alike=True),),
        )
        await rig.connect(2, match_companies_by_name="normalised")
        await rig.rematch_all()
        company = (await rig.stores.mirror.companies(ORG, [key]))[key]
        assert (company.customer_id, company.basis) == (ACC1, "name")

    async def test_a_persons_word_beats_the_name(self, rig: Rig) -> None:
        """A refused customer is never matched again; a confirmed one is."""
        await rig.connect(match_companies_by_name="exact")
        await rig.engine.customers.keep(ORG, [CustomerRow("acc-1", "Northwind")])
        await rig.tell(rig.company())
        key = f"{WORKSPACE}:co1"
        await rig.engine.matches.decide(ORG, key, ACC1, confirmed=False, by="ann@acme.example")
        assert (await rig.stores.mirror.companies(ORG, [key]))[key].customer_id == NORTHWIND
        await rig.engine.matches.decide(ORG, key, ACC1, confirmed=True, by="ann@acme.example")
        company = (await rig.stores.mirror.companies(ORG, [key]))[key]
        assert (company.customer_id, company.basis) == (ACC1, "person")

    async def test_removed_data_takes_what_people_decided(self, rig: Rig) -> None:
        """Of the companies of the removed workspace nobody's word is kept, also of one that is gone."""
        await rig.connect()
        await rig.engine.customers.keep(ORG, [CustomerRow("acc-1", "Northwind"), CustomerRow("acc-2", "B")])
        await rig.tell(rig.company(), rig.company("co2", "Contoso"))
        keys = [f"{WORKSPACE}:co1", f"{WORKSPACE}:co2", f"{WORKSPACE}1:co1"]
        for key in keys[:2]:
            await rig.engine.matches.decide(ORG, key, ACC1, confirmed=True, by="ann@acme.example")
        other = known_customer_id(ORG, "acc-2")
        await rig.engine.matches.decide(ORG, keys[0], other, confirmed=False, by="ann@acme.example")
        elsewhere = Decision(ACC1, confirmed=True, by="ann@acme.example", at=NOW)
        await rig.stores.customers.decide(ORG, keys[2], elsewhere)
        await rig.tell(rig.deleted("company", "co2"))
        assert len((await rig.stores.customers.decisions(ORG, keys))[keys[0]]) == 2
        await rig.remove()
        left = await rig.stores.customers.decisions(ORG, keys)
        assert left == {keys[2]: [elsewhere]}

    async def test_deciding_about_nothing_is_refused(self, rig: Rig) -> None:
        """A decision about a company or customer that is not there says so."""
        with pytest.raises(NotFoundError):
            await rig.engine.matches.decide(ORG, "ws1:no", "c-no", confirmed=True, by="ann@acme.example")

    async def test_a_deleted_company_leaves_its_people(self, rig: Rig) -> None:
        """When the company goes its conversations are their people's again, and the stand-in goes."""
        await rig.connect()
        await rig.tell(rig.contact(), rig.company(), *rig.said("k1", LEAVING))
        await rig.tell(rig.deleted("company", "co1"))
        (signal,) = await rig.signals()
        assert (signal.subject.kind, signal.customer) == ("person", None)
        assert await rig.stores.customers.by_ids(ORG, [NORTHWIND]) == {}

    @pytest.mark.parametrize("moment", ["before", "after"])
    async def test_a_company_that_goes_while_it_is_matched_leaves_no_stand_in(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch, moment: str
    ) -> None:
        """Whether its deletion is followed just before its stand-in is kept or just after."""
        await rig.connect()
        save, left = rig.stores.customers.save, [True]

        async def meanwhile(customers: Any, **given: Any) -> Any:
            if not customers or not left:
                return await save(customers, **given)
            left.clear()
            if moment == "after":
                refused = await save(customers, **given)
            await rig.tell(rig.deleted("company", "co1"))
            return refused if moment == "after" else await save(customers, **given)

        monkeypatch.setattr(rig.stores.customers, "save", meanwhile)
        await rig.tell(rig.company())
        assert not left
        assert await rig.stores.customers.by_ids(ORG, [NORTHWIND]) == {}

    async def test_a_company_that_comes_back_while_its_stand_in_goes_has_one(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It was matched to the stand-in that was about to go."""
        await rig.connect()
        save, delete, left = rig.stores.customers.save, rig.stores.customers.delete, [1, 2]

        async def meanwhile(customers: Any, **given: Any) -> Any:
            if customers and len(left) > 1:
                left.pop()
                await rig.tell(rig.deleted("company", "co1"))
            return await save(customers, **given)

        async def coming_back(organization_id: str, ids: Any) -> Any:
            if list(ids) == [NORTHWIND] and len(left) == 1:
                left.pop()
                await rig.tell(rig.company())
            return await delete(organization_id, ids)

        monkeypatch.setattr(rig.stores.customers, "save", meanwhile)
        monkeypatch.setattr(rig.stores.customers, "delete", coming_back)
        await rig.tell(rig.company())
        assert not left
        await rig.follow_companies_all()
        assert NORTHWIND in await rig.stores.customers.by_ids(ORG, [NORTHWIND])

    async def test_a_deleted_company_takes_what_its_facts_and_health_told(self, rig: Rig) -> None:
        """Nothing is left open that leads to a customer who is not there any more."""
        await rig.connect()
        soon = (NOW + timedelta(days=40)).date().isoformat()
        well = rig.company(
            last_request_at=rig.clock.now() + timedelta(days=30), custom_attributes={"renewal_date": soon}
        )
        await rig.tell(well, rig.contact(), *rig.said("k1", UNRELATED, state="closed"))
        for _ in range(2):
            rig.clock.advance(86_400)
            await rig.engine.health.round(0, timedelta(hours=6))
        await rig.tell(*rig.said("k2", LEAVING, state="closed"))
        rig.clock.advance(3_600)
        await rig.engine.health.round(0, timedelta(hours=6))
        told = {one.slot.key for one in await rig.signals() if one.is_open}
        assert told >= {"renewal", SLOT.key, "churn_risk/explicit"}
        await rig.tell(rig.deleted("company", "co1"))
        left = await rig.signals(subject=Subject("customer", NORTHWIND))
        assert {one.slot.key: one.cleared_because for one in left} == {
            "renewal": "resolved",
            SLOT.key: "resolved",
        }
        assert await rig.stores.customers.by_ids(ORG, [NORTHWIND]) == {}

    async def test_a_listed_customer_outlives_its_company_s_facts(self, rig: Rig) -> None:
        """What its last company told is settled at once; what the list says of it goes on speaking."""
        await rig.connect()
        rig.clock.advance(60)
        soon = (NOW + timedelta(days=20)).date()
        rows = [CustomerRow("acc-1", "Northwind"), CustomerRow("acc-2", "Contoso", renewal_date=soon)]
        await rig.engine.customers.keep(ORG, rows)
        facts = {"renewal_date": soon.isoformat()}
        await rig.tell(
            rig.company(external_id="acc-1", custom_attributes=facts),
            rig.company("co2", "Contoso", external_id="acc-2"),
        )
        assert len(await rig.signals(slot=Slot("renewal"), state="open")) == 2
        await rig.tell(rig.deleted("company", "co1"), rig.deleted("company", "co2"))
        (listed,) = await rig.signals(slot=Slot("renewal"), state="open")
        assert listed.subject.customer_id == known_customer_id(ORG, "acc-2")
        await rig.engine.customers.keep(ORG, [CustomerRow("acc-2", "Contoso")])
        rig.clock.advance(21_600)
        await rig.engine.rounds.review_accounts(60)
        assert await rig.signals(slot=Slot("renewal"), state="open") == []
