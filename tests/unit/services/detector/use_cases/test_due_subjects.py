"""Reviews wait until a customer is quiet, and no longer than patience lasts."""

from __future__ import annotations

from tests.unit.services.detector.rig import LEAVING, memory_rig

QUIET, PATIENCE = 2.0, 20.0


async def test_many_touches_make_one_review() -> None:
    """A customer that is read again and again is reviewed when it is quiet, or when patience is over."""
    rig = memory_rig()
    await rig.connect()
    engine = rig.engine
    for number in range(12):
        await engine.admission.conversations(rig.said(f"k{number}", LEAVING))
        assert await engine.due_subjects.round(QUIET, PATIENCE) == 0
        rig.clock.advance(1)
    rig.clock.advance(1)
    assert await engine.due_subjects.round(QUIET, PATIENCE) == 1
    assert await engine.due_subjects.round(QUIET, PATIENCE) == 0


async def test_patience_ends() -> None:
    """A first sync of hours does not put a review off for hours."""
    rig = memory_rig()
    await rig.connect()
    for number in range(int(PATIENCE)):
        await rig.engine.admission.conversations(rig.said(f"k{number}", LEAVING))
        rig.clock.advance(1)
    assert await rig.engine.due_subjects.round(QUIET, PATIENCE) == 1


async def test_one_replica_reviews_at_a_time() -> None:
    """The other one finds the lease taken, and leaves the marks alone."""
    rig = memory_rig()
    await rig.connect()
    await rig.engine.admission.conversations(rig.said("k1", LEAVING))
    rig.clock.advance(QUIET)
    assert await rig.stores.leases.hold("due subjects", "another replica", rig.clock.now(), 15)
    assert await rig.engine.due_subjects.round(QUIET, PATIENCE) == 0
    rig.clock.advance(15)
    assert await rig.engine.due_subjects.round(QUIET, PATIENCE) == 1


async def test_marks_of_a_removed_connection_come_to_nothing() -> None:
    """What a batch marked while its connection's data was removed is dropped, and nothing comes back."""
    rig = memory_rig()
    await rig.connect()
    await rig.engine.admission.conversations(rig.said("k1", LEAVING))
    rig.clock.advance(QUIET)
    (mark,) = await rig.stores.due.due(rig.clock.now(), rig.clock.now(), 10)
    await rig.remove()
    view = await rig.stores.connections.get(rig.organization_id, mark.connection_id)
    assert view is None
    assert await rig.engine.due_subjects.round(QUIET, PATIENCE) == 0
    assert await rig.signals() == []
