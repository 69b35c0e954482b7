"""Dismissals that are taken back; a fixture `rig` says over which stores."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from services.detector.domain.wish_words import WISH_DISMISSED
from services.detector.errors import ChangedMeanwhileError, InvalidRequestError, NotFoundError
from shared.contracts.signals import SignalUpdated
from tests.unit.services.detector.rig import LEAVING, LOOKING, NOW, ORG, Rig, kinds
from tests.unit.services.detector.wish_suite import ANN, PLAIN, ZEBRA, title_of, wish_of

if TYPE_CHECKING:
    from services.detector.domain.signal import Signal

BO = "bo@acme.example"


async def dismissed(rig: Rig, *texts: str) -> Signal:
    """Let a customer say this, and a person dismiss what is found in it."""
    await rig.connect()
    (told,) = await rig.tell(rig.contact(), rig.company(), *rig.said("k1", *texts))
    return await rig.engine.review.dismiss(ORG, told.signal_id, "a joke", by=ANN)


async def held(rig: Rig, signal_id: str) -> Signal:
    """Return a signal as it is stored."""
    (found,) = await rig.stores.signals.by_ids(ORG, [signal_id])
    return found


async def demand_of(rig: Rig, request_id: str) -> int:
    """Return how many customers stand behind a request."""
    return (await rig.stores.signals.demand(ORG, [request_id]))[request_id].customers


class TestUndoing:
    """A dismissal that was a mistake leaves nothing behind but two lines of history."""

    async def test_the_signal_is_open_again_and_nobody_is_alerted(self, rig: Rig) -> None:
        """It has its evidence, says who did it and when, and is told as an update; its example is gone."""
        gone = await dismissed(rig, LEAVING)
        start = len(rig.publisher.published)
        after = await rig.engine.review.undo_dismissal(ORG, gone.signal_id, by=BO)
        assert (after.is_open, after.cleared_because, after.dismissal_reason) == (True, None, None)
        assert after.proofs == gone.proofs
        last = after.history[-1]
        assert (last.step, last.by, last.at) == ("reopened", BO, rig.clock.now())
        told = rig.published(start)
        assert [(type(one), one.revision) for one in told] == [(SignalUpdated, after.revision)]
        assert await rig.stores.corrections.newest(ORG) == []

    async def test_a_second_click_changes_nothing(self, rig: Rig) -> None:
        """Nor does taking back what nobody dismissed."""
        gone = await dismissed(rig, LEAVING)
        after = await rig.engine.review.undo_dismissal(ORG, gone.signal_id, by=BO)
        start = len(rig.publisher.published)
        assert await rig.engine.review.undo_dismissal(ORG, gone.signal_id, by=ANN) == after
        assert rig.published(start) == []

    async def test_the_same_words_strengthen_it_and_ring_no_more(self, rig: Rig) -> None:
        """Read again it stays open, later words join it, and it can be dismissed anew."""
        gone = await dismissed(rig, LEAVING)
        await rig.engine.review.undo_dismissal(ORG, gone.signal_id, by=BO)
        assert await rig.tell(*rig.said("k1", LEAVING)) == []
        rig.clock.advance(3_600)
        (told,) = await rig.tell(*rig.said("k2", LEAVING))
        assert (told.signal_id, told.conversation_ids) == (gone.signal_id, ("k2", "k1"))
        again = await rig.engine.review.dismiss(ORG, gone.signal_id, "still a joke", by=ANN)
        assert (again.cleared_because, again.dismissal_reason) == ("dismissed", "still a joke")
        rig.clock.advance(3_600)
        assert kinds(await rig.tell(*rig.said("k3", LEAVING))) == [("detected", "churn_risk")]

    async def test_what_was_said_meanwhile_counts_at_once(self, rig: Rig) -> None:
        """Words that came while it was dismissed, and rang for nobody, join it without their next reading."""
        gone = await dismissed(rig, LEAVING)
        assert await rig.tell(*rig.said("k2", LEAVING, at=NOW - timedelta(hours=3))) == []
        start = len(rig.publisher.published)
        after = await rig.engine.review.undo_dismissal(ORG, gone.signal_id, by=BO)
        assert {proof.conversation_id for proof in after.proofs} == {"k1", "k2"}
        assert after == await held(rig, gone.signal_id)
        assert {type(one) for one in rig.published(start)} == {SignalUpdated}
        start = len(rig.publisher.published)
        assert await rig.engine.review.undo_dismissal(ORG, gone.signal_id, by=ANN) == after
        assert rig.published(start) == []

    async def test_the_customer_needs_somebody_again(self, rig: Rig) -> None:
        """What its open signals ask for is counted as before."""
        gone = await dismissed(rig, LEAVING)
        customer = str(gone.subject.customer_id)
        assert (await rig.stores.signals.attention(ORG, [customer]))[customer].open_signals == 0
        await rig.engine.review.undo_dismissal(ORG, gone.signal_id, by=BO)
        assert (await rig.stores.signals.attention(ORG, [customer]))[customer].open_signals == 1

    async def test_thresholds_are_as_before(self, rig: Rig) -> None:
        """Dismissals that raised one lower it again when they are taken back."""
        await rig.connect()
        for number in range(6):
            await rig.tell(rig.contact(f"p{number}", (f"co{number}",)), rig.company(f"co{number}"))
            await rig.tell(*rig.said(f"k{number}", LOOKING, contact_ids=(f"p{number}",)))
        signals = await rig.signals()
        for one in signals[:5]:
            await rig.engine.review.dismiss(ORG, one.signal_id, "a joke", by=ANN)
        assert await rig.stores.corrections.thresholds(ORG) != {}
        for one in signals[:5]:
            await rig.engine.review.undo_dismissal(ORG, one.signal_id, by=ANN)
        assert await rig.stores.corrections.thresholds(ORG) == {}

    @pytest.mark.parametrize("first", ["confirm", "dismiss"])
    async def test_a_confirmation_counts_whenever_it_was_given(self, rig: Rig, first: str) -> None:
        """Who confirmed it before it was dismissed, or after, is the example again, as of then."""
        await rig.connect()
        (told,) = await rig.tell(*rig.said("k1", LEAVING))
        review, signal_id = rig.engine.review, told.signal_id
        for step in ("confirm", "dismiss") if first == "confirm" else ("dismiss", "confirm"):
            rig.clock.advance(60)
            if step == "confirm":
                at = rig.clock.now()
                await review.confirm(ORG, signal_id, by=BO)
            else:
                await review.dismiss(ORG, signal_id, "a joke", by=ANN)
        rig.clock.advance(60)
        await review.undo_dismissal(ORG, signal_id, by=ANN)
        (found,) = await rig.stores.corrections.newest(ORG)
        assert (found.verdict, found.by, found.at) == ("confirmed", BO, at)

    async def test_what_is_gone_cannot_be_open_again(self, rig: Rig) -> None:
        """Redacted words open nothing; the example went with them."""
        gone = await dismissed(rig, LEAVING)
        assert rig.engine.review.why_final(gone) is None
        await rig.tell(rig.part("k1", 0, "", redacted=True))
        with pytest.raises(InvalidRequestError, match="gone"):
            await rig.engine.review.undo_dismissal(ORG, gone.signal_id, by=BO)

    async def test_an_occasion_that_is_over_stays_closed(self, rig: Rig) -> None:
        """What would expire at once is not opened; the sentence says after how many days."""
        gone = await dismissed(rig, LOOKING)
        rig.clock.advance(61 * 86_400)
        with pytest.raises(InvalidRequestError, match="60 days"):
            await rig.engine.review.undo_dismissal(ORG, gone.signal_id, by=BO)
        assert len(await rig.stores.corrections.newest(ORG)) == 1

    async def test_only_dismissals_are_taken_back(self, rig: Rig) -> None:
        """What is closed for another reason, and what is not there or another's, is refused."""
        await rig.connect()
        (told,) = await rig.tell(*rig.said("k1", LEAVING))
        await rig.tell(rig.deleted("conversation", "k1"))
        review = rig.engine.review
        with pytest.raises(InvalidRequestError, match="not dismissed"):
            await review.undo_dismissal(ORG, told.signal_id, by=BO)
        with pytest.raises(NotFoundError):
            await review.undo_dismissal(ORG, "s-none", by=BO)
        with pytest.raises(NotFoundError):
            await review.undo_dismissal("another-organization", told.signal_id, by=BO)


