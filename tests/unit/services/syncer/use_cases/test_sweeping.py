"""After a full walk: what it did not meet is asked for, each of it once, however much is held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from services.syncer.adapters.http_intercom import ReadOnlyTransport
from services.syncer.domain.fingerprint import Fingerprint
from services.syncer.resources.conversation_walks import CLOSED, OPEN
from tests.unit.services.syncer.rig import KEY, Rig
from tests.unit.services.syncer.use_cases.test_reading import small
from tests.unit.services.syncer.use_cases.test_trouble import allow, revoke

if TYPE_CHECKING:
    from deploy.simulator.settings import SimulatorSettings


def crowded() -> SimulatorSettings:
    return small().model_copy(update={"contacts": 130})


def watched(rig: Rig) -> list[str]:
    """Return a list that fills with where each search for absent contacts began."""
    began: list[str] = []
    original = rig.fingerprints.unseen

    async def unseen(*arguments: Any, **named: Any) -> list[Fingerprint]:
        if arguments[1] == "contact":
            began.append(named["after"])
        return await original(*arguments, **named)

    rig.fingerprints.unseen = unseen  # type: ignore[method-assign]
    return began


def delete(rig: Rig, amount: int) -> list[str]:
    gone = sorted(contact.id for contact in rig.workspace.contacts)[:amount]
    for id_ in gone:
        rig.mutate("delete_contact", contact_id=id_)
    rig.clock.advance(600)
    return gone


async def test_the_sweep_goes_on_from_where_it_was() -> None:
    """What it has looked through is not looked through again: its cost grows with what is held, no faster."""
    rig = Rig(crowded(), slice_items=40)
    await rig.first_sync()
    gone = delete(rig, 120)
    began = watched(rig)
    await rig.request("reconcile")
    await rig.settle()
    assert rig.missing() == []
    assert began == ["", gone[49], gone[99], gone[119]]


async def test_what_failed_is_asked_for_again_at_the_end() -> None:
    """The rest is swept meanwhile, and one more look through everything finds what is left."""
    rig = Rig(crowded())
    await rig.first_sync()
    gone = delete(rig, 120)
    began = watched(rig)
    asked = 0

    class Shaky(httpx.ASGITransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            nonlocal asked
            if request.url.path == f"/contacts/{gone[3]}":
                asked += 1
                if asked == 1:
                    return httpx.Response(400, json={"errors": [{"code": "parameter_invalid"}]})
            return await super().handle_async_request(request)

    rig.intercom._transport = ReadOnlyTransport(Shaky(rig.simulator.app))
    await rig.request("reconcile")
    await rig.settle()
    assert (rig.missing(), rig.completed[-1].gap_count) == ([], 0)
    assert asked == 2
    assert began == ["", gone[49], gone[99], gone[119], "", gone[3]]


async def test_what_the_walk_was_not_for_is_not_asked_for() -> None:
    """A closed conversation older than the lookback is in no row, and stays as it is without a call."""
    rig = Rig(small())
    await rig.first_sync()
    old = Fingerprint("conversation", "1", "v", 5)
    await rig.fingerprints.store(KEY, [old], writer="an earlier lookback")
    before = rig.simulation.statistics.calls["GET /conversations/{id}"]
    await rig.request("reconcile")
    await rig.settle()
    assert set(await rig.fingerprints.of(KEY, "conversation", ["1"])) == {"1"}
    read = rig.simulation.statistics.calls["GET /conversations/{id}"] - before
    assert read == sum(1 for found in rig.workspace.conversations)  # the audit, once around


async def test_an_interruption_does_not_hide_what_the_walk_has_met() -> None:
    """The run goes on under another name, and what was met under the first one is not asked for."""
    rig = Rig(small(), slice_items=10, audit_calls_per_minute=0)
    await rig.first_sync()
    await rig.request("reconcile")
    await rig.settle()
    rig.clock.advance(60)
    await rig.request("reconcile")
    while not _step(rig, OPEN).get("done"):
        await rig.slice("main")
    assert _step(rig, CLOSED)["position"] == {}
    revoke(rig)
    assert (await rig.settle())[-1] == "interrupted"
    before = rig.simulation.statistics.calls["GET /conversations/{id}"]
    allow(rig)
    await rig.connect()
    await rig.request("manual")
    await rig.settle()
    assert rig.completed[-1].reason == "reconcile"
    assert rig.simulation.statistics.calls["GET /conversations/{id}"] == before


def _step(rig: Rig, name: str) -> dict[str, Any]:
    steps = rig.runs.documents[KEY.document_id("main")]["steps"]
    return next((step for step in steps if step["name"] == name), {})
