"""What people say of signals, and what follows; a fixture `rig` says over which stores."""

from __future__ import annotations

import pytest

from services.detector.errors import InvalidRequestError, NotFoundError
from shared.contracts.signals import SignalCleared
from tests.unit.services.detector.rig import CONNECTION, LEAVING, LOOKING, ORG, WISH, WORKSPACE, Rig, kinds


class TestPeople:
    """What people do with signals."""

    async def test_dismissed_evidence_does_not_return(self, rig: Rig) -> None:
        """Reading the conversation again leaves a dismissed signal closed; new words open another."""
        await rig.connect()
        records = rig.said("k1", LEAVING)
        (signal,) = await rig.tell(*records)
        await rig.engine.review.dismiss(ORG, signal.signal_id, "a joke", by="ann@acme.example")
        assert await rig.tell(*records, rig.conversation("k1")) == []
        rig.clock.advance(3_600)
        again = await rig.tell(*rig.said("k2", LEAVING))
        assert kinds(again) == [("detected", "churn_risk")]
        assert again[0].signal_id != signal.signal_id

    async def test_judgements_are_kept_in_the_history(self, rig: Rig) -> None:
        """Confirming and assigning are told once each, with who did it."""
        await rig.connect()
        (signal,) = await rig.tell(*rig.said("k1", LEAVING))
        review = rig.engine.review
        await review.confirm(ORG, signal.signal_id, by="ann@acme.example")
        await review.confirm(ORG, signal.signal_id, by="ann@acme.example")
        after = await review.assign(ORG, signal.signal_id, "bo@acme.example", by="ann@acme.example")
        assert after.revision == 3
        assert [(line.step, line.by) for line in after.history] == [
            ("opened", ""),
            ("confirmed", "ann@acme.example"),
            ("assigned", "ann@acme.example"),
        ]

    async def test_one_person_has_one_spelling(self, rig: Rig) -> None:
        """However an address is typed, it is kept in one way, by which it is found again."""
        await rig.connect()
        (signal,) = await rig.tell(*rig.said("k1", LEAVING))
        after = await rig.engine.review.assign(
            ORG, signal.signal_id, " Bo@Acme.example ", by="ann@acme.example"
        )
        assert after.assigned_to == "bo@acme.example"
        same = await rig.engine.review.assign(ORG, signal.signal_id, "bo@ACME.example", by="ann@acme.example")
        assert same.revision == after.revision

    async def test_senseless_judgements_are_refused(self, rig: Rig) -> None:
        """No reason, no address, no such signal, closed already: each says what is wrong."""
        await rig.connect()
        (signal,) = await rig.tell(*rig.said("k1", LEAVING))
        review = rig.engine.review
        with pytest.raises(InvalidRequestError):
            await review.dismiss(ORG, signal.signal_id, "   ", by="ann@acme.example")
        with pytest.raises(InvalidRequestError):
            await review.assign(ORG, signal.signal_id, "nobody", by="ann@acme.example")
        with pytest.raises(NotFoundError):
            await review.confirm(ORG, "s-none", by="ann@acme.example")
        with pytest.raises(NotFoundError):
            await review.confirm("another-organization", signal.signal_id, by="ann@acme.example")
        await rig.tell(rig.deleted("conversation", "k1"))
        with pytest.raises(InvalidRequestError):
            await review.dismiss(ORG, signal.signal_id, "late", by="ann@acme.example")

    async def test_a_shipped_request_settles_its_signals(self, rig: Rig) -> None:
        """Shipping closes the wish's signals; the customers behind it stay counted."""
        await rig.connect()
        (signal,) = await rig.tell(rig.contact(), rig.company(monthly_spend=100.0), *rig.said("k1", WISH))
        (held,) = await rig.signals()
        request_id = held.slot.request_id
        start = len(rig.publisher.published)
        await rig.engine.review.decide_request(ORG, request_id, "shipped", by="ann@acme.example")
        told = rig.published(start)
        assert [(one.signal_id, type(one)) for one in told] == [(signal.signal_id, SignalCleared)]
        demand = (await rig.stores.signals.demand(ORG, [request_id]))[request_id]
        assert (demand.customers, demand.spend) == (1, 100.0)
        with pytest.raises(NotFoundError):
            await rig.engine.review.decide_request(ORG, "r-none", "shipped", by="ann@acme.example")

    async def test_one_wish_in_other_words_is_one_request(self, rig: Rig) -> None:
        """Two customers asking for the same share a request, each with a signal of its own."""
        await rig.connect()
        await rig.tell(
            rig.contact(), rig.company(), rig.contact("lee", ("co2",)), rig.company("co2", "Contoso")
        )
        await rig.tell(*rig.said("k1", WISH))
        await rig.tell(
            *rig.said("k2", "Please add dark mode to dashboards.", contact_ids=("lee",)),
        )
        wishes = await rig.signals()
        assert len({one.slot.request_id for one in wishes}) == 1
        assert len({one.subject for one in wishes}) == 2


