"""Removing a large workspace: in slices that each end in time, told once, and finished by whoever goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.syncer.use_cases.removal import Removal
from shared.contracts.connections import DataRemovalRequested, DataRemoved
from tests.unit.services.syncer.rig import KEY, Rig
from tests.unit.services.syncer.use_cases.test_reading import small

if TYPE_CHECKING:
    from shared.contracts.event import Event

SLICE_SECONDS = 10.0
BATCH_SECONDS = 4.0


class SlowRemoval:
    """A removal of which each batch takes four seconds of the ten of a slice."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        bury = rig.publisher.publish_tombstones

        async def slowly(*events: Event) -> None:
            rig.clock.advance(BATCH_SECONDS)
            await bury(*events)

        rig.publisher.publish_tombstones = slowly  # type: ignore[method-assign]
        self.removal = self.of_another_replica()

    def of_another_replica(self) -> Removal:
        return Removal(
            stores=self.rig.stores,
            credentials=self.rig.credentials,
            publisher=self.rig.publisher,
            clock=self.rig.clock,
            at_once=5,
            slice_seconds=SLICE_SECONDS,
        )

    async def slice(self, removal: Removal) -> bool:
        began = self.rig.clock.monotonic()
        finished = await removal.remove(
            DataRemovalRequested(
                organization_id=KEY.organization_id,
                connection_id=KEY.connection_id,
                removal_id="removal-1",
                workspace_id=self.rig.workspace.id_code,
                requested_by="Ann",
                requested_at=self.rig.clock.now(),
            )
        )
        assert self.rig.clock.monotonic() - began < SLICE_SECONDS + BATCH_SECONDS
        return finished


def told(rig: Rig) -> list[DataRemoved]:
    return [event for event in rig.publisher.published if isinstance(event, DataRemoved)]


async def test_a_large_workspace_is_removed_in_slices() -> None:
    """No slice outlives its time by more than a batch; the word is given once, at the end, for all of it."""
    rig = Rig(small())
    await rig.first_sync()
    keys, held = set(rig.mirror()), len(rig.fingerprints.kept[KEY])
    slow = SlowRemoval(rig)
    slices = 1
    while not await slow.slice(slow.removal):
        slices += 1
        assert told(rig) == []
        assert rig.runs.documents != {}
    assert slices > 2
    assert keys <= set(rig.publisher.tombstones)
    assert rig.fingerprints.kept[KEY] == {}
    assert rig.runs.documents == {}
    (said,) = told(rig)
    assert said.documents >= held


async def test_another_replica_goes_on_where_one_ended() -> None:
    """What a slice removed stays removed, so a removal that moves to another process takes no longer."""
    rig = Rig(small())
    await rig.first_sync()
    keys = set(rig.mirror())
    slow = SlowRemoval(rig)
    assert not await slow.slice(slow.removal)
    buried = len(rig.publisher.tombstones)
    other = slow.of_another_replica()
    while not await slow.slice(other):
        pass
    assert keys <= set(rig.publisher.tombstones)
    assert 0 < buried < len(rig.publisher.tombstones)
    assert len(set(rig.publisher.tombstones)) == len(rig.publisher.tombstones)
    assert len(told(rig)) == 1


async def test_a_slice_that_ends_during_a_removal_takes_no_more_than_a_slice() -> None:
    """It removes what it left, and not the whole workspace at once: the order goes on with the rest."""
    rig = Rig(small())
    await rig.first_sync()
    keys = set(rig.mirror())
    slow = SlowRemoval(rig)
    assert not await slow.slice(slow.removal)
    began = rig.clock.monotonic()
    await slow.removal.after_slice(KEY)
    assert rig.clock.monotonic() - began < SLICE_SECONDS + BATCH_SECONDS
    assert rig.runs.documents != {}
    while not await slow.slice(slow.removal):
        pass
    assert keys <= set(rig.publisher.tombstones)
    assert (rig.fingerprints.kept[KEY], rig.runs.documents, len(told(rig))) == ({}, {}, 1)
