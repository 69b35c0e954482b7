"""Reviews wait until a customer is quiet, and no longer than patience lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.errors import TransientError
from tests.unit.services.detector.rig import LEAVING, memory_rig

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.detector.domain.identity import Subject

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


async def test_who_cannot_be_reviewed_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """All others are reviewed in the same round; the culprit is tried again later, and not at once."""
    rig = memory_rig()
    await rig.connect()
    accounts: Any = rig.engine.due_subjects._accounts
    review, tried = accounts.review, list[list[str]]()

    async def failing(organization_id: str, subjects: Sequence[Subject], **named: Any) -> Any:
        tried.append([one.id for one in subjects])
        if "ws1:p2" in tried[-1]:
            raise ArithmeticError("a defect")
        return await review(organization_id, subjects, **named)

    monkeypatch.setattr(accounts, "review", failing)
    for number in range(5):
        person = f"p{number}"
        await rig.engine.admission.conversations(
            [rig.part(person, 0, LEAVING), rig.conversation(person, contact_ids=(person,))]
        )
    rig.clock.advance(QUIET)
    assert await rig.engine.due_subjects.round(QUIET, PATIENCE) == 5
    assert {one for some in tried if "ws1:p2" not in some for one in some} == {
        f"ws1:p{number}" for number in (0, 1, 3, 4)
    }
    tried.clear()
    assert await rig.engine.due_subjects.round(QUIET, PATIENCE) == 0
    rig.clock.advance(10 * 60)
    assert await rig.engine.due_subjects.round(QUIET, PATIENCE) == 0
    rig.clock.advance(QUIET)
    assert await rig.engine.due_subjects.round(QUIET, PATIENCE) == 1
    assert tried == [["ws1:p2"]]


async def test_what_is_away_is_nobody_s_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """The round ends, and everybody stays due."""
    rig = memory_rig()
    await rig.connect()

    async def away(*_: Any, **__: Any) -> Any:
        raise TransientError("The database is away.")

    await rig.engine.admission.conversations(rig.said("k1", LEAVING))
    rig.clock.advance(QUIET)
    with monkeypatch.context() as patch:
        patch.setattr(rig.engine.due_subjects._accounts, "review", away)
        with pytest.raises(TransientError):
            await rig.engine.due_subjects.round(QUIET, PATIENCE)
    assert await rig.engine.due_subjects.round(QUIET, PATIENCE) == 1
