"""What a batch waits for, and what happens while it is taken in; a fixture `rig` says over which stores."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shared.contracts.signals import SignalDetected
from shared.errors import PartlyTransientError, PermanentError, TransientError
from tests.unit.services.detector.interruptions import meanwhile
from tests.unit.services.detector.rig import (
    CONNECTION,
    LEAVING,
    NOW,
    ORG,
    UNRELATED,
    WISH,
    WORKSPACE,
    Rig,
    kinds,
)

if TYPE_CHECKING:
    from collections.abc import Collection


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

    async def test_a_batch_whose_partition_moved_takes_nothing_back(self, rig: Rig) -> None:
        """Whoever has the partition now hears the reply while the former one still settles the past."""
        await rig.connect()
        await rig.tell(rig.contact(), rig.company(), *rig.said("k1", UNRELATED))
        other = Rig(rig.stores, rig.publisher, rig.clock).engine
        before = rig.conversation("k1", title="Invoice")
        mirror: Any = rig.stores.mirror
        parts, replies = mirror.parts, [rig.said("k1", UNRELATED, LEAVING)]

        async def overtaken(organization_id: str, keys: Collection[str]) -> Any:
            found = await parts(organization_id, keys)
            if replies:
                await other.admission.conversations(replies.pop())
            return found

        mirror.parts = overtaken
        start = len(rig.publisher.published)
        await rig.engine.admission.conversations([before])
        assert kinds(rig.published(start)) == [("detected", "churn_risk")]
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
