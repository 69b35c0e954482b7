"""From words to signals; a module with a fixture `rig` runs these over its stores."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from services.detector.domain.identity import Subject, provisional_customer_id
from services.detector.domain.occasion import SHIFTS
from shared.contracts.signals import SignalCleared, SignalDetected, SignalEvent, SignalUpdated
from tests.unit.services.detector.rig import (
    CONNECTION,
    LEAVING,
    NORTHWIND,
    NOW,
    ORG,
    UNRELATED,
    WISH,
    WORKSPACE,
    Rig,
    kinds,
)

if TYPE_CHECKING:
    from services.detector.domain.signal import Signal


class TestReading:
    """From words to signals."""

    async def test_notice_opens_one_signal_with_the_words(self, rig: Rig) -> None:
        """A customer's notice becomes one detected churn risk that quotes the message at its offsets."""
        await rig.connect()
        await rig.tell(rig.contact(), rig.company(monthly_spend=900.0))
        told = await rig.tell(*rig.said("k1", LEAVING))
        assert kinds(told) == [("detected", "churn_risk")]
        signal = told[0]
        assert isinstance(signal, SignalDetected)
        assert signal.explicit is True
        assert signal.historical is False
        assert signal.customer is not None
        assert (signal.customer.id, signal.customer.monthly_spend) == (NORTHWIND, 900.0)
        evidence = signal.evidence[0]
        assert LEAVING[evidence.start : evidence.end] == evidence.quote

    async def test_a_repeat_changes_nothing(self, rig: Rig) -> None:
        """The same records again, and in another batch, publish nothing and count no revision."""
        await rig.connect()
        records = [rig.contact(), rig.company(), *rig.said("k1", LEAVING, WISH)]
        first = await rig.tell(*records)
        assert {kind for _, kind in kinds(first)} == {"churn_risk", "feature_request"}
        assert await rig.tell(*records) == []
        assert await rig.tell(*records[2:]) == []
        assert {one.revision for one in await rig.signals()} == {1}

    async def test_more_evidence_updates_the_open_signal(self, rig: Rig) -> None:
        """A second notice in another conversation strengthens the signal that is open."""
        await rig.connect()
        await rig.tell(rig.contact(), rig.company())
        opened = await rig.tell(*rig.said("k1", LEAVING))
        again = await rig.tell(
            *rig.said("k2", "Please cancel our subscription, we are moving to another tool.")
        )
        assert kinds(again) == [("updated", "churn_risk")]
        assert again[0].signal_id == opened[0].signal_id
        assert (again[0].revision, set(again[0].conversation_ids)) == (2, {"k1", "k2"})

    async def test_notice_after_one_that_was_taken_back_is_told(self, rig: Rig) -> None:
        """Who stays, and gives notice again a month later, is somebody to be alerted about."""
        await rig.connect()
        back = "Please disregard that, we decided to stay. Do not cancel our account."
        await rig.tell(*rig.said("k1", LEAVING))
        await rig.tell(*rig.said("k1", LEAVING, back))
        assert [one.cleared_because for one in await rig.signals()] == ["withdrawn"]
        rig.clock.advance(30 * 86_400)
        assert kinds(await rig.tell(*rig.said("k2", LEAVING))) == [("detected", "churn_risk")]

    async def test_old_words_are_shown_and_not_announced(self, rig: Rig) -> None:
        """Evidence older than the announced age opens a historical signal; fresh words announce it."""
        await rig.connect()
        await rig.tell(rig.contact(), rig.company())
        old = await rig.tell(*rig.said("k1", LEAVING, at=NOW - timedelta(days=30)))
        assert isinstance(old[0], SignalDetected)
        assert old[0].historical is True
        fresh = await rig.tell(*rig.said("k2", "Please cancel our subscription, we are leaving."))
        assert isinstance(fresh[0], SignalDetected)
        assert (fresh[0].historical, fresh[0].signal_id, fresh[0].revision) == (False, old[0].signal_id, 2)

    async def test_words_whose_occasion_is_over_open_and_close(self, rig: Rig) -> None:
        """What ran out long ago is kept as a closed signal, so that the past can be looked at."""
        await rig.connect()
        await rig.tell(rig.contact(), rig.company())
        told = await rig.tell(*rig.said("k1", LEAVING, at=NOW - timedelta(days=300)))
        assert kinds(told) == [("detected", "churn_risk"), ("cleared", "churn_risk")]
        assert isinstance(told[1], SignalCleared)
        assert told[1].cleared_because == "expired"

    async def test_records_that_come_late_do_not_overwrite(self, rig: Rig) -> None:
        """An older record of a part, fed in again late, neither changes the mirror nor the signals."""
        await rig.connect()
        older = rig.part("k1", 0, LEAVING)
        newer = rig.part("k1", 0, UNRELATED)
        await rig.tell(newer, rig.conversation("k1"))
        assert await rig.tell(older, rig.conversation("k1")) == []
        parts = await rig.stores.mirror.parts(ORG, [f"{WORKSPACE}:k1"])
        assert [part.text for part in parts[f"{WORKSPACE}:k1"]] == [UNRELATED]

    async def test_parts_alone_wait_for_their_conversation(self, rig: Rig) -> None:
        """Parts without their conversation's record are kept and not read yet."""
        await rig.connect()
        part = rig.part("k1", 0, LEAVING)
        assert await rig.tell(part) == []
        assert kinds(await rig.tell(rig.conversation("k1"))) == [("detected", "churn_risk")]

    async def test_words_of_teammates_prove_nothing(self, rig: Rig) -> None:
        """A teammate's and a note's words are not what the customer says."""
        await rig.connect()
        from_teammate = rig.part("k1", 0, LEAVING).model_copy(
            update={"author": rig.part("k1", 9, "").author.model_copy(update={"type": "admin"})}
        )
        note = rig.part("k1", 1, LEAVING, internal=True)
        assert await rig.tell(from_teammate, note, rig.conversation("k1")) == []

    async def test_without_the_switch_only_moods_and_wishes(self, rig: Rig) -> None:
        """With lifecycle events off nothing of the lifecycle is found; wishes still are."""
        await rig.connect(lifecycle=False)
        told = await rig.tell(*rig.said("k1", LEAVING, WISH))
        assert {kind for _, kind in kinds(told)} == {"feature_request"}

    async def test_a_turned_mood_is_a_signal_and_its_return_settles_it(self, rig: Rig) -> None:
        """Angry words after friendly ones open a shift; friendly ones later resolve it."""
        await rig.connect()
        await rig.tell(rig.contact(), rig.company())
        for number in range(4):
            at = NOW - timedelta(days=60 - number)
            await rig.tell(*rig.said(f"g{number}", "Thank you, this is wonderful, I love it.", at=at))
        angry = "This is terrible, the worst support I ever had, completely unacceptable and awful."
        told = await rig.tell(*rig.said("bad", angry, angry))
        assert ("detected", "sentiment_shift") in kinds(told)
        rig.clock.advance(86_400)
        glad = "Thank you so much, it is wonderful now, excellent, I love it."
        settled = await rig.tell(*rig.said("glad", glad, glad, glad))
        cleared = [one for one in settled if isinstance(one, SignalCleared)]
        assert [(one.kind, one.cleared_because) for one in cleared] == [("sentiment_shift", "resolved")]

    async def test_a_mood_that_turned_for_the_better_is_a_signal_of_its_own(self, rig: Rig) -> None:
        """Glad again and again after unhappy words opens it once, says so, and a bad word settles it."""
        await rig.connect()
        await rig.tell(rig.contact(), rig.company())
        angry = "This is terrible, the worst support I ever had, completely unacceptable and awful."
        for number in range(3):
            await rig.tell(*rig.said(f"b{number}", angry, at=NOW - timedelta(days=60 - number)))
        glad = "Thank you so much, it is wonderful now, excellent, I love it."
        for number in range(3):
            rig.clock.advance(4 * 86_400)
            told = await rig.tell(*rig.said(f"g{number}", glad))
        (opened,) = [one for one in told if isinstance(one, SignalDetected)]
        assert (opened.kind, opened.direction, opened.title) == (
            "sentiment_shift",
            "up",
            "Mood turned for the better",
        )
        assert opened.conversation_ids == ("g2", "g1", "g0")
        rig.clock.advance(86_400)
        assert await rig.tell(*rig.said("g3", glad)) == []
        cleared = [one for one in await rig.tell(*rig.said("b4", angry)) if isinstance(one, SignalCleared)]
        assert [(one.direction, one.cleared_because) for one in cleared] == [("up", "resolved")]