class TestCorrections:
    """What people say of signals teaches what is told."""

    async def test_dismissing_again_and_again_raises_the_threshold(self, rig: Rig) -> None:
        """After some false alarms of a kind only surer words open one; confirming brings it back."""
        await rig.connect()
        names = [f"co{number}" for number in range(6)]
        for number, company in enumerate(names):
            await rig.tell(rig.contact(f"p{number}", (company,)), rig.company(company, f"Company {number}"))
            await rig.tell(*rig.said(f"k{number}", LOOKING, contact_ids=(f"p{number}",)))
        signals = [one for one in await rig.signals() if one.slot.kind == "churn_risk"]
        assert len(signals) == 6
        for one in signals[:5]:
            await rig.engine.review.dismiss(ORG, one.signal_id, "a joke", by="ann@a.example", label="none")
        (least,) = (await rig.stores.corrections.thresholds(ORG)).values()
        assert least > signals[0].confidence
        await rig.tell(rig.contact("late", ("late",)), rig.company("late", "Late"))
        assert await rig.tell(*rig.said("k9", LOOKING, contact_ids=("late",))) == []
        assert next(one for one in await rig.signals() if one.signal_id == signals[5].signal_id).is_open
        for one in signals[:5]:
            await rig.engine.review.confirm(ORG, one.signal_id, by="ann@acme.example")
        assert await rig.stores.corrections.thresholds(ORG) == {}
        assert kinds(await rig.tell(*rig.said("k9", LOOKING, contact_ids=("late",)))) == [
            ("detected", "churn_risk")
        ]

    async def test_a_correction_keeps_places_and_no_words(self, rig: Rig) -> None:
        """The example's words are read where they stand, so that a redaction reaches it."""
        await rig.connect()
        (signal,) = await rig.tell(*rig.said("k1", LEAVING))
        await rig.engine.review.dismiss(ORG, signal.signal_id, "a renewal", by="a@a.example", label="renewal")
        (found,) = await rig.stores.corrections.newest(ORG)
        assert (found.verdict, found.label, found.slot) == ("dismissed", "renewal", "churn_risk/explicit")
        span = found.spans[0]
        assert (span.conversation_key, span.part_id) == (f"{WORKSPACE}:k1", "k1-0")
        assert LEAVING not in repr(found)

    async def test_removed_data_takes_its_corrections(self, rig: Rig) -> None:
        """With a connection's data its examples and what they changed are gone."""
        await rig.connect()
        (signal,) = await rig.tell(*rig.said("k1", LEAVING))
        await rig.engine.review.confirm(ORG, signal.signal_id, by="ann@acme.example")
        assert await rig.stores.corrections.remove(ORG, CONNECTION) == 1
        assert await rig.stores.corrections.newest(ORG) == []