class TestUndoingBesideOthers:
    """One signal is open for an occasion, whoever else opened one meanwhile."""

    async def test_another_one_took_its_place(self, rig: Rig) -> None:
        """Later words opened another signal: that is said, and nothing changes."""
        gone = await dismissed(rig, LEAVING)
        rig.clock.advance(3_600)
        await rig.tell(*rig.said("k2", LEAVING))
        with pytest.raises(ChangedMeanwhileError, match="Another signal of this kind is open"):
            await rig.engine.review.undo_dismissal(ORG, gone.signal_id, by=BO)
        assert (await held(rig, gone.signal_id)).cleared_because == "dismissed"
        assert len(await rig.stores.corrections.newest(ORG)) == 1

    async def test_another_one_opens_at_the_same_moment(self, rig: Rig) -> None:
        """Whoever stores second is refused, and told so at the next try."""
        gone = await dismissed(rig, LEAVING)
        rig.clock.advance(3_600)
        save: Any = rig.stores.signals.save
        late = [rig.said("k2", LEAVING)]

        async def outrun(changes: Any) -> Any:
            if late:
                await rig.tell(*late.pop())
            return await save(changes)

        rig.stores.signals.save = outrun  # type: ignore[method-assign] # somebody is quicker
        for words in ("being changed by others", "Another signal"):
            with pytest.raises(ChangedMeanwhileError, match=words):
                await rig.engine.review.undo_dismissal(ORG, gone.signal_id, by=BO)
        assert [one.is_open for one in await rig.signals() if one.slot == gone.slot].count(True) == 1

    async def test_words_that_come_at_the_same_moment_join_it(self, rig: Rig) -> None:
        """The dismissal is taken back while later words are settled: they open no second signal."""
        gone = await dismissed(rig, LEAVING)
        rig.clock.advance(3_600)
        save: Any = rig.stores.signals.save
        clicks: list[asyncio.Task[Signal]] = []

        async def outrun(changes: Any) -> Any:
            if not clicks:
                undoing = rig.engine.review.undo_dismissal(ORG, gone.signal_id, by=BO)
                clicks.append(asyncio.create_task(undoing))
                while not (await held(rig, gone.signal_id)).is_open:
                    await asyncio.sleep(0)
            return await save(changes)

        rig.stores.signals.save = outrun  # type: ignore[method-assign] # somebody is quicker
        await rig.tell(*rig.said("k2", LEAVING))
        await clicks[0]
        (opened,) = [one for one in await rig.signals() if one.is_open]
        assert (opened.signal_id, opened.conversation_ids) == (gone.signal_id, ("k2", "k1"))


