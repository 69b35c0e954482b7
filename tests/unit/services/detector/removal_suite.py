"""What becomes of a connection's data when it is removed; a fixture `rig` says over which stores."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from services.detector.domain.customer_list import CustomerRow
from shared.contracts.connections import DataRemoved
from shared.errors import TransientError
from tests.unit.services.detector.interruptions import expect_nothing, meanwhile
from tests.unit.services.detector.rig import (
    ACC1,
    CONNECTION,
    LEAVING,
    NORTHWIND,
    NOW,
    ORG,
    WISH,
    WORKSPACE,
    Rig,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.detector.domain.change import Change


class TestRemoval:
    """A connection's data goes, whatever crosses the order."""

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

    async def test_an_order_waits_for_signals_that_others_keep_changing(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is no order that nobody can carry out: put aside, it would leave the data where it is."""
        await rig.connect()
        await rig.tell(rig.contact(), rig.company(), *rig.said("k1", LEAVING))

        async def refused(changes: Sequence[Change]) -> list[str]:
            return [one.after.signal_id for one in changes]

        with monkeypatch.context() as others:
            others.setattr(rig.stores.signals, "save", refused)
            with pytest.raises(TransientError):
                await rig.engine.remove_data.ordered(rig.removal())
        await rig.remove()
        assert await rig.signals() == []

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

    async def test_each_order_has_our_word_once(self, rig: Rig) -> None:
        """A connector that was set back to before the first order gives another, and waits for its word."""
        await rig.connect()
        await rig.tell(rig.contact(), rig.company(), *rig.said("k1", LEAVING))
        for removal_id in ("rem1", "rem1", "rem2", "rem2", "rem1"):
            again = {"removal_id": removal_id}
            await rig.engine.remove_data.ordered(rig.removal().model_copy(update=again))
            await rig.engine.remove_data.source_is_dry(rig.dry().model_copy(update=again))
        words = [one for one in rig.publisher.published if isinstance(one, DataRemoved)]
        assert [(word.removal_id, word.documents > 0) for word in words] == [("rem1", True), ("rem2", False)]

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
