"""What becomes of customers' words in requests; a fixture `rig` says over which stores."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from services.detector.domain.corrections import correction_of
from services.detector.domain.signal import WORDS_REMOVED
from services.detector.domain.wish_words import WISH_DISMISSED
from services.detector.use_cases.show import Show
from shared.contracts.signals import SignalDetected
from shared.errors import TransientError
from tests.unit.services.detector.fakes.requests import MemoryRequests
from tests.unit.services.detector.rig import NOW, ORG, WISH, kinds

if TYPE_CHECKING:
    from services.detector.domain.wishes import Request
    from tests.unit.services.detector.rig import Rig

ANN = "ann@acme.example"
ZEBRA = "It would be great if you could add a zebra dark mode to the dashboard."
PLAIN = "Please add dark mode to dashboards."
EXPORT = "It would be great if you could export invoices to a spreadsheet."


def elsewhere(records: list[Any]) -> list[Any]:
    """Return these records as another connection with another workspace has them."""
    return [one.model_copy(update={"connection_id": "con2", "workspace_id": "ws2"}) for one in records]


async def requests_like(rig: Rig, *tokens: str) -> list[Request]:
    """Return the requests that any of these words may find, whether a signal is about them or not."""
    return await rig.stores.requests.candidates(ORG, tokens)


async def merged_by_hand(rig: Rig) -> tuple[str, str]:
    """Let one customer's wish be made one with another's; return the one that went, and the other."""
    await rig.tell(
        *rig.said("k1", ZEBRA, contact_ids=("dana",)), *rig.said("k2", EXPORT, contact_ids=("lee",))
    )
    ids = {one.proofs[0].conversation_id: one.slot.request_id for one in await rig.signals(state="open")}
    await rig.engine.regroup.merge(ORG, ids["k1"], ids["k2"], by=ANN)
    return ids["k1"], ids["k2"]


async def shared_by_two(rig: Rig) -> str:
    """Let customers of two workspaces wish for the same, in this one's words; return the request's id."""
    await rig.connect()
    await rig.connect(connection_id="con2", workspace_id="ws2")
    await rig.tell(*rig.said("k1", ZEBRA, contact_ids=("dana",), at=NOW - timedelta(hours=3)))
    await rig.tell(*elsewhere(rig.said("k2", PLAIN, contact_ids=("lee",))))
    (mine,) = await rig.signals()
    (other,) = await rig.stores.signals.by_workspace(ORG, "ws2")
    assert mine.title == other.title
    assert "zebra" in other.title.casefold()
    assert mine.slot == other.slot
    return str(mine.slot.request_id)


async def expect_no_zebra(rig: Rig, request_id: str) -> None:
    """Fail unless what the other workspace said is all that the request and its signals tell."""
    held = await rig.stores.requests.by_ids(ORG, [request_id])
    left = await rig.stores.signals.by_request(ORG, request_id)
    assert "zebra" not in repr((held, left)).casefold()
    assert await requests_like(rig, "zebra") == []
    (signal,) = left
    assert (signal.is_open, signal.title) == (True, "Dark mode to dashboards")
    assert held[request_id].title == signal.title


def show(rig: Rig) -> Show:
    """Return what looks things up for pages; without lists, which need a database."""
    lists: Any = None
    return Show(
        mirror=rig.stores.mirror,
        signals=rig.stores.signals,
        customers=rig.stores.customers,
        requests=rig.stores.requests,
        connections=rig.stores.connections,
        health=rig.stores.health,
        lists=lists,
        moods=rig.engine.moods,
    )


class TestRemovedWishes:
    """Removing a connection's data takes its customers' words out of requests."""

    async def test_requests_that_were_made_one_go_together(self, rig: Rig) -> None:
        """Nobody's signal is about the request that was merged away, and it goes with the one it became."""
        await rig.connect()
        gone, kept = await merged_by_hand(rig)
        await rig.remove()
        assert await rig.stores.requests.by_ids(ORG, [gone, kept]) == {}
        await rig.connect(connection_id="con3")
        records = rig.said("k1", ZEBRA, contact_ids=("dana",))
        told = await rig.tell(*(one.model_copy(update={"connection_id": "con3"}) for one in records))
        assert kinds(told) == [("detected", "feature_request")]
        (signal,) = await rig.signals(state="open")
        request = await rig.engine.review.decide_request(ORG, signal.slot.request_id, "planned", by=ANN)
        assert (request.request_id, request.merged_into) == (signal.slot.request_id, None)

    @pytest.mark.parametrize("calls", [1, 2])
    async def test_what_was_made_one_goes_also_where_it_was_cut_short(self, rig: Rig, calls: int) -> None:
        """A process died between deleting the one and the other; the order comes again and finds both."""
        await rig.connect()
        gone, kept = await merged_by_hand(rig)
        delete: Any = rig.stores.requests.delete
        left = [TransientError("killed"), *[None] * (calls - 1)]

        async def dies(*arguments: Any) -> int:
            count = await delete(*arguments)
            if left and (error := left.pop()):
                raise error
            return int(count)

        rig.stores.requests.delete = dies  # type: ignore[assignment, method-assign] # a crash at this place
        with pytest.raises(TransientError):
            await rig.remove()
        await rig.remove()
        assert await rig.stores.requests.by_ids(ORG, [gone, kept]) == {}

    async def test_a_request_that_others_share_loses_the_words(self, rig: Rig) -> None:
        """It is named and recognised by what the workspace that is left said, on that one's signals too."""
        request_id = await shared_by_two(rig)
        start = len(rig.publisher.published)
        await rig.remove()
        await expect_no_zebra(rig, request_id)
        told = rig.published(start)
        assert sorted(kinds(told)) == [("cleared", "feature_request"), ("updated", "feature_request")]
        assert "zebra" not in repr(told[0].title + told[1].title).casefold()

    async def test_a_merged_request_that_others_share_loses_the_words(self, rig: Rig) -> None:
        """The request that was merged away keeps neither title nor wordings that only went."""
        await rig.connect()
        await rig.connect(connection_id="con2", workspace_id="ws2")
        await rig.tell(*rig.said("k1", ZEBRA, contact_ids=("dana",)))
        await rig.tell(*elsewhere(rig.said("k2", EXPORT, contact_ids=("lee",))))
        (mine,) = await rig.signals()
        (other,) = await rig.stores.signals.by_workspace(ORG, "ws2")
        gone, kept = str(mine.slot.request_id), str(other.slot.request_id)
        await rig.engine.regroup.merge(ORG, gone, kept, by=ANN)
        await rig.remove()
        held = await rig.stores.requests.by_ids(ORG, [gone, kept])
        left = await rig.stores.signals.by_workspace(ORG, "ws2")
        assert "zebra" not in repr((held, left)).casefold()
        assert held[kept].title == left[0].title != WORDS_REMOVED

    async def test_a_request_whose_whole_is_gone_stands_for_itself(self, rig: Rig) -> None:
        """What was merged into a request that is not there any more can be looked at, decided and left."""
        await rig.connect()
        gone, kept = await merged_by_hand(rig)
        await rig.stores.signals.delete(ORG, [one.signal_id for one in await rig.signals()])
        await rig.stores.requests.delete(ORG, [kept])
        await rig.tell(*rig.said("k3", ZEBRA, contact_ids=("ann",)))
        (signal,) = await rig.signals()
        shown = await show(rig).request(ORG, gone)
        assert (shown.row.request.request_id, shown.signals) == (signal.slot.request_id, [signal])
        assert (await rig.engine.review.decide_request(ORG, gone, "planned", by=ANN)).state == "planned"
        await rig.remove()
        assert await rig.stores.requests.by_ids(ORG, [gone]) == {}

    @pytest.mark.parametrize("survived", [0, 1])
    async def test_a_removal_cut_short_leaves_no_words(self, rig: Rig, survived: int) -> None:
        """A process died before, or after, it stored the others' signals; the order comes again."""
        request_id = await shared_by_two(rig)
        save: Any = rig.stores.signals.save
        left = [TransientError("killed"), *[None] * survived]

        async def dies(changes: Any) -> Any:
            if left and (error := left.pop()):
                raise error
            return await save(changes)

        rig.stores.signals.save = dies  # type: ignore[method-assign] # a crash at this place
        with pytest.raises(TransientError):
            await rig.remove()
        await rig.remove()
        await expect_no_zebra(rig, request_id)

    async def test_a_signal_that_changed_meanwhile_loses_the_words_too(self, rig: Rig) -> None:
        """Somebody writes to the other workspace's signal while the words go; its title goes all the same."""
        request_id = await shared_by_two(rig)
        (other,) = await rig.stores.signals.by_workspace(ORG, "ws2")
        save: Any = rig.stores.signals.save
        busy = [ANN]

        async def interrupted(changes: Any) -> Any:
            if busy:
                await rig.engine.review.assign(ORG, other.signal_id, busy.pop(), by=ANN)
            return await save(changes)

        rig.stores.signals.save = interrupted  # type: ignore[method-assign] # somebody is quicker
        await rig.remove()
        await expect_no_zebra(rig, request_id)


