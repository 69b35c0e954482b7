"""What the detector does with what happens; a module with a fixture `rig` runs these over its stores."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from services.detector.adapters import mongo_signals
from services.detector.domain.attributes import NONE
from services.detector.domain.book import Change
from services.detector.domain.customer import Customer
from services.detector.domain.customer_list import CustomerRow
from services.detector.domain.health import DEFAULT_WEIGHTS
from services.detector.domain.health_reading import SLOT
from services.detector.domain.identity import Subject, known_customer_id, provisional_customer_id
from services.detector.domain.matching import Decision, Suggestion
from services.detector.domain.mirror import Progress
from services.detector.domain.occasion import Slot
from services.detector.domain.signal import WORDS_REMOVED
from services.detector.domain.standing import Demand
from services.detector.errors import InvalidRequestError, NotFoundError
from services.detector.use_cases import review
from services.detector.use_cases.admission import Admission
from services.detector.use_cases.intake import Intake
from shared.contracts.connections import DataRemoved
from shared.contracts.resources import AdminChanged, Author, TagChanged
from shared.contracts.signals import SignalCleared, SignalDetected, SignalEvent, SignalUpdated
from shared.errors import PartlyTransientError, PermanentError, TransientError
from tests.unit.services.detector.rig import (
    CONNECTION,
    LEAVING,
    NOW,
    ORG,
    STAYING,
    UNRELATED,
    WISH,
    WORKSPACE,
    Rig,
    kinds,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence
    from datetime import datetime

    from services.detector.domain.attributes import Meaning
    from services.detector.domain.conversation import AccountFacts
    from services.detector.domain.signal import Signal
    from services.detector.domain.wishes import Request
    from shared.contracts.event import Event

NORTHWIND = provisional_customer_id(ORG, f"{WORKSPACE}:co1")
ACC1 = known_customer_id(ORG, "acc-1")

FURIOUS = "This is terrible, I am really angry about your awful support."
LOOKING = "We are looking at other vendors."

ZEBRA = "It would be great if you could add a zebra dark mode to the dashboard."


async def requests_of(rig: Rig) -> list[Request]:
    """Return the requests that signals are about."""
    ids = {one.slot.request_id for one in await rig.signals() if one.slot.request_id}
    return list((await rig.stores.requests.by_ids(ORG, ids)).values())


async def _away(*_: object, **__: object) -> None:
    raise TransientError("The database is away.")


def _noting(save: Callable[..., Awaitable[None]], counted: list[str]) -> Callable[..., Awaitable[None]]:
    """Return `save`, which also notes whose numbers it is given."""

    async def noted(organization_id: str, numbers: dict[str, object]) -> None:
        counted.extend(numbers)
        await save(organization_id, numbers)

    return noted


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
        signal_id = await self._shifted(rig)
        await rig.tell(rig.company("co2", "Contoso"))
        await rig.tell(rig.conversation("bad", company_id="co2", part_count=2))
        held = await rig.stores.signals.by_slots(ORG, {f"customer/{NORTHWIND}"}, None)
        assert [one.proofs for one in held if one.signal_id == signal_id] == [()]


def meanwhile(rig: Rig, happening: Callable[[], Awaitable[None]], *, before: bool = False) -> None:
    """Let something happen once while a batch is taken in, at its beginning or at its end."""
    intake = rig.engine.intake
    left = [happening]

    async def interrupted(
        take: Callable[[Sequence[Event]], Awaitable[None]], events: Sequence[Event]
    ) -> None:
        if before and left:
            await left.pop()()
        await take(events)
        if left:
            await left.pop()()

    class Interrupted(Intake):
        def __init__(self) -> None:
            """Everything is asked of the intake proper."""

        async def conversations(self, events: Sequence[Event]) -> None:
            await interrupted(intake.conversations, events)

        async def directory(self, events: Sequence[Event]) -> None:
            await interrupted(intake.directory, events)

    rig.engine.admission = Admission(
        intake=Interrupted(),
        connections=rig.stores.connections,
        remove=rig.engine.remove_data,
        clock=rig.clock,
    )


async def expect_nothing(rig: Rig) -> None:
    """Fail unless nothing that was read through the connection is left."""
    assert await rig.signals() == []
    assert await rig.stores.signals.by_connection(ORG, CONNECTION) == []
    assert await rig.stores.mirror.keys_after(ORG, WORKSPACE, "", 10) == []
    assert await rig.stores.mirror.company_keys_after(ORG, WORKSPACE, "", 10) == []
    assert await rig.stores.mirror.contacts(ORG, [f"{WORKSPACE}:dana"]) == {}
    assert await rig.stores.customers.by_ids(ORG, [NORTHWIND]) == {}
    assert await rig.stores.connections.get(ORG, CONNECTION) is None
    assert await rig.stores.rereads.latest(ORG) == []


class TestArriving:
    """Records whose connection is not known yet, or whose switch is being turned."""

    async def test_records_wait_for_their_connection(self, rig: Rig) -> None:
        """A conversation that is read before its connection's record comes again, and is announced then."""
        records = rig.said("k1", LEAVING)
        with pytest.raises(TransientError, match=CONNECTION):
            await rig.tell(*records)
        assert await rig.stores.mirror.keys_after(ORG, WORKSPACE, "", 10) == []
        await rig.connect()
        (told,) = await rig.tell(*records)
        assert isinstance(told, SignalDetected)
        assert told.historical is False

    async def test_a_connection_that_nobody_tells_of_is_not_waited_for_for_ever(self, rig: Rig) -> None:
        """After a minute the records are put aside, and redriven they are taken in."""
        records = rig.said("k1", LEAVING)
        with pytest.raises(TransientError):
            await rig.tell(*records)
        rig.clock.advance(61)
        with pytest.raises(PermanentError, match="Redrive"):
            await rig.tell(*records)
        await rig.connect()
        assert kinds(await rig.tell(*records)) == [("detected", "churn_risk")]

    async def test_others_do_not_wait_with_an_unknown_connection(self, rig: Rig) -> None:
        """Their records are taken in and announced at once; only those that wait are to come again."""
        await rig.connect()
        others = [one.model_copy(update={"connection_id": "c2"}) for one in rig.said("k2", WISH)]
        foreign = [one.model_copy(update={"organization_id": "o2"}) for one in rig.said("k3", WISH)]
        start = len(rig.publisher.published)
        with pytest.raises(PartlyTransientError, match="c2") as caught:
            await rig.engine.admission.conversations([*others, *rig.said("k1", LEAVING), *foreign])
        assert kinds(rig.published(start)) == [("detected", "churn_risk")]
        assert caught.value.waiting == {0, 1, 4, 5}

    async def test_another_organization_s_connection_is_not_ours(self, rig: Rig) -> None:
        """A connection is known to the organization that it belongs to, and to no other."""
        await rig.connect()
        with pytest.raises(TransientError):
            await rig.tell(*[one.model_copy(update={"organization_id": "o2"}) for one in rig.said("k", WISH)])

    async def test_a_reading_that_another_replica_overtook_takes_nothing_back(self, rig: Rig) -> None:
        """A reply is heard while its writer's new company lets the conversation be read; it stays heard."""
        await rig.connect()
        await rig.tell(rig.contact(companies=()), *rig.said("k1", UNRELATED))
        other = Rig(rig.stores, rig.publisher, rig.clock).engine
        mirror: Any = rig.stores.mirror
        parts, replies = mirror.parts, [rig.said("k1", UNRELATED, LEAVING)]

        async def overtaken(organization_id: str, keys: Collection[str]) -> Any:
            found = await parts(organization_id, keys)
            if replies:
                await other.admission.conversations(replies.pop())
            return found

        mirror.parts = overtaken
        await rig.engine.admission.directory([rig.contact(), rig.company()])
        assert [one.is_open for one in await rig.signals() if one.slot.kind == "churn_risk"] == [True]

    async def test_readings_take_turns(self, rig: Rig) -> None:
        """Within a process nobody loads a conversation while another has not settled what it loaded."""
        await rig.connect()
        await rig.tell(rig.contact(), *rig.said("k1", UNRELATED))
        seen: list[str] = []
        mirror: Any = rig.stores.mirror
        load, keep = mirror.conversations, mirror.save_analyses

        async def loads(*arguments: Any) -> Any:
            seen.append("load")
            return await load(*arguments)

        async def keeps(*arguments: Any) -> Any:
            seen.append("keep")
            return await keep(*arguments)

        mirror.conversations, mirror.save_analyses = loads, keeps
        key = f"{WORKSPACE}:k1"
        await asyncio.gather(*(rig.engine.reader.read(ORG, [key], arrived={}) for _ in range(3)))
        assert seen == ["load", "keep"] * 3

    async def test_a_switch_turned_on_while_a_batch_is_read_is_heard(self, rig: Rig) -> None:
        """The batch is read once more, and what it says is news."""
        await rig.connect(lifecycle=False)
        rig.clock.advance(60)
        records = rig.said("k1", LEAVING, at=rig.clock.now())
        meanwhile(rig, lambda: rig.connect(2, lifecycle=True))
        (told,) = await rig.tell(*records)
        assert isinstance(told, SignalDetected)
        assert told.historical is False

    @pytest.mark.parametrize("batch", ["words", "facts"])
    async def test_a_switch_turned_off_while_a_batch_is_read_leaves_nothing_open(
        self, rig: Rig, batch: str
    ) -> None:
        """What was opened after the switch was off is taken back, whatever it rests on."""
        await rig.connect(lifecycle=True)
        switched_at = rig.clock.now()
        rig.clock.advance(1)

        async def switch_off() -> None:
            await rig.connect(2, lifecycle=False, changed_at=switched_at)

        meanwhile(rig, switch_off)
        soon = (NOW + timedelta(days=20)).date().isoformat()
        company = rig.company(custom_attributes={"renewal_date": soon})
        await rig.tell(*(rig.said("k1", LEAVING) if batch == "words" else [company]))
        assert [one.is_open for one in await rig.signals()] == [False]

    async def test_a_switch_turned_off_before_anything_is_mirrored_is_looked_at_later(self, rig: Rig) -> None:
        """With nothing held the re-reading stays to be done, for what is being stored just then."""
        await rig.connect(lifecycle=True)
        switched_at = rig.clock.now()
        rig.clock.advance(1)
        records = rig.said("k1", LEAVING)
        await rig.engine.intake.conversations(records)
        assert [one.is_open for one in await rig.signals()] == [True]
        await rig.connect(2, lifecycle=False, changed_at=switched_at)
        await rig.reread_all()
        assert [one.is_open for one in await rig.signals()] == [False]

    async def test_a_re_reading_waits_for_the_switch_it_was_asked_for(self, rig: Rig) -> None:
        """Between the asking and the keeping of the new state, no slice is read with the old one."""
        await rig.connect(lifecycle=False)
        await rig.tell(*rig.said("k1", LEAVING))
        await rig.reread_all()
        view = await rig.stores.connections.get(ORG, CONNECTION)
        assert view is not None
        await rig.engine.reread.ask(replace(view, lifecycle_events=True), again=True)
        assert await rig.engine.reread.work() is False
        await rig.connect(2, lifecycle=True)
        await rig.reread_all()
        assert [one.slot.kind for one in await rig.signals()] == ["churn_risk"]


