"""What is read again, runs out, or was left behind; a fixture `rig` says over which stores."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from services.detector.domain.mirror import Progress
from services.detector.domain.occasion import Slot
from shared.contracts.signals import SignalDetected
from shared.errors import TransientError
from tests.unit.services.detector.rig import (
    CONNECTION,
    LEAVING,
    LOOKING,
    NORTHWIND,
    NOW,
    ORG,
    STAYING,
    UNRELATED,
    WISH,
    WORKSPACE,
    Rig,
    kinds,
    unreachable,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection


def _noting(save: Callable[..., Awaitable[None]], counted: list[str]) -> Callable[..., Awaitable[None]]:
    """Return `save`, which also notes whose numbers it is given."""

    async def noted(organization_id: str, numbers: dict[str, object]) -> None:
        counted.extend(numbers)
        await save(organization_id, numbers)

    return noted


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
        (found,) = await rig.stores.signals.overdue(ORG, cuts, now, 10)
        (signal,) = await rig.stores.signals.by_ids(ORG, [found])
        assert signal.slot.explicit is False
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
            away.setattr(rig.stores.customers, "save_attention", unreachable)
            with pytest.raises(TransientError):
                await rig.tell(*records)
        counted: list[str] = []
        for store, name in ((rig.stores.customers, "save_attention"), (rig.stores.requests, "save_demand")):
            monkeypatch.setattr(store, name, _noting(getattr(store, name), counted))
        await rig.tell(*records)
        (signal,) = await rig.signals()
        assert counted == [signal.slot.request_id]
        assert await rig.engine.rounds.recount() == 0
        rig.clock.advance(60)
        assert await rig.engine.rounds.recount() == 1
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