FAINT = "It would be nice to have a zebra dark mode."


async def dismissed_often(rig: Rig) -> None:
    """Let people dismiss wishes until FAINT is not sure enough to open a signal."""
    await rig.tell(*rig.said("k0", EXPORT, contact_ids=("ann",)))
    (signal, *_) = [one for one in await rig.signals() if one.proofs[0].conversation_id == "k0"]
    said = correction_of(signal, "dismissed", None, by=ANN, at=NOW)
    for number in range(9):
        await rig.stores.corrections.keep(replace(said, signal_id=f"s{number}", confidence=0.9))


class TestRefusedWishes:
    """A wish that opens no signal leaves no words that nothing would take away again."""

    async def test_a_wish_below_the_threshold_makes_no_request(self, rig: Rig) -> None:
        """What people's corrections refuse is kept nowhere, and titles no other customer's signal."""
        await rig.connect()
        await dismissed_often(rig)
        assert await rig.tell(*rig.said("k1", FAINT, contact_ids=("lee",))) == []
        assert await requests_like(rig, "zebra") == []
        (told,) = await rig.tell(*rig.said("k2", WISH))
        assert told.title == "Dark mode to the dashboard"

    async def test_a_wish_below_the_threshold_leaves_no_wording(self, rig: Rig) -> None:
        """It joins the signal that its customer has, and the request takes up no words of it."""
        await rig.connect()
        await rig.tell(*rig.said("k1", WISH))
        await dismissed_often(rig)
        await rig.tell(*rig.said("k2", FAINT), *rig.said("k3", FAINT, contact_ids=("lee",)))
        assert await requests_like(rig, "zebra") == []
        (signal,) = [one for one in await rig.signals(state="open") if "mode" in one.title]
        assert {proof.conversation_id for proof in signal.proofs} == {"k1", "k2"}

    async def test_a_faint_wish_finds_what_is_made_beside_it(self, rig: Rig) -> None:
        """The surer wish that comes after it makes the request, and it is evidence for the same."""
        await rig.connect()
        await dismissed_often(rig)
        (told,) = await rig.tell(*rig.said("k1", FAINT, WISH))
        assert {one.part_id for one in told.evidence} == {"k1-0", "k1-1"}

    async def test_a_wish_that_holds_a_signal_keeps_it(self, rig: Rig) -> None:
        """What was opened before people asked for more stays where it is when it is read again."""
        await rig.connect()
        await rig.tell(*rig.said("k1", FAINT, contact_ids=("lee",)))
        await dismissed_often(rig)
        assert await rig.tell(*rig.said("k1", FAINT, "Thanks!", contact_ids=("lee",))) == []
        assert [one.is_open for one in await rig.signals() if "Zebra" in one.title] == [True]


