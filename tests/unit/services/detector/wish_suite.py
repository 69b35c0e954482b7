"""What becomes of customers' words in requests; a fixture `rig` says over which stores."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from services.detector.domain.corrections import correction_of
from services.detector.domain.signal import WORDS_REMOVED
from services.detector.use_cases.show import Show
from shared.errors import TransientError
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
