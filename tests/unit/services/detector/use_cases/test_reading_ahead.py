"""Many conversations are read in portions, one looked at while the one before it is settled."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from services.detector.detectors import Detectors
from shared.errors import TransientError
from tests.unit.services.detector.redetection_suite import Hears
from tests.unit.services.detector.rig import ORG, WORKSPACE, memory_rig

if TYPE_CHECKING:
    from collections.abc import Collection

    from tests.unit.services.detector.rig import Rig

PORTION = 50


async def rig_of(count: int) -> tuple[Rig, list[str]]:
    """Return a rig whose mirror holds so many conversations, each of which says something, and their keys."""
    rig = memory_rig(Detectors(conversation=(Hears("1", "contract"),)))
    await rig.connect()
    names = [f"k{number:03}" for number in range(count)]
    records = [record for name in names for record in rig.said(name, "About our contract.")]
    await rig.stores.mirror.store(ORG, records)
    return rig, [f"{WORKSPACE}:{name}" for name in names]


async def kept(rig: Rig, keys: Collection[str]) -> int:
    """Return how many of these conversations were read."""
    found = await rig.stores.mirror.conversations(ORG, keys)
    return sum(one.analysis is not None for one in found.values())


def seen_by(rig: Rig) -> list[tuple[str, int]]:
    """Return a list that fills with what is asked of the mirror, and of how many conversations."""
    mirror: Any = rig.stores.mirror
    load, keep = mirror.conversations, mirror.save_analyses
    seen: list[tuple[str, int]] = []

    async def loads(organization_id: str, keys: Collection[str]) -> Any:
        seen.append(("load", len(keys)))
        return await load(organization_id, keys)

    async def keeps(organization_id: str, analyses: Any) -> Any:
        seen.append(("keep", len(analyses)))
        return await keep(organization_id, analyses)

    mirror.conversations, mirror.save_analyses = loads, keeps
    return seen


async def test_the_next_portion_is_looked_at_meanwhile() -> None:
    """It is loaded before the one before it is kept, and never more than that one."""
    rig, keys = await rig_of(2 * PORTION + 1)
    seen = seen_by(rig)
    await rig.engine.reader.read(ORG, keys, arrived={})
    first, last = ("load", PORTION), ("load", 1)
    assert seen == [first, first, ("keep", PORTION), last, ("keep", PORTION), ("keep", 1)]


async def test_a_key_that_is_named_twice_is_read_once() -> None:
    """Two portions of one call never hold the same conversation."""
    rig, keys = await rig_of(1)
    seen = seen_by(rig)
    await rig.engine.reader.read(ORG, keys * (PORTION + 1), arrived={})
    assert seen == [("load", 1), ("keep", 1)]


async def test_who_waits_for_a_turn_has_it_after_a_portion() -> None:
    """A long batch does not keep the others waiting: it looks no further ahead while somebody waits."""
    rig, keys = await rig_of(3 * PORTION + 1)
    seen = seen_by(rig)
    await asyncio.gather(
        rig.engine.reader.read(ORG, keys[1:], arrived={}), rig.engine.reader.read(ORG, keys[:1], arrived={})
    )
    loads = [count for what, count in seen if what == "load"]
    assert loads == [PORTION, 1, PORTION, PORTION]


async def test_a_portion_that_cannot_be_settled_ends_the_look_ahead() -> None:
    """Nothing goes on behind the error, nothing of the next portion is kept; all of it can be read again."""
    rig, keys = await rig_of(2 * PORTION)
    signals: Any = rig.stores.signals
    save = signals.save

    async def refuses(changes: Any) -> Any:
        raise TransientError("The documents are away.")

    signals.save = refuses
    with pytest.raises(TransientError, match="away"):
        await rig.engine.reader.read(ORG, keys, arrived={})
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert await kept(rig, keys[PORTION:]) == 0
    signals.save = save
    await rig.engine.reader.read(ORG, keys, arrived={})
    assert await kept(rig, keys) == 2 * PORTION


async def test_a_portion_that_cannot_be_looked_at_leaves_the_one_before_it_settled() -> None:
    """The error comes once the portion before is settled and told, as if they had been read apart."""
    rig, keys = await rig_of(2 * PORTION)
    mirror: Any = rig.stores.mirror
    load, calls = mirror.conversations, []

    async def loads(organization_id: str, wanted: Collection[str]) -> Any:
        calls.append(wanted)
        if len(calls) > 1:
            raise TransientError("The documents are away.")
        return await load(organization_id, wanted)

    mirror.conversations = loads
    with pytest.raises(TransientError, match="away"):
        await rig.engine.reader.read(ORG, keys, arrived={})
    mirror.conversations = load
    assert (await kept(rig, keys[:PORTION]), await kept(rig, keys[PORTION:])) == (PORTION, 0)
    (signal,) = await rig.signals()
    assert len(signal.proofs) == PORTION


async def test_a_call_that_is_cancelled_ends_the_look_ahead() -> None:
    """A service that stops leaves no look-ahead behind, and the turn is free."""
    rig, keys = await rig_of(2 * PORTION)
    mirror: Any = rig.stores.mirror
    keep, reached = mirror.save_analyses, asyncio.Event()

    async def hangs(*arguments: Any) -> None:
        reached.set()
        await asyncio.Event().wait()

    mirror.save_analyses = hangs
    reading = asyncio.create_task(rig.engine.reader.read(ORG, keys, arrived={}))
    await reached.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert asyncio.all_tasks() == {asyncio.current_task()}
    mirror.save_analyses = keep
    await rig.engine.reader.read(ORG, keys, arrived={})
    assert await kept(rig, keys) == 2 * PORTION