CONTOSO = provisional_customer_id(ORG, f"{WORKSPACE}:co2")
ANGRY = "This is terrible, the worst support I ever had, completely unacceptable and awful."
GLAD = "Thank you so much, it is wonderful now, excellent, I love it."


class TestShiftsThatStand:
    """What a shift of mood rests on stays as long as the words stand, whatever is heard in them since."""

    async def _shifted(self, rig: Rig) -> str:
        """Let a mood turn for the worse; return the signal's id."""
        await rig.connect()
        await rig.tell(rig.contact(), rig.company())
        for number in range(4):
            await rig.tell(*rig.said(f"g{number}", GLAD, at=NOW - timedelta(days=60 - number)))
        told = await rig.tell(*rig.said("bad", ANGRY, ANGRY))
        (shift,) = [one for one in told if one.kind == "sentiment_shift"]
        return shift.signal_id

    async def _review(self, rig: Rig) -> list[SignalEvent]:
        start = len(rig.publisher.published)
        view = await rig.stores.connections.get(ORG, CONNECTION)
        assert view is not None
        subject = Subject("customer", NORTHWIND)
        await rig.stores.due.mark(ORG, {subject: view}, at=rig.clock.now(), known_before=None)
        await rig.review_due()
        return [one for one in rig.published(start) if one.kind == "sentiment_shift"]

    async def _held(self, rig: Rig, signal_id: str) -> Signal:
        (signal,) = await rig.stores.signals.by_ids(ORG, [signal_id])
        return signal

    async def test_words_that_another_model_hears_otherwise_stand(self, rig: Rig) -> None:
        """The shift is over, and its page goes on to show the words it rested on."""
        signal_id = await self._shifted(rig)
        key = f"{WORKSPACE}:bad"
        held = (await rig.stores.mirror.conversations(ORG, [key]))[key]
        assert held.analysis is not None
        deaf = replace(held.analysis, moods=())
        await rig.stores.mirror.save_analyses(ORG, {key: (deaf, str(held.subject), ())})
        before = await self._held(rig, signal_id)
        (told,) = await self._review(rig)
        assert isinstance(told, SignalCleared)
        after = await self._held(rig, signal_id)
        assert (after.cleared_because, after.proofs) == ("resolved", before.proofs)
        assert len(after.proofs) > 0

    async def test_a_closed_shift_keeps_its_words_beyond_a_year(self, rig: Rig) -> None:
        """A review looks at a year, and what it does not look at is not gone; nothing more is told of it."""
        signal_id = await self._shifted(rig)
        rig.clock.advance(86_400)
        await rig.tell(*rig.said("glad", GLAD, GLAD, GLAD))
        before = await self._held(rig, signal_id)
        assert before.cleared_because == "resolved"
        rig.clock.advance(400 * 86_400)
        assert await self._review(rig) == []
        assert await self._held(rig, signal_id) == before

    async def test_redaction_and_deletion_reach_it_beyond_a_year(self, rig: Rig) -> None:
        """What is gone in Intercom is gone from a shift too, however long ago it was said."""
        signal_id = await self._shifted(rig)
        rig.clock.advance(400 * 86_400)
        await self._review(rig)
        before = await self._held(rig, signal_id)
        assert {proof.part_id for proof in before.proofs} == {"bad-0", "bad-1"}
        await rig.tell(rig.part("bad", 0, "", redacted=True))
        after = await self._held(rig, signal_id)
        assert [proof.part_id for proof in after.proofs] == ["bad-1"]
        await rig.tell(rig.deleted("conversation", "bad"))
        assert (await self._held(rig, signal_id)).proofs == ()

    async def test_words_of_somebody_else_s_conversation_leave(self, rig: Rig) -> None:
        """A conversation that turns out to be another customer's is nothing this one's shift rests on."""
        await self._shifted(rig)
        await rig.tell(rig.company("co2", "Contoso"))
        await rig.tell(rig.conversation("bad", company_id="co2", part_count=2))
        assert await rig.stores.signals.by_slots(ORG, {f"customer/{NORTHWIND}"}, set(SHIFTS)) == []

    async def test_a_shift_goes_with_its_conversations(self, rig: Rig) -> None:
        """Their person's company changes: what was told of them is told no second time."""
        signal_id = await self._shifted(rig)
        await rig.tell(rig.company("co2", "Contoso"))
        told = await rig.tell(rig.contact(companies=("co2",)))
        shifts = [one for one in zip(kinds(told), told, strict=True) if one[1].kind == "sentiment_shift"]
        assert {(one, event.signal_id) for (one, _), event in shifts} == {("updated", signal_id)}
        (held,) = await rig.stores.signals.by_slots(ORG, {f"customer/{CONTOSO}"}, set(SHIFTS))
        assert (held.signal_id, held.is_open, len(held.proofs)) == (signal_id, True, 2)

    async def test_a_stranger_s_shift_becomes_the_customer_s(self, rig: Rig) -> None:
        """A person who is known later has turned once, whosever the conversations count as."""
        await rig.connect()
        for number in range(4):
            await rig.tell(*rig.said(f"g{number}", GLAD, at=NOW - timedelta(days=60 - number)))
        told = await rig.tell(*rig.said("bad", ANGRY, ANGRY))
        (shift,) = [one for one in told if one.kind == "sentiment_shift"]
        told = await rig.tell(rig.company(), rig.contact())
        assert {one.signal_id for one in told if one.kind == "sentiment_shift"} == {shift.signal_id}
        assert not [
            one for one in told if one.kind == "sentiment_shift" and not isinstance(one, SignalUpdated)
        ]

    async def test_a_dismissed_shift_stays_dismissed_where_it_goes(self, rig: Rig) -> None:
        """What a person found wrong does not ring again with another customer."""
        signal_id = await self._shifted(rig)
        await rig.engine.review.dismiss(ORG, signal_id, "They were joking.", by="ann@acme.example")
        await rig.tell(rig.company("co2", "Contoso"))
        told = await rig.tell(rig.contact(companies=("co2",)))
        assert [
            one for one in told if isinstance(one, SignalDetected) and one.kind == "sentiment_shift"
        ] == []
        (held,) = await rig.stores.signals.by_slots(ORG, {f"customer/{CONTOSO}"}, set(SHIFTS))
        assert (held.signal_id, held.cleared_because) == (signal_id, "dismissed")

    async def test_a_shift_that_two_conversations_tell_is_shared_out(self, rig: Rig) -> None:
        """One of them goes to another customer, then the other too: nobody is alerted by either."""
        signal_id = await self._shifted(rig)
        await rig.tell(*rig.said("worse", ANGRY))
        await rig.tell(rig.company("co2", "Contoso"))
        told = []
        for one, parts in (("worse", 1), ("bad", 2)):
            told += await rig.tell(rig.conversation(one, company_id="co2", part_count=parts))
        alerts = [one for one in told if isinstance(one, SignalDetected) and one.kind == "sentiment_shift"]
        assert [one for one in alerts if not one.historical] == []
        held = await rig.stores.signals.by_ids(ORG, [signal_id])
        assert [one.proofs for one in held if one.subject.customer_id == NORTHWIND] in ([], [()])

    async def test_words_that_go_alone_are_told_with_whose_they_are(self, rig: Rig) -> None:
        """What is made of them names its customer in all that is told, as what is opened otherwise."""
        await self._shifted(rig)
        await rig.tell(*rig.said("worse", ANGRY))
        await rig.tell(rig.company("co2", "Contoso"))
        told = await rig.tell(rig.conversation("worse", company_id="co2"))
        shifts = [one for one in told if one.kind == "sentiment_shift"]
        named = {(one.signal_id, one.customer and one.customer.name) for one in shifts}
        assert sorted(str(name) for _, name in named) == ["Contoso", "Northwind"]

    async def test_a_dismissed_shift_of_two_conversations_stays_dismissed_where_they_go(
        self, rig: Rig
    ) -> None:
        """Also where one follows the other, as with a person who has more of them than one go reads."""
        signal_id = await self._shifted(rig)
        await rig.tell(*rig.said("worse", ANGRY))
        await rig.engine.review.dismiss(ORG, signal_id, "They were joking.", by="ann@acme.example")
        await rig.tell(rig.company("co2", "Contoso"))
        told = []
        for one, parts in (*((f"g{number}", 1) for number in range(4)), ("worse", 1), ("bad", 2)):
            told += await rig.tell(rig.conversation(one, company_id="co2", part_count=parts))
        shifts = [one for one in told if isinstance(one, SignalDetected) and one.kind == "sentiment_shift"]
        assert [one for one in shifts if not one.historical] == []
        held = await rig.stores.signals.by_slots(ORG, {f"customer/{CONTOSO}"}, set(SHIFTS))
        assert {one.cleared_because for one in held} == {"dismissed"}

    async def test_a_shift_whose_words_go_before_what_was_said_earlier_lasts(self, rig: Rig) -> None:
        """Conversations follow one another; between two of them the mood before the turn is missing."""
        signal_id = await self._shifted(rig)
        await rig.tell(rig.company("co2", "Contoso"))
        told = []
        for one, parts in (("bad", 2), *((f"g{number}", 1) for number in range(4))):
            told += await rig.tell(rig.conversation(one, company_id="co2", part_count=parts))
        held = await self._held(rig, signal_id)
        assert (held.subject.customer_id, held.is_open) == (CONTOSO, True)
        shifts = [one for one in told if isinstance(one, SignalDetected) and one.kind == "sentiment_shift"]
        assert shifts == []
