"""Disconnecting while a sync runs, and what connecting again reads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from deploy.simulator.tokens import DEMO_TOKEN
from services.syncer.errors import DisconnectedError
from shared.contracts.connections import ConnectionChanged, ConnectionSettings
from shared.contracts.resources import ResourceEvent
from shared.contracts.sync import ResourceHint
from tests.unit.services.syncer.rig import KEY, Rig
from tests.unit.services.syncer.use_cases.test_reading import small
from tests.unit.services.syncer.use_cases.test_trouble import allow, claimed, removal, revoke

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

READ = "GET /conversations/{id}"


async def tell(rig: Rig, state: Any) -> None:
    """Let the syncer hear of the connection's new state, as the bus brings it."""
    known = rig.connections.kept[KEY]
    await rig.intake.connection_changed(
        ConnectionChanged(
            organization_id=KEY.organization_id,
            connection_id=KEY.connection_id,
            revision=known.revision + 1,
            state=state,
            workspace_id=rig.workspace.id_code,
            base_url="http://intercom.test",
            settings=ConnectionSettings(lookback_days=known.lookback_days),
            changed_at=rig.clock.now(),
        )
    )


def at_call(rig: Rig, number: int, do: Callable[[], Awaitable[None]]) -> None:
    """Do something just before the workspace answers a call, counted from now."""
    inner: Any = rig.intercom._transport
    original, calls = inner.handle_async_request, 0

    async def answer(request: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == number:
            await do()
        return await original(request)

    inner.handle_async_request = answer


def reads(rig: Rig) -> int:
    return rig.simulation.statistics.calls[READ]


def resources(rig: Rig) -> int:
    return sum(1 for event in rig.publisher.published if isinstance(event, ResourceEvent))


async def test_hints_go_on_when_the_connection_is_well_again() -> None:
    """What a webhook named while the token was refused is read as soon as the connection is mended."""
    rig = Rig(small())
    await rig.first_sync()
    one = next(iter(rig.workspace.conversations)).id
    rig.mutate("redact", conversation_id=one, part_id=None, quiet=True)
    revoke(rig)
    await rig.request("hint", [ResourceHint(resource="conversation", id=one)])
    assert await rig.settle() == ["interrupted"]
    allow(rig)
    await tell(rig, "connected")
    assert await rig.settle() == ["completed"]
    assert rig.missing() == []
    part: Any = rig.mirror()[
        f"{KEY.organization_id}/{rig.workspace.id_code}/conversation_part/{one}/source-{one}"
    ]
    assert part.redacted


@pytest.mark.parametrize("call", [1, 3, 8, 40, 90], ids=lambda call: f"at call {call}")
async def test_a_slice_under_way_ends_when_the_connection_does(call: int) -> None:
    """What is published next finds that the run is nobody's any more; nothing goes out after that."""
    rig = Rig(small())
    await rig.connect()
    await rig.request("initial")
    published = 0

    async def disconnect() -> None:
        nonlocal published
        await tell(rig, "disconnected")
        rig.credentials.refuse_with = DisconnectedError("There is no credential.")
        published = resources(rig)

    at_call(rig, call, disconnect)
    assert await rig.slice("main") == "lost"
    assert resources(rig) == published
    assert await rig.settle() == []
    assert (rig.interrupted, rig.completed) == ([], [])
    before = rig.calls()
    rig.clock.advance(3_600)
    assert await rig.settle() == []
    assert rig.calls() == before

    rig.credentials.refuse_with = None
    await tell(rig, "connected")
    await rig.request("initial")
    await rig.settle()
    assert rig.missing() == []
    assert rig.completed[-1].gap_count == 0


async def test_connecting_again_reads_what_is_missing() -> None:
    """What was read before the disconnect stays held: each conversation is read once in all."""
    rig = Rig(small(), slice_items=20)
    await rig.connect()
    await rig.request("initial")
    while reads(rig) < 40:
        assert await rig.slice("main") == "sliced"
    await tell(rig, "disconnected")
    assert reads(rig) < len(rig.workspace.conversations)
    await tell(rig, "connected")
    await rig.request("initial")
    await rig.settle()
    assert rig.missing() == []
    assert reads(rig) == len(rig.workspace.conversations)


async def test_a_reconnect_after_the_first_sync_reads_changes_only() -> None:
    """A revoked token costs nothing that was read: the next one goes on from the cursor."""
    rig = Rig(small())
    await rig.first_sync()
    token = rig.simulation.tokens.get(DEMO_TOKEN)
    assert token is not None
    rig.simulation.put_token(replace(token, state="revoked"))
    await rig.request("scheduled")
    assert (await rig.settle())[-1] == "interrupted"
    one = next(iter(rig.workspace.conversations)).id
    rig.mutate("reply", conversation_id=one, body="<p>While nobody read</p>")
    rig.clock.advance(600)
    rig.simulation.put_token(token)
    before, calls = reads(rig), rig.calls()
    await tell(rig, "connected")
    await rig.request("initial")
    await rig.settle()
    assert rig.missing() == []
    assert reads(rig) - before == 1
    # Beside it: /me, a page of each of five, what was deleted, two lists of companies, each of them by id.
    assert rig.calls() - calls <= 1 + 1 + 5 + 1 + 2 + len(rig.workspace.companies)


@pytest.mark.parametrize("known", [True, False], ids=["workspace known", "workspace forgotten"])
async def test_a_removed_record_before_the_order_leaves_nothing_unburied(known: bool) -> None:
    """The record bars the connection without a name, a slice ends over it; every key gets its tombstone."""
    rig = Rig(small())
    await rig.connect()
    await rig.request("initial")

    async def removed() -> None:
        revision = rig.connections.kept[KEY].revision + 1
        if not known:
            rig.connections.kept.pop(KEY)
        await rig.intake.connection_changed(
            ConnectionChanged(
                organization_id=KEY.organization_id,
                connection_id=KEY.connection_id,
                revision=revision,
                state="removed",
                settings=ConnectionSettings(),
                changed_at=rig.clock.now(),
            )
        )

    at_call(rig, 40, removed)
    await rig.slices.execute(await claimed(rig))
    assert resources(rig) > 0
    await rig.removal.remove(removal(rig))
    published = {event.key() for event in rig.publisher.published if isinstance(event, ResourceEvent)}
    assert published <= set(rig.publisher.tombstones)
    assert rig.fingerprints.kept.get(KEY, {}) == {}