class TestUndoingWishes:
    """A request is counted and named by whose wish counts again."""

    async def test_it_is_asked_for_and_named_again(self, rig: Rig) -> None:
        """Nobody else stood behind it: its words name it as they did."""
        await rig.connect()
        await rig.tell(*rig.said("k1", ZEBRA))
        mine = await wish_of(rig, "k1")
        request_id, title = str(mine.slot.request_id), mine.title
        await rig.engine.review.dismiss(ORG, mine.signal_id, "a joke", by=ANN)
        assert (await title_of(rig, request_id), await demand_of(rig, request_id)) == (WISH_DISMISSED, 0)
        await rig.engine.review.undo_dismissal(ORG, mine.signal_id, by=BO)
        assert (await title_of(rig, request_id), await demand_of(rig, request_id)) == (title, 1)
        assert (await wish_of(rig, "k1")).title == title

    async def test_the_name_that_others_gave_stays(self, rig: Rig) -> None:
        """It goes by what those call it who still asked."""
        await rig.connect()
        await rig.tell(*rig.said("k1", ZEBRA, at=NOW - timedelta(hours=3)))
        await rig.tell(*rig.said("k2", PLAIN, contact_ids=("lee",)))
        mine = await wish_of(rig, "k1")
        await rig.engine.review.dismiss(ORG, mine.signal_id, "a joke", by=ANN)
        after = await rig.engine.review.undo_dismissal(ORG, mine.signal_id, by=BO)
        request_id = str(mine.slot.request_id)
        assert after.title == await title_of(rig, request_id) == "Dark mode to dashboards"
        assert await demand_of(rig, request_id) == 2

    async def test_what_was_shipped_meanwhile_is_settled(self, rig: Rig) -> None:
        """The customer counts as one who asked; the signal is over as those of the others are."""
        await rig.connect()
        await rig.tell(*rig.said("k1", ZEBRA))
        mine = await wish_of(rig, "k1")
        request_id = str(mine.slot.request_id)
        await rig.engine.review.dismiss(ORG, mine.signal_id, "a joke", by=ANN)
        await rig.engine.review.decide_request(ORG, request_id, "shipped", by=ANN)
        after = await rig.engine.review.undo_dismissal(ORG, mine.signal_id, by=BO)
        assert (after.state, after.cleared_because) == ("cleared", "resolved")
        assert await demand_of(rig, request_id) == 1
        assert await rig.engine.review.undo_dismissal(ORG, mine.signal_id, by=BO) == after
