"""How many conversations people take part in; a fixture `rig` says over which stores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from services.detector.use_cases import count_people
from shared.errors import TransientError
from tests.unit.services.detector.rig import ORG, UNRELATED, WORKSPACE

if TYPE_CHECKING:
    from tests.unit.services.detector.rig import Rig

DANA, LEE = f"{WORKSPACE}:dana", f"{WORKSPACE}:lee"


class Counted:
    """Notes what is kept of each person."""

    def __init__(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        self.of: dict[str, int] = {}
        counts = rig.stores.people_counts
        save = counts.save

        async def noted(organization_id: str, counted: Any) -> None:
            await save(organization_id, counted)
            waiting = {one.key for one in await counts.due(rig.clock.now(), 100)}
            self.of.update((one.key, count) for one, count in counted if one.key not in waiting)

        monkeypatch.setattr(counts, "save", noted)


class TestCounting:
    """Numbers follow whatever order records come in, and whoever dies."""

    @pytest.fixture
    def counted(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Counted:
        return Counted(rig, monkeypatch)

    async def test_conversations_before_and_after_their_people(self, rig: Rig, counted: Counted) -> None:
        """A person who arrives last has all that was said before."""
        await rig.connect()
        await rig.tell(*rig.said("k1", UNRELATED, contact_ids=("dana", "lee")))
        await rig.tell(rig.contact(), rig.contact("lee"), rig.contact("kim"))
        await rig.tell(*rig.said("k2", UNRELATED), *rig.said("k2", UNRELATED))
        await rig.count_people_all()
        assert counted.of == {DANA: 2, LEE: 1, f"{WORKSPACE}:kim": 0}
        assert not await rig.engine.count_people.work()

    async def test_a_stream_is_counted_when_it_rests(self, rig: Rig, counted: Counted) -> None:
        """Nobody is counted for each record; who is marked again meanwhile does not wait longer for it."""
        await rig.connect()
        await rig.tell(rig.contact())
        await rig.count_people_all()
        for number in range(3):
            await rig.tell(*rig.said(f"k{number}", UNRELATED))
            assert not await rig.engine.count_people.work()
            rig.clock.advance(0.5)
        rig.clock.advance(0.5)
        assert await rig.engine.count_people.work()
        assert counted.of == {DANA: 3}

    async def test_who_leaves_and_what_goes(self, rig: Rig, counted: Counted) -> None:
        """People who take part no more have one less, and so has everybody of a deleted conversation."""
        await rig.connect()
        await rig.tell(rig.contact(), rig.contact("lee"))
        await rig.tell(*rig.said("k1", UNRELATED, contact_ids=("dana", "lee")), *rig.said("k2", UNRELATED))
        await rig.count_people_all()
        assert counted.of == {DANA: 2, LEE: 1}
        await rig.tell(rig.conversation("k1", contact_ids=("lee",)))
        await rig.count_people_all()
        assert counted.of == {DANA: 1, LEE: 1}
        await rig.tell(rig.deleted("conversation", "k1"))
        await rig.count_people_all()
        assert counted.of == {DANA: 1, LEE: 0}

    async def test_who_left_before_a_death_is_counted(
        self, rig: Rig, counted: Counted, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The process died when the conversation was stored; the one that comes again does not know."""
        await rig.connect()
        await rig.tell(rig.contact(), rig.contact("lee"))
        await rig.tell(*rig.said("k1", UNRELATED, contact_ids=("dana", "lee")))
        await rig.count_people_all()
        leaving = rig.conversation("k1", contact_ids=("lee",))
        store = rig.stores.mirror.store

        async def dies(*arguments: Any, **named: Any) -> None:
            await store(*arguments, **named)
            raise TransientError("The process died.")

        with monkeypatch.context() as dying:
            dying.setattr(rig.stores.mirror, "store", dies)
            with pytest.raises(TransientError):
                await rig.tell(leaving)
        await rig.tell(leaving)
        await rig.count_people_all()
        assert counted.of == {DANA: 0, LEE: 1}

    async def test_who_left_is_counted_after_a_slow_store_and_a_death(
        self, rig: Rig, counted: Counted, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The database took its time: who was about to leave is not counted before it is done."""
        await rig.connect()
        await rig.tell(rig.contact(), rig.contact("lee"))
        await rig.tell(*rig.said("k1", UNRELATED, contact_ids=("dana", "lee")))
        await rig.count_people_all()
        leaving = rig.conversation("k1", contact_ids=("lee",))
        store = rig.stores.mirror.store

        async def slow(*arguments: Any, **named: Any) -> None:
            rig.clock.advance(30)
            await rig.engine.count_people.work()
            await store(*arguments, **named)
            raise TransientError("The answer did not come in time.")

        with monkeypatch.context() as dying:
            dying.setattr(rig.stores.mirror, "store", slow)
            with pytest.raises(TransientError):
                await rig.tell(leaving)
        await rig.tell(leaving)
        await rig.count_people_all()
        assert counted.of == {DANA: 0, LEE: 1}

    async def test_who_is_marked_while_being_counted_is_counted_again(
        self, rig: Rig, counted: Counted, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A conversation that arrives between the count and its keeping is not lost."""
        await rig.connect()
        await rig.tell(rig.contact(), *rig.said("k1", UNRELATED))
        rig.clock.advance(60)
        counts = rig.stores.people_counts
        count = counts.count
        arriving = [rig.said("k2", UNRELATED)]

        async def outrun(organization_id: str, keys: Any) -> dict[str, int]:
            found = await count(organization_id, keys)
            if arriving:
                await rig.tell(*arriving.pop())
            return found

        monkeypatch.setattr(counts, "count", outrun)
        await rig.count_people_all()
        assert counted.of == {DANA: 2}

    async def test_who_comes_back_is_counted(self, rig: Rig, counted: Counted) -> None:
        """A deleted person's number goes with the person, and is found again when they return."""
        await rig.connect()
        await rig.tell(rig.contact(), *rig.said("k1", UNRELATED))
        await rig.count_people_all()
        await rig.tell(rig.deleted("contact", "dana"))
        await rig.count_people_all()
        counted.of.clear()
        await rig.tell(rig.contact())
        await rig.count_people_all()
        assert counted.of == {DANA: 1}

    async def test_many_people_hold_up_no_other_organization(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Organizations take turns, whoever's people have waited longest."""
        monkeypatch.setattr(count_people, "_AT_ONCE", 2)
        for name in (ORG, "zeta"):
            await rig.connect(organization_id=name)
        await rig.tell(*(rig.contact(f"c{number}") for number in range(6)))
        await rig.tell(rig.contact("zoe", organization_id="zeta"))
        rig.clock.advance(60)
        turns: list[tuple[str, int]] = []
        save = rig.stores.people_counts.save

        async def noted(organization_id: str, counted: Any) -> None:
            turns.append((organization_id, len(counted)))
            await save(organization_id, counted)

        monkeypatch.setattr(rig.stores.people_counts, "save", noted)
        await rig.count_people_all()
        assert turns == [(ORG, 2), ("zeta", 1), (ORG, 2), (ORG, 2)]