async def wish_of(rig: Rig, conversation: str) -> Any:
    """Return the signal that rests on a wish in this conversation."""
    (found,) = await rig.stores.signals.by_sources(ORG, [f"ws1:{conversation}"])
    return found


async def title_of(rig: Rig, request_id: str) -> str:
    """Return what a request is called."""
    return (await rig.stores.requests.by_ids(ORG, [request_id]))[request_id].title


class TestDismissedWishes:
    """What a person dismissed names nothing that others ask for; words that nothing proves are nowhere."""

    async def _two(self, rig: Rig) -> tuple[Any, Any]:
        """Let two customers wish for the same, in the first one's words; return their signals."""
        await rig.connect()
        await rig.tell(*rig.said("k1", ZEBRA, at=NOW - timedelta(hours=3)))
        await rig.tell(*rig.said("k2", PLAIN, contact_ids=("lee",)))
        mine, other = await wish_of(rig, "k1"), await wish_of(rig, "k2")
        assert (mine.slot, mine.title) == (other.slot, other.title)
        return mine, other

    async def test_the_title_is_of_those_who_still_ask(self, rig: Rig) -> None:
        """Their signals show it; the dismissed one goes on showing what was dismissed."""
        mine, other = await self._two(rig)
        await rig.engine.review.dismiss(ORG, mine.signal_id, "a joke", by=ANN)
        assert await title_of(rig, mine.slot.request_id) == "Dark mode to dashboards"
        mine, other = await wish_of(rig, "k1"), await wish_of(rig, "k2")
        assert (mine.cleared_because, "Zebra" in mine.title) == ("dismissed", True)
        assert (other.is_open, other.title) == (True, "Dark mode to dashboards")
        demand = (await rig.stores.signals.demand(ORG, [mine.slot.request_id]))[mine.slot.request_id]
        assert demand.customers == 1
        await rig.tell(*rig.said("k1", ZEBRA, at=NOW - timedelta(hours=3)))
        await rig.tell(*rig.said("k2", PLAIN, "Thanks!", contact_ids=("lee",)))
        assert await title_of(rig, mine.slot.request_id) == (await wish_of(rig, "k2")).title == other.title

    async def test_who_asked_otherwise_changes_no_title(self, rig: Rig) -> None:
        """Dismissing a wish that the title is not made of leaves it."""
        mine, other = await self._two(rig)
        await rig.engine.review.dismiss(ORG, other.signal_id, "a joke", by=ANN)
        assert await title_of(rig, mine.slot.request_id) == mine.title

    async def test_who_asks_next_names_it(self, rig: Rig) -> None:
        """Where nobody stands behind a request, the first who does names it, and no refused words do."""
        await rig.connect()
        await rig.tell(*rig.said("k1", ZEBRA))
        mine = await wish_of(rig, "k1")
        await rig.engine.review.dismiss(ORG, mine.signal_id, "a joke", by=ANN)
        assert await title_of(rig, mine.slot.request_id) == WISH_DISMISSED
        assert (await wish_of(rig, "k1")).title == mine.title
        await rig.tell(*rig.said("k0", PLAIN, at=NOW - timedelta(days=2)))
        assert await title_of(rig, mine.slot.request_id) == WISH_DISMISSED
        (told,) = await rig.tell(*rig.said("k2", PLAIN, contact_ids=("lee",)))
        other = await wish_of(rig, "k2")
        assert (told.title, other.slot) == ("Dark mode to dashboards", mine.slot)
        assert await title_of(rig, mine.slot.request_id) == told.title

    @pytest.mark.parametrize("somebody_else", ["", "Dark mode"])
    async def test_who_names_it_at_the_same_moment(self, rig: Rig, somebody_else: str) -> None:
        """A request that others change meanwhile is looked at again: one of two titles stays."""
        mine, _ = await self._two(rig)
        request_id = mine.slot.request_id
        for one in await rig.signals():
            await rig.engine.review.dismiss(ORG, one.signal_id, "a joke", by=ANN)
        reword: Any = rig.stores.requests.reword
        busy = [somebody_else]

        async def outrun(organization_id: str, before: Request, after: Request) -> bool:
            if busy:
                other = replace(before, title=busy.pop() or before.title, wordings=before.wordings[:1])
                await reword(organization_id, before, other)
            return bool(await reword(organization_id, before, after))

        rig.stores.requests.reword = outrun  # type: ignore[method-assign] # somebody is quicker
        await rig.tell(*rig.said("k3", PLAIN, contact_ids=("ann",)))
        assert await title_of(rig, request_id) == (somebody_else or "Dark mode to dashboards")

    async def test_a_name_that_was_not_kept_is_given_by_the_next_reading(self, rig: Rig) -> None:
        """Others change the request all the time; whoever asks is read again, and names it."""
        await rig.connect()
        await rig.tell(*rig.said("k1", ZEBRA))
        mine = await wish_of(rig, "k1")
        await rig.engine.review.dismiss(ORG, mine.signal_id, "a joke", by=ANN)
        reword = rig.stores.requests.reword

        async def refused(*_: object) -> bool:
            return False

        rig.stores.requests.reword = refused  # type: ignore[assignment, method-assign] # somebody is always quicker
        await rig.tell(*rig.said("k2", PLAIN, contact_ids=("lee",)))
        assert await title_of(rig, mine.slot.request_id) == WISH_DISMISSED
        rig.stores.requests.reword = reword  # type: ignore[method-assign] # nobody is any more
        await rig.tell(*rig.said("k2", PLAIN, contact_ids=("lee",)))
        assert await title_of(rig, mine.slot.request_id) == (await wish_of(rig, "k2")).title

    async def test_a_dismissed_wish_names_nothing_when_it_is_read_again(self, rig: Rig) -> None:
        """It holds its request, also beside others who ask for the same."""
        await rig.connect()
        await rig.tell(*rig.said("k1", ZEBRA))
        mine = await wish_of(rig, "k1")
        await rig.engine.review.dismiss(ORG, mine.signal_id, "a joke", by=ANN)
        await rig.tell(*rig.said("k1", ZEBRA))
        assert await title_of(rig, mine.slot.request_id) == WISH_DISMISSED
        await rig.tell(*rig.said("k1", ZEBRA), *rig.said("k2", PLAIN, contact_ids=("lee",)))
        assert await title_of(rig, mine.slot.request_id) == "Dark mode to dashboards"

    async def test_refused_words_are_kept_nowhere(self, rig: Rig) -> None:
        """What was said before the dismissed words opens nothing, and the request takes up none of it."""
        await rig.connect()
        await rig.tell(*rig.said("k1", WISH))
        await rig.engine.review.dismiss(ORG, (await wish_of(rig, "k1")).signal_id, "a joke", by=ANN)
        assert await rig.tell(*rig.said("k0", ZEBRA, at=NOW - timedelta(days=2))) == []
        assert await requests_like(rig, "zebra") == []

    async def test_redacted_words_of_a_dismissed_wish_go(self, rig: Rig) -> None:
        """What a request is recognised by goes with the words, also where they were dismissed before."""
        mine, _ = await self._two(rig)
        await rig.engine.review.dismiss(ORG, mine.signal_id, "a joke", by=ANN)
        await rig.tell(rig.part("k1", 0, "", redacted=True))
        assert await requests_like(rig, "zebra") == []
        left = await rig.stores.signals.by_request(ORG, mine.slot.request_id)
        assert "zebra" not in repr(left).casefold()