class TestTakingBack:
    """Evidence that goes takes its signal with it."""

    async def test_redaction_removes_the_words(self, rig: Rig) -> None:
        """A redacted message takes its quote out of the signal and closes it."""
        await rig.connect()
        await rig.tell(*rig.said("k1", LEAVING))
        told = await rig.tell(rig.part("k1", 0, "", redacted=True))
        assert isinstance(told[0], SignalCleared)
        assert (told[0].cleared_because, told[0].evidence) == ("evidence_gone", ())

    async def test_redaction_removes_a_wish_from_its_title(self, rig: Rig) -> None:
        """A wish's title is what somebody wrote: what is told of a redacted one has none of the words."""
        await rig.connect()
        (opened,) = await rig.tell(*rig.said("k1", WISH))
        assert opened.title.casefold() in opened.model_dump_json().casefold()
        (told,) = await rig.tell(rig.part("k1", 0, "", redacted=True))
        assert isinstance(told, SignalCleared)
        assert opened.title.casefold() not in told.model_dump_json().casefold()

    async def test_redacted_words_leave_what_others_share(self, rig: Rig) -> None:
        """A request that others ask for too is named by what is left, for them and for people who read on."""
        await rig.connect()
        await rig.tell(
            *rig.said("k1", ZEBRA, contact_ids=("dana",), at=NOW - timedelta(hours=3)),
            *rig.said("k2", "Please add dark mode to dashboards.", contact_ids=("lee",)),
        )
        start = len(rig.publisher.published)
        (request,) = await requests_of(rig)
        assert "zebra" in request.title.casefold()
        await rig.tell(rig.part("k1", 0, "", redacted=True))
        (request,) = await requests_of(rig)
        assert (request.title, request.wordings != ()) == ("Dark mode to dashboards", True)
        assert "zebra" not in repr((request, await rig.signals())).casefold()
        told = rig.published(start)
        assert {one.title for one in told} == {"Dark mode to dashboards"}
        assert sorted(kinds(told)) == [("cleared", "feature_request"), ("updated", "feature_request")]
        (found,) = await rig.stores.requests.candidates(ORG, request.wordings[0])
        assert found == request
        assert await rig.stores.requests.candidates(ORG, ["zebra"]) == []

    async def test_a_request_without_words_says_so(self, rig: Rig) -> None:
        """Where nothing is left its title is neutral, and it recognises nothing until somebody asks again."""
        await rig.connect()
        await rig.tell(*rig.said("k1", ZEBRA))
        await rig.tell(rig.deleted("conversation", "k1"))
        (request,) = await requests_of(rig)
        assert (request.title, request.wordings) == (WORDS_REMOVED, ())
        assert "zebra" not in repr(await rig.signals()).casefold()
        await rig.tell(*rig.said("k2", ZEBRA, contact_ids=("lee",)))
        (signal,) = await rig.signals(state="open")
        (again,) = await requests_of(rig)
        assert signal.slot.request_id == again.request_id == request.request_id
        assert signal.title == again.title != WORDS_REMOVED
        assert again.wordings != ()

    async def test_an_edited_message_renames_its_request(self, rig: Rig) -> None:
        """Words that were edited away are gone as well; what the message says now is the title."""
        await rig.connect()
        await rig.tell(*rig.said("k1", ZEBRA))
        await rig.tell(rig.part("k1", 0, WISH), rig.conversation("k1"))
        assert "zebra" not in repr((await requests_of(rig), await rig.signals())).casefold()
        (signal,) = await rig.signals(state="open")
        assert signal.title == "Dark mode to the dashboard"

    async def test_redacted_words_leave_requests_that_were_made_one(self, rig: Rig) -> None:
        """Neither the request that was merged away nor a line of history keeps them."""
        await rig.connect()
        await rig.tell(
            *rig.said("k1", ZEBRA, contact_ids=("dana",)),
            *rig.said("k2", "Please add an export of invoices to Excel.", contact_ids=("lee",)),
        )
        one, other = sorted(await requests_of(rig), key=lambda found: "zebra" in found.title.casefold())
        await rig.engine.regroup.merge(ORG, one.request_id, other.request_id, by="ann@acme.example")
        assert "zebra" in repr(await rig.signals()).casefold()
        await rig.tell(rig.part("k1", 0, "", redacted=True))
        held = await rig.stores.requests.by_ids(ORG, [one.request_id, other.request_id])
        assert "zebra" not in repr((held, await rig.signals())).casefold()
        (signal,) = await rig.signals(state="open")
        assert signal.title == held[other.request_id].title != WORDS_REMOVED

    async def test_a_process_that_dies_between_leaves_no_words(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The request is reworded first; the batch that comes again finishes its signals."""
        await rig.connect()
        await rig.tell(
            *rig.said("k1", ZEBRA, contact_ids=("dana",), at=NOW - timedelta(hours=3)),
            *rig.said("k2", "Please add dark mode to dashboards.", contact_ids=("lee",)),
        )
        redaction = rig.part("k1", 0, "", redacted=True)
        with monkeypatch.context() as dying:
            dying.setattr(rig.stores.signals, "save", _away)
            with pytest.raises(TransientError):
                await rig.tell(redaction)
        (request,) = await requests_of(rig)
        assert "zebra" not in repr(request).casefold()
        await rig.tell(redaction)
        assert "zebra" not in repr(await rig.signals()).casefold()
        assert {one.title for one in await rig.signals()} == {"Dark mode to dashboards"}

    async def test_a_part_that_is_taken_back_alone_removes_the_words(self, rig: Rig) -> None:
        """What no reading can reach any more goes by itself, and its conversation stays."""
        await rig.connect()
        await rig.tell(*rig.said("k1", LEAVING))
        told = await rig.tell(rig.deleted("conversation_part", "k1-0", "k1"))
        assert isinstance(told[0], SignalCleared)
        assert (told[0].cleared_because, told[0].evidence) == ("evidence_gone", ())
        kept = await rig.stores.mirror.conversations(ORG, [f"{WORKSPACE}:k1"])
        assert LEAVING not in str(kept)
        assert kept != {}

    async def test_redaction_reaches_closed_signals(self, rig: Rig) -> None:
        """A dismissed signal does not keep words that were redacted since."""
        await rig.connect()
        (signal,) = await rig.tell(*rig.said("k1", LEAVING))
        await rig.engine.review.dismiss(ORG, signal.signal_id, "a test", by="ann@acme.example")
        await rig.tell(rig.part("k1", 0, "", redacted=True))
        (after,) = await rig.signals()
        assert (after.proofs, after.cleared_because) == ((), "dismissed")

    async def test_a_deleted_conversation_closes_its_signals(self, rig: Rig) -> None:
        """Deleting the conversation removes its evidence, and an older record does not bring it back."""
        await rig.connect()
        records = rig.said("k1", LEAVING)
        await rig.tell(*records)
        told = await rig.tell(rig.deleted("conversation", "k1"))
        assert [one.cleared_because for one in told if isinstance(one, SignalCleared)] == ["evidence_gone"]
        assert await rig.tell(*records) == []
        assert await rig.stores.mirror.conversations(ORG, [f"{WORKSPACE}:k1"]) == {}

    async def test_a_mood_goes_with_its_words(self, rig: Rig) -> None:
        """A customer whose last words are deleted in Intercom has no mood any more."""
        await rig.connect()
        await rig.tell(rig.company(), rig.contact(), *rig.said("k1", FURIOUS))
        customer = (await rig.stores.customers.by_ids(ORG, [NORTHWIND]))[NORTHWIND]
        assert customer.mood is not None
        await rig.tell(rig.deleted("conversation", "k1"))
        customer = (await rig.stores.customers.by_ids(ORG, [NORTHWIND]))[NORTHWIND]
        assert (customer.mood, customer.mood_messages) == (None, 0)

    async def test_losing_part_of_the_evidence_updates(self, rig: Rig) -> None:
        """With other evidence left the signal stays open, lighter."""
        await rig.connect()
        await rig.tell(*rig.said("k1", LEAVING), *rig.said("k2", LEAVING))
        told = await rig.tell(rig.deleted("conversation", "k1"))
        assert kinds(told) == [("updated", "churn_risk")]
        assert told[0].conversation_ids == ("k2",)

    async def test_removed_data_leaves_nothing(self, rig: Rig) -> None:
        """An order to remove data clears, buries and deletes; asked twice it answers as it did."""
        await rig.connect()
        await rig.tell(rig.contact(), rig.company(), *rig.said("k1", LEAVING, WISH))
        signal_ids = {one.signal_id for one in await rig.signals()}
        for _ in range(2):
            await rig.remove()
        answers = [one for one in rig.publisher.published if isinstance(one, DataRemoved)]
        assert len({one.event_id() for one in answers}) == 1
        assert answers[0].documents > 0
        assert signal_ids <= set(rig.publisher.tombstones)
        assert await rig.signals() == []
        assert await rig.stores.mirror.keys_after(ORG, WORKSPACE, "", 10) == []
        assert await rig.stores.customers.by_ids(ORG, [NORTHWIND]) == {}
        assert await rig.stores.connections.get(ORG, CONNECTION) is None

    async def test_our_word_waits_for_the_syncer_s(self, rig: Rig) -> None:
        """At the order the data goes; the word comes when nothing more can, and counts all that went."""
        await rig.connect()
        await rig.tell(rig.contact(), rig.company(), *rig.said("k1", LEAVING))
        await rig.engine.remove_data.ordered(rig.removal())
        assert await rig.signals() == []
        assert [one for one in rig.publisher.published if isinstance(one, DataRemoved)] == []
        await rig.engine.remove_data.source_is_dry(rig.dry())
        (word,) = [one for one in rig.publisher.published if isinstance(one, DataRemoved)]
        assert (word.service, word.removal_id, word.documents > 3) == ("detector", "rem1", True)

    async def test_records_of_a_removed_connection_are_dropped(self, rig: Rig) -> None:
        """What was on the bus when the order came is mirrored neither before our word nor after it."""
        await rig.connect()
        records = [rig.contact(), rig.company(), *rig.said("k1", LEAVING, WISH)]
        await rig.engine.remove_data.ordered(rig.removal())
        assert await rig.tell(*records) == []
        await rig.engine.remove_data.source_is_dry(rig.dry())
        assert await rig.tell(*records) == []
        await rig.connect(2)
        assert await rig.tell(*records) == []
        await expect_nothing(rig)

    async def test_a_batch_that_crosses_the_order_leaves_nothing(self, rig: Rig) -> None:
        """The order is carried out while a batch is being stored; what the batch stored goes as well."""
        await rig.connect()
        await rig.tell(rig.contact(), rig.company(custom_attributes={"seats": 3}))
        meanwhile(rig, rig.remove, before=True)
        await rig.tell(*rig.said("k1", LEAVING, WISH))
        await expect_nothing(rig)

    async def test_a_batch_cut_short_after_the_order_is_cleaned_up(self, rig: Rig) -> None:
        """A process died between storing and looking again; the batch comes again and finds the barrier."""
        await rig.connect()
        records = rig.said("k1", WISH)
        await rig.remove()
        await rig.engine.intake.conversations(records)
        assert await rig.signals() != []
        await rig.tell(*records)
        await expect_nothing(rig)

    async def test_a_removal_cut_short_leaves_no_request_behind(self, rig: Rig) -> None:
        """A process died before a request was deleted; the order comes again, and finds it by its signals."""
        await rig.connect()
        await rig.tell(*rig.said("k1", WISH))
        request_ids = {one.slot.request_id for one in await rig.signals() if one.slot.request_id}
        delete = rig.stores.requests.delete

        async def dies(*_: object) -> int:
            raise TransientError("killed")

        rig.stores.requests.delete = dies  # type: ignore[assignment, method-assign] # a crash at this place
        with pytest.raises(TransientError):
            await rig.remove()
        rig.stores.requests.delete = delete  # type: ignore[method-assign] # the next process
        await rig.remove()
        assert request_ids
        assert await rig.stores.requests.by_ids(ORG, request_ids) == {}

    async def test_an_order_that_comes_again_takes_nothing_of_another_connection(self, rig: Rig) -> None:
        """The workspace was connected anew: order and word of the former connection touch nothing of it."""
        await rig.connect()
        (first,) = await rig.tell(*rig.said("k1", LEAVING))
        await rig.remove()
        await rig.connect(connection_id="con2")
        anew = [one.model_copy(update={"connection_id": "con2"}) for one in rig.said("k1", LEAVING)]
        (second,) = await rig.tell(rig.company(), *anew)
        start = len(rig.publisher.published)
        await rig.remove()
        assert rig.publisher.published[start:] == []
        assert [one.signal_id for one in await rig.signals()] == [second.signal_id]
        assert list(await rig.stores.mirror.conversations(ORG, [f"{WORKSPACE}:k1"])) != []
        # The words are the same, and it is another alert: receivers that remember ids must not drop it.
        assert first.signal_id != second.signal_id

    async def test_a_signal_keeps_what_another_workspace_said(self, rig: Rig) -> None:
        """It loses the removed workspace's words and people, and belongs to the connection that is left."""
        await rig.connect()
        await rig.connect(connection_id="con2", workspace_id="ws2")
        await rig.engine.customers.keep(ORG, [CustomerRow("acc-1", "Northwind")])
        here = [rig.company(external_id="acc-1"), rig.contact(), *rig.said("k1", LEAVING)]
        await rig.tell(*here)
        there = [one.model_copy(update={"connection_id": "con2", "workspace_id": "ws2"}) for one in here]
        await rig.tell(*there)
        (both,) = await rig.signals()
        assert {proof.conversation_key for proof in both.proofs} == {"ws1:k1", "ws2:k1"}
        assert {one.id for one in both.people} == {"ws1:dana", "ws2:dana"}
        await rig.remove()
        assert await rig.signals() == []
        (left,) = await rig.stores.signals.by_connection(ORG, "con2")
        assert (left.signal_id, left.is_open, left.workspace_id) == (both.signal_id, True, "ws2")
        assert {proof.conversation_key for proof in left.proofs} == {"ws2:k1"}
        assert {one.id for one in left.people} == {"ws2:dana"}

    async def test_a_signal_that_moved_is_buried_wherever_it_was(self, rig: Rig) -> None:
        """Records stay in the partitions of former customers; each of them gets its tombstone."""
        await rig.connect()
        await rig.tell(*rig.said("k1", LEAVING))
        await rig.tell(rig.company(), rig.contact())
        (signal,) = await rig.signals()
        assert signal.homes == ("", NORTHWIND)
        await rig.remove()
        assert rig.publisher.tombstones.count(signal.signal_id) == 2

    async def test_word_of_the_removal_that_comes_late_puts_nothing_back(self, rig: Rig) -> None:
        """The connection's own record travels on another topic and may arrive after its data went."""
        await rig.connect()
        await rig.remove()
        await rig.connect(2, state="removed")
        assert await rig.stores.connections.get(ORG, CONNECTION) is None
        assert await rig.stores.rereads.latest(ORG) == []

    async def test_removed_data_leaves_a_listed_customer_bare(self, rig: Rig) -> None:
        """A customer of the uploaded list stays with what the list says; nothing read from it is left."""
        await rig.connect()
        await rig.engine.customers.keep(ORG, [CustomerRow("acc-1", "Northwind", plan="Team")])
        soon = (NOW + timedelta(days=20)).date().isoformat()
        attributes = {"renewal_date": soon}
        await rig.tell(rig.contact(), *rig.said("k1", LEAVING, "This is terrible, I am furious."))
        await rig.tell(rig.company(external_id="acc-1", monthly_spend=900.0, custom_attributes=attributes))
        before = (await rig.stores.customers.by_ids(ORG, [ACC1]))[ACC1]
        assert (before.facts.monthly_spend, before.facts.renewal_date is None) == (900.0, False)
        await rig.remove()
        after = (await rig.stores.customers.by_ids(ORG, [ACC1]))[ACC1]
        assert (after.facts.plan, after.facts.monthly_spend, after.facts.renewal_date) == ("Team", None, None)
        assert (after.mood, after.mood_messages) == (None, 0)
        assert (await rig.stores.customers.snapshots(ORG, [ACC1])).get(ACC1, []) == []
        await rig.connect(2)
        await rig.engine.customers.keep(
            ORG, [CustomerRow("acc-1", "Northwind", plan="Team", owner="a@b.example")]
        )
        assert await rig.signals() == []


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
        await rig.engine.customers.decide(ORG, key, ACC1, confirmed=False, by="ann@acme.example")
        assert (await rig.stores.mirror.companies(ORG, [key]))[key].customer_id == NORTHWIND
        await rig.engine.customers.decide(ORG, key, ACC1, confirmed=True, by="ann@acme.example")
        company = (await rig.stores.mirror.companies(ORG, [key]))[key]
        assert (company.customer_id, company.basis) == (ACC1, "person")

    async def test_removed_data_takes_what_people_decided(self, rig: Rig) -> None:
        """Of the companies of the removed workspace nobody's word is kept, also of one that is gone."""
        await rig.connect()
        await rig.engine.customers.keep(ORG, [CustomerRow("acc-1", "Northwind"), CustomerRow("acc-2", "B")])
        await rig.tell(rig.company(), rig.company("co2", "Contoso"))
        keys = [f"{WORKSPACE}:co1", f"{WORKSPACE}:co2", f"{WORKSPACE}1:co1"]
        for key in keys[:2]:
            await rig.engine.customers.decide(ORG, key, ACC1, confirmed=True, by="ann@acme.example")
        other = known_customer_id(ORG, "acc-2")
        await rig.engine.customers.decide(ORG, keys[0], other, confirmed=False, by="ann@acme.example")
        await rig.stores.customers.decide(ORG, keys[2], Decision(ACC1, confirmed=True), "ann@acme.example")
        await rig.tell(rig.deleted("company", "co2"))
        assert len((await rig.stores.customers.decisions(ORG, keys))[keys[0]]) == 2
        await rig.remove()
        left = await rig.stores.customers.decisions(ORG, keys)
        assert left == {keys[2]: [Decision(ACC1, confirmed=True)]}

    async def test_deciding_about_nothing_is_refused(self, rig: Rig) -> None:
        """A decision about a company or customer that is not there says so."""
        with pytest.raises(NotFoundError):
            await rig.engine.customers.decide(ORG, "ws1:no", "c-no", confirmed=True, by="ann@acme.example")

    async def test_a_deleted_company_leaves_its_people(self, rig: Rig) -> None:
        """When the company goes its conversations are their people's again, and the stand-in goes."""
        await rig.connect()
        await rig.tell(rig.contact(), rig.company(), *rig.said("k1", LEAVING))
        await rig.tell(rig.deleted("company", "co1"))
        (signal,) = await rig.signals()
        assert (signal.subject.kind, signal.customer) == ("person", None)
        assert await rig.stores.customers.by_ids(ORG, [NORTHWIND]) == {}

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

    async def test_uploading_keeps_good_rows(self, rig: Rig) -> None:
        """Bad rows are named by line; good ones are kept, and the same file again changes nothing."""
        content = b"external_id,name,owner\nacc-1,Northwind,ann@acme.example\n,Nameless,\nacc-2,Contoso,\n"
        first = await rig.engine.customers.upload(ORG, content)
        assert (first.created, [error.line for error in first.listed.errors]) == (2, [3])
        again = await rig.engine.customers.upload(ORG, content)
        assert (again.created, again.updated, again.unchanged) == (0, 0, 2)

    async def test_a_list_that_comes_again_is_matched_after_all(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Rows that were kept before matching failed find their companies when the file comes again."""
        await rig.connect()
        await rig.tell(rig.company(external_id="acc-1"))
        rows = [CustomerRow("acc-1", "Northwind")]
        with monkeypatch.context() as away:
            away.setattr(rig.stores.mirror, "save_match", _away)
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
            away.setattr(rig.stores.rematches, "ask", _away)
            with pytest.raises(TransientError):
                await rig.connect(2, match_companies_by_name="exact")
        await rig.connect(2, match_companies_by_name="exact")
        with monkeypatch.context() as away:
            away.setattr(rig.stores.mirror, "save_match", _away)
            with pytest.raises(TransientError):
                await rig.rematch_all()
        rig.clock.advance(60)
        await rig.rematch_all()
        key = f"{WORKSPACE}:co1"
        company = (await rig.stores.mirror.companies(ORG, [key]))[key]
        assert (company.customer_id, company.basis) == (ACC1, "name")
        monkeypatch.setattr(rig.stores.mirror, "save_match", _away)
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
                away.setattr(rig.stores.signals, "refresh_customer", _away)
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
        moved = await wait(3, 4)
        assert {transition for transition, _ in kinds(moved)} == {"updated"}
        (after,) = await rig.signals()
        assert [one.fact_value for one in before.proofs + after.proofs] == ["2", "4"]
        assert after.proofs[0].reason.startswith("4 open questions wait")
        assert (before.confidence, after.confidence) == (0.7, 0.8)
        assert (after.signal_id, after.occurred_at) == (before.signal_id, before.occurred_at)
        start = len(rig.publisher.published)
        await rig.engine.review.dismiss(ORG, after.signal_id, "on holiday", by="ann@acme.example")
        await wait(5)
        assert kinds(rig.published(start)) == [("cleared", "churn_risk")]

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


class TestDomainHints:
    """Companies whose people write from one customer's e-mail domain."""

    UMBRELLA = f"{WORKSPACE}:co2"
    HINT = Suggestion(ACC1, domain="north.example")

    async def _north(self, rig: Rig) -> None:
        """Northwind is a customer whose people write from north.example."""
        await rig.connect()
        await rig.engine.customers.keep(ORG, [CustomerRow("acc-1", "Northwind")])
        await rig.tell(rig.company(external_id="acc-1"), rig.contact(email="dana@north.example"))

    def _umbrella(self, rig: Rig, email: str = "Lee@North.example") -> tuple[Event, Event]:
        return rig.company("co2", "Umbrella"), rig.contact("lee", ("co2",), email=email)

    async def _suggested(self, rig: Rig) -> tuple[Suggestion, ...]:
        company = (await rig.stores.mirror.companies(ORG, [self.UMBRELLA]))[self.UMBRELLA]
        assert company.customer_id != ACC1
        return company.suggestions

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    async def test_a_shared_domain_is_suggested(self, rig: Rig, order: tuple[int, int]) -> None:
        """Whichever comes first, company or contact, the customer is suggested and never matched."""
        await self._north(rig)
        records = self._umbrella(rig)
        for place in order:
            await rig.tell(records[place])
        assert await self._suggested(rig) == (self.HINT,)

    async def test_a_customer_that_is_known_later_is_suggested(self, rig: Rig) -> None:
        """Companies that are here already are asked about once one of the domain's is a customer."""
        await rig.connect()
        await rig.tell(*self._umbrella(rig), rig.company(external_id="acc-1"))
        await rig.tell(rig.contact(email="dana@north.example"))
        assert await self._suggested(rig) == ()
        await rig.engine.customers.keep(ORG, [CustomerRow("acc-1", "Northwind")])
        assert await self._suggested(rig) == (self.HINT,)

    async def test_the_list_may_name_a_domain(self, rig: Rig) -> None:
        """A domain column of the uploaded list hints as people do, until the list no longer says it."""
        await rig.connect()
        await rig.tell(*self._umbrella(rig))
        row = CustomerRow("acc-1", "Northwind", attributes={"domain": "north.example"})
        await rig.engine.customers.keep(ORG, [row])
        assert await self._suggested(rig) == (Suggestion(ACC1, domain="north.example", listed=True),)
        await rig.engine.customers.keep(ORG, [replace(row, attributes={})])
        assert await self._suggested(rig) == ()

    async def test_a_domain_of_several_customers_says_nothing(self, rig: Rig) -> None:
        """When a second customer's people use the domain, nobody is suggested any more."""
        await self._north(rig)
        await rig.tell(*self._umbrella(rig))
        await rig.engine.customers.keep(ORG, [CustomerRow("acc-3", "Contoso")])
        await rig.tell(rig.company("co3", "Contoso"), rig.contact("kim", ("co3",), email="kim@north.example"))
        assert await self._suggested(rig) == ()

    async def test_free_mail_and_own_domains_say_nothing(self, rig: Rig) -> None:
        """Neither a provider's domain nor the one that the organization's own teammates use is a hint."""
        await rig.connect()
        await rig.engine.customers.keep(ORG, [CustomerRow("acc-1", "Northwind")])
        await rig.tell(
            AdminChanged(**rig.fields(id="1", name="Ann", email="ann@own.example")),
            rig.company(external_id="acc-1"),
            rig.contact(email="dana@gmail.com"),
            rig.contact("test", email="test@own.example"),
        )
        await rig.tell(*self._umbrella(rig, "lee@gmail.com"))
        await rig.tell(rig.contact("try", ("co2",), email="try@own.example"))
        assert await self._suggested(rig) == ()

    async def test_a_hint_goes_with_its_people(self, rig: Rig) -> None:
        """Who leaves the company, or is deleted, takes the hint along, on either side."""
        await self._north(rig)
        await rig.tell(*self._umbrella(rig))
        await rig.tell(rig.contact("lee", (), email="lee@north.example"))
        assert await self._suggested(rig) == ()
        await rig.tell(rig.contact("lee", ("co2",), email="lee@north.example"))
        assert await self._suggested(rig) == (self.HINT,)
        await rig.tell(rig.deleted("contact", "dana"))
        assert await self._suggested(rig) == ()

    async def test_a_hint_is_refused_for_good_or_confirmed(self, rig: Rig) -> None:
        """A refused customer does not come back with more people; a confirmed one is the company's."""
        await self._north(rig)
        await rig.tell(*self._umbrella(rig))
        decide = rig.engine.customers.decide
        await decide(ORG, self.UMBRELLA, ACC1, confirmed=False, by="ann@acme.example")
        assert await self._suggested(rig) == ()
        await rig.tell(rig.contact("kim", ("co2",), email="kim@north.example"))
        await rig.tell(rig.company("co2", "Umbrella Labs"))
        assert await self._suggested(rig) == ()
        await decide(ORG, self.UMBRELLA, ACC1, confirmed=True, by="ann@acme.example")
        company = (await rig.stores.mirror.companies(ORG, [self.UMBRELLA]))[self.UMBRELLA]
        assert (company.customer_id, company.basis, company.suggestions) == (ACC1, "person", ())


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


class TestAgain:
    """Reading again: switches, crashes, rounds."""

    async def test_switching_on_finds_the_past_silently(self, rig: Rig) -> None:
        """Turning lifecycle events on reads the mirror again; what it finds is historical, once."""
        await rig.connect(lifecycle=False)
        for number in range(3):
            await rig.tell(*rig.said(f"k{number}", LEAVING))
        rig.clock.advance(60)
        start = len(rig.publisher.published)
        await rig.connect(2, lifecycle=True)
        await rig.reread_all()
        told = rig.published(start)
        assert isinstance(told[0], SignalDetected)
        assert {one.historical for one in told if isinstance(one, SignalDetected)} == {True}
        count = len(rig.publisher.published)
        await rig.connect(3, lifecycle=True)
        await rig.reread_all()
        assert len(rig.publisher.published) == count
        (progress,) = await rig.stores.rereads.latest(ORG)
        assert (progress.done, progress.finished_at is not None) == (3, True)

    async def test_what_the_present_detectors_have_read_is_not_read_again(self, rig: Rig) -> None:
        """A first sync goes on while the switch's re-reading follows it: only what it missed is read."""
        await rig.connect(lifecycle=False)
        await rig.tell(*rig.said("k1", LEAVING), *rig.said("k2", LEAVING), rig.deleted("conversation", "k2"))
        await rig.reread_all()
        await rig.connect(2, lifecycle=True)
        await rig.tell(*rig.said("k3", LEAVING))
        read: list[list[str]] = []
        mirror: Any = rig.stores.mirror
        parts = mirror.parts

        async def asked(organization_id: str, keys: Collection[str]) -> Any:
            read.append(sorted(keys))
            return await parts(organization_id, keys)

        mirror.parts = asked
        await rig.reread_all()
        assert {key for keys in read for key in keys} == {f"{WORKSPACE}:k1"}
        (progress,) = await rig.stores.rereads.latest(ORG)
        assert (progress.done, progress.finished_at is not None) == (2, True)

    async def test_a_slice_that_was_not_settled_is_read_again(self, rig: Rig) -> None:
        """A process that dies before its slice is settled leaves no sign of having read it."""
        await rig.connect(lifecycle=False)
        await rig.tell(*rig.said("k1", LEAVING))
        await rig.reread_all()
        await rig.connect(2, lifecycle=True)
        signals: Any = rig.stores.signals
        save = signals.save

        async def dies(changes: Any) -> Any:
            raise TransientError("The process is gone.")

        signals.save = dies
        with pytest.raises(TransientError):
            await rig.engine.reread.work()
        signals.save = save
        rig.clock.advance(60)
        await rig.reread_all()
        assert [one.slot.kind for one in await rig.signals()] == ["churn_risk"]

    async def test_re_readings_take_turns(self, rig: Rig) -> None:
        """After a slice of a huge workspace comes one of whoever waits longer, of any organization."""
        huge = Progress("con1", "huge", "f", started_at=NOW, total=1_000_000)
        small = Progress("con2", "small", "f", started_at=NOW + timedelta(minutes=1), total=50)
        for one in (huge, small):
            await rig.stores.rereads.ask(one, again=True)
        rig.clock.advance(120)
        taken = []
        for _ in range(4):
            rig.clock.advance(1)
            claimed = await rig.stores.rereads.claim("me", rig.clock.now(), 60, {"f"})
            assert claimed is not None
            taken.append(claimed.connection_id)
            await rig.stores.rereads.advance(claimed, "me", rig.clock.now())
        assert taken == ["con1", "con2", "con1", "con2"]

    async def test_switching_off_keeps_what_is_open(self, rig: Rig) -> None:
        """With the switch off nothing new is found, and open signals stay for people to judge."""
        await rig.connect()
        await rig.tell(*rig.said("k1", LEAVING))
        await rig.connect(2, lifecycle=False)
        assert await rig.tell(rig.part("k1", 1, STAYING), rig.conversation("k1", part_count=2)) == []
        (signal,) = await rig.signals()
        assert signal.is_open

    async def test_an_older_state_of_the_connection_is_ignored(self, rig: Rig) -> None:
        """A connection's record that comes again with an older revision changes nothing."""
        await rig.connect(5, lifecycle=True)
        await rig.connect(4, lifecycle=False)
        view = await rig.stores.connections.get(ORG, CONNECTION)
        assert view is not None
        assert (view.revision, view.lifecycle_events) == (5, True)

    async def test_occasions_run_out(self, rig: Rig) -> None:
        """Without new evidence the signal expires; words after that are another occasion."""
        await rig.connect()
        (opened,) = await rig.tell(*rig.said("k1", LEAVING))
        rig.clock.advance(130 * 86_400)
        assert await rig.engine.rounds.expire(60) == 1
        assert await rig.engine.rounds.expire(60) == 0
        again = await rig.tell(*rig.said("k2", LEAVING))
        assert kinds(again) == [("detected", "churn_risk")]
        assert again[0].signal_id != opened.signal_id

    async def test_a_grumble_runs_out_beside_many_notices(self, rig: Rig) -> None:
        """Each variant of a kind is looked for by its own window, so that longer ones hide no shorter."""
        await rig.connect()
        for number in range(12):
            await rig.tell(
                rig.contact(f"p{number}", (f"co{number}",)), rig.company(f"co{number}", f"C{number}")
            )
        texts = [LEAVING] * 11 + [LOOKING]
        told = [rig.said(f"k{n}", text, contact_ids=(f"p{n}",)) for n, text in enumerate(texts)]
        await rig.tell(*(one for records in told for one in records))
        rig.clock.advance(80 * 86_400)
        now = rig.clock.now()
        cuts = {Slot("churn_risk", "explicit"): now - timedelta(days=120)}
        cuts[Slot("churn_risk", "implied")] = now - timedelta(days=60)
        (found,) = await rig.stores.signals.overdue(ORG, cuts, 10)
        assert found.slot.explicit is False
        assert await rig.engine.rounds.expire(60) == 1

    async def test_a_bus_that_is_away_loses_nothing(self, rig: Rig) -> None:
        """What could not be published is told before what comes after it, and the batch may come again."""
        await rig.connect()
        records = rig.said("k1", LEAVING)
        rig.publisher.fail_next(TransientError("the bus is away"))
        assert await rig.tell(*records) == []
        assert await rig.tell(*records) == []
        (signal,) = await rig.signals()
        await rig.engine.review.confirm(ORG, signal.signal_id, by="ann@acme.example")
        assert kinds(rig.published()) == [("detected", "churn_risk"), ("updated", "churn_risk")]

    async def test_numbers_that_a_crash_left_behind_are_made_good(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Who asks for what is counted after its signals are stored; a round counts what died in between."""
        await rig.connect()
        records = [rig.company(), rig.contact(), *rig.said("k1", WISH)]
        with monkeypatch.context() as away:
            away.setattr(rig.stores.customers, "save_attention", _away)
            with pytest.raises(TransientError):
                await rig.tell(*records)
        counted: list[str] = []
        for store, name in ((rig.stores.customers, "save_attention"), (rig.stores.requests, "save_demand")):
            monkeypatch.setattr(store, name, _noting(getattr(store, name), counted))
        await rig.tell(*records)
        assert counted == []
        assert await rig.engine.rounds.recount() == 0
        rig.clock.advance(60)
        assert await rig.engine.rounds.recount() == 1
        (signal,) = await rig.signals()
        assert set(counted) == {NORTHWIND, signal.slot.request_id}
        assert await rig.engine.rounds.recount() == 0

    async def test_organizations_never_meet(self, rig: Rig) -> None:
        """Another organization's records with the same ids touch nothing of ours."""
        await rig.connect()
        await rig.tell(*rig.said("k1", LEAVING))
        foreign = [one.model_copy(update={"organization_id": "other"}) for one in rig.said("k1", UNRELATED)]
        await rig.connect(organization_id="other")
        assert await rig.tell(*foreign) == []
        (signal,) = await rig.signals()
        assert signal.is_open
        assert await rig.stores.signals.by_ids("other", [signal.signal_id]) == []


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


class TestHealth:
    """Measured in the background, remembered, and told of when it falls."""

    async def _measured(self, rig: Rig, days: float = 1.0) -> int | None:
        """Return Northwind's score some days later."""
        rig.clock.advance(days * 86_400)
        while await rig.engine.health.round(0, timedelta(hours=6)):
            pass
        (history,) = (await rig.stores.health.histories(ORG, [NORTHWIND])).values()
        return history.latest.score if history.latest else None

    async def test_too_little_known_is_no_number(self, rig: Rig) -> None:
        """A company of which nothing is known but its name has no health."""
        await rig.connect(lifecycle=False)
        await rig.tell(rig.company())
        assert await self._measured(rig) is None

    async def test_notice_is_a_fall_that_is_told_once(self, rig: Rig) -> None:
        """A well customer who gives notice falls; measuring again says nothing new; dismissed stays so."""
        await rig.connect()
        seen = rig.clock.now() + timedelta(days=30)
        await rig.tell(
            rig.contact(), rig.company(last_request_at=seen), *rig.said("k1", UNRELATED, state="closed")
        )
        well = await self._measured(rig)
        assert well is not None
        assert await self._measured(rig) == well
        start = len(rig.publisher.published)
        await rig.tell(*rig.said("k2", LEAVING, state="closed"))
        ill = await self._measured(rig, days=0.1)
        assert ill is not None
        assert ill <= well - 20
        told = [one for one in rig.published(start) if one.kind == "health_change"]
        assert kinds(told) == [("detected", "health_change")]
        assert await self._measured(rig, days=0.3) == ill
        assert [one for one in rig.published(start) if one.kind == "health_change"] == told
        await rig.engine.review.dismiss(ORG, told[0].signal_id, "we know", by="ann@acme.example")
        await self._measured(rig)
        (signal,) = await rig.signals(slot=SLOT)
        assert signal.cleared_because == "dismissed"

    async def test_each_customer_has_its_own_connection_s_switch(self, rig: Rig) -> None:
        """Where lifecycle events are off nothing is known of leaving; where on, silence is good news."""
        await rig.connect(connection_id="con0", workspace_id="ws0", lifecycle=False)
        await rig.connect()
        here = [rig.company(), rig.contact(), *rig.said("k1", UNRELATED, state="closed")]
        await rig.tell(*here)
        await rig.tell(
            *(one.model_copy(update={"connection_id": "con0", "workspace_id": "ws0"}) for one in here)
        )
        await self._measured(rig)
        there = provisional_customer_id(ORG, "ws0:co1")
        histories = await rig.stores.health.histories(ORG, [NORTHWIND, there])
        shares = {
            key: {part.name: part.share for part in one.latest.parts}["churn_risk"]
            for key, one in histories.items()
            if one.latest
        }
        assert shares == {NORTHWIND: 1.0, there: None}

    async def test_a_fall_that_is_over_settles_itself(self, rig: Rig) -> None:
        """When the notice is gone the health is back, and its signal closes."""
        await rig.connect()
        seen = rig.clock.now() + timedelta(days=30)
        await rig.tell(
            rig.contact(), rig.company(last_request_at=seen), *rig.said("k1", UNRELATED, state="closed")
        )
        await self._measured(rig)
        await self._measured(rig)
        await rig.tell(*rig.said("k2", LEAVING, state="closed"))
        await self._measured(rig, days=0.1)
        await rig.tell(rig.deleted("conversation", "k2"))
        await self._measured(rig, days=0.1)
        (signal,) = await rig.signals(slot=SLOT)
        assert signal.cleared_because == "resolved"

    async def test_other_weights_measure_everybody_anew(self, rig: Rig) -> None:
        """Weights that a person sets count from the next round on; nonsense is refused in words."""
        await rig.connect()
        await rig.tell(rig.contact(), rig.company(), *rig.said("k1", LEAVING))
        before = await self._measured(rig)
        only_answers = dict.fromkeys(DEFAULT_WEIGHTS, 0) | {"answers": 10}
        await rig.engine.health.weigh(ORG, only_answers, by="ann@acme.example")
        assert (await rig.engine.health.weights(ORG)).by_name == only_answers
        after = await self._measured(rig, days=0.01)
        assert before is not None
        assert after == 100
        with pytest.raises(InvalidRequestError, match="At least one ingredient"):
            await rig.engine.health.weigh(ORG, dict.fromkeys(DEFAULT_WEIGHTS, 0), by="ann@acme.example")


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

    async def test_merging_in_a_circle_is_refused(self, rig: Rig) -> None:
        """A request cannot become part of itself by way of another; what is not there is said so."""
        dark, export = await self._two(rig)
        await rig.engine.regroup.merge(ORG, export, dark, by="ann@acme.example")
        for one in (dark, export):
            with pytest.raises(InvalidRequestError, match="one request already"):
                await rig.engine.regroup.merge(ORG, dark, one, by="ann@acme.example")
        with pytest.raises(NotFoundError):
            await rig.engine.regroup.merge(ORG, dark, "nothing", by="ann@acme.example")

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
        place = found.places[0]
        assert (place.conversation_key, place.part_id) == (f"{WORKSPACE}:k1", "k1-0")
        assert LEAVING not in repr(found)

    async def test_removed_data_takes_its_corrections(self, rig: Rig) -> None:
        """With a connection's data its examples and what they changed are gone."""
        await rig.connect()
        (signal,) = await rig.tell(*rig.said("k1", LEAVING))
        await rig.engine.review.confirm(ORG, signal.signal_id, by="ann@acme.example")
        assert await rig.stores.corrections.remove(ORG, CONNECTION) == 1
        assert await rig.stores.corrections.newest(ORG) == []


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
