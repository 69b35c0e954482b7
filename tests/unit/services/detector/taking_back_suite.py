"""What becomes of words that are redacted, edited or deleted; a fixture `rig` says over which stores."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from services.detector.domain.signal import WORDS_REMOVED
from shared.contracts.signals import SignalCleared
from shared.errors import TransientError
from tests.unit.services.detector.rig import (
    FURIOUS,
    LEAVING,
    NORTHWIND,
    NOW,
    ORG,
    WISH,
    WORKSPACE,
    Rig,
    kinds,
    unreachable,
)

if TYPE_CHECKING:
    from services.detector.domain.wishes import Request


ZEBRA = "It would be great if you could add a zebra dark mode to the dashboard."


async def requests_of(rig: Rig) -> list[Request]:
    """Return the requests that signals are about."""
    ids = {one.slot.request_id for one in await rig.signals() if one.slot.request_id}
    return list((await rig.stores.requests.by_ids(ORG, ids)).values())


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
            dying.setattr(rig.stores.signals, "save", unreachable)
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

    async def test_words_of_a_deleted_conversation_that_come_late_are_not_kept(self, rig: Rig) -> None:
        """A dead letter that is fed in again, or a replica that lost its partition, may bring them."""
        await rig.connect()
        part, record = rig.said("k1", LEAVING)
        await rig.tell(part, record)
        await rig.tell(rig.deleted("conversation", "k1"))
        await rig.tell(part)
        await rig.tell(part, record)
        assert await rig.stores.mirror.parts(ORG, [f"{WORKSPACE}:k1"]) == {}
        await rig.tell(*rig.said("k1", LEAVING))
        assert len((await rig.stores.mirror.parts(ORG, [f"{WORKSPACE}:k1"]))[f"{WORKSPACE}:k1"]) == 1

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