class TestDeathBeforeTheSignal:
    """A process died after it had looked for a wish's request, before its signal was stored."""

    async def _dies(self, rig: Rig, store: str, write: str, *, calls: int = 0) -> list[Any]:
        """Let a process die at this write, after so many, while it takes a wish in; return the records."""
        await rig.connect()
        records = rig.said("k1", ZEBRA)
        held: Any = getattr(rig.stores, store)
        proper = getattr(held, write)

        left = [None] * calls

        async def dies(*args: Any, **named: Any) -> Any:
            if left:
                left.pop()
                return await proper(*args, **named)
            setattr(held, write, proper)
            raise TransientError("The process died.")

        setattr(held, write, dies)
        with pytest.raises(TransientError):
            await rig.tell(*records)
        return records

    async def test_words_that_are_gone_when_they_come_again_made_no_request(self, rig: Rig) -> None:
        """The conversation was deleted before the batch came again: no request, and nobody's title."""
        await self._dies(rig, "signals", "save")
        await rig.tell(rig.deleted("conversation", "k1"))
        assert await requests_like(rig, "zebra") == []
        (told,) = await rig.tell(*rig.said("k2", PLAIN, contact_ids=("lee",)))
        assert told.title == "Dark mode to dashboards"

    async def test_a_removal_finds_no_request_without_a_signal(self, rig: Rig) -> None:
        """The order to remove came before the batch came again, which is dropped then."""
        records = await self._dies(rig, "signals", "save")
        await rig.remove()
        await rig.tell(*records)
        assert await requests_like(rig, "zebra", "dark", "mode") == []

    @pytest.mark.parametrize(("write", "calls"), [("add", 0), ("save_demand", 0), ("save_demand", 1)])
    async def test_a_signal_without_its_request_gets_it(self, rig: Rig, write: str, calls: int) -> None:
        """It died between the two; the request is made when the batch comes again, counted, of that very id.

        Also where somebody else asked for the same meanwhile, so that nobody is told twice.
        """
        records = await self._dies(rig, "requests", write, calls=calls)
        start = len(rig.publisher.published)
        await rig.tell(*rig.said("k2", PLAIN, contact_ids=("lee",)))
        await rig.tell(*records)
        mine = await wish_of(rig, "k1")
        assert mine.is_open
        assert await title_of(rig, mine.slot.request_id) == mine.title
        told = [one.signal_id for one in rig.published(start) if isinstance(one, SignalDetected)]
        assert mine.signal_id not in told
        if isinstance(rig.stores.requests, MemoryRequests):
            assert rig.stores.requests.demand[mine.slot.request_id].customers >= 1

    async def test_a_wording_that_was_not_kept_is_kept_again(self, rig: Rig) -> None:
        """The wish holds its signal already, and the request learns its words all the same."""
        await rig.connect()
        await rig.tell(*rig.said("k0", WISH, contact_ids=("lee",)))
        records = await self._dies(rig, "requests", "add_wording")
        assert await requests_like(rig, "zebra") == []
        await rig.tell(*records)
        assert len(await requests_like(rig, "zebra")) == 1
