"""Crashes, lost leases, refused tokens, missing permissions, removal: what happens when things go wrong."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from deploy.simulator.tokens import DEMO_TOKEN
from services.syncer.adapters.http_intercom import ReadOnlyTransport
from services.syncer.errors import CredentialWithheldError, DisconnectedError, QuestionUnknownError
from shared.contracts.connections import (
    ConnectionChanged,
    ConnectionSettings,
    DataRemovalRequested,
    DataRemoved,
)
from shared.contracts.resources import ResourceDeleted, ResourceEvent
from shared.contracts.sync import Gap, ResourceHint, SyncRequested
from shared.errors import TransientError
from tests.unit.services.syncer.rig import KEY, LEASE_SECONDS, Rig
from tests.unit.services.syncer.use_cases.test_reading import small
from tests.unit.services.syncer.use_cases.test_refusals import refuse

if TYPE_CHECKING:
    from services.syncer.domain.connection import ConnectionKey
    from services.syncer.domain.fingerprint import Fingerprint
    from services.syncer.domain.run import Run
    from shared.contracts.event import Event

MAIN, HINTS = KEY.document_id("main"), KEY.document_id("hints")


def revoke(rig: Rig) -> None:
    token = rig.simulation.tokens.get(DEMO_TOKEN)
    assert token is not None
    rig.simulation.put_token(replace(token, state="revoked"))


def forbid(rig: Rig, *families: str) -> None:
    token = rig.simulation.tokens.get(DEMO_TOKEN)
    assert token is not None
    rig.simulation.put_token(replace(token, missing=frozenset(families)))


def allow(rig: Rig) -> None:
    token = rig.simulation.tokens.get(DEMO_TOKEN)
    assert token is not None
    rig.simulation.put_token(replace(token, state="active", missing=frozenset()))


async def claimed(rig: Rig) -> Run:
    now = rig.clock.now()
    run = await rig.runs.claim("main", now=now, until=now + timedelta(seconds=LEASE_SECONDS))
    assert run is not None
    return run


async def test_a_killed_slice_is_repeated_and_nothing_else() -> None:
    """After a crash the lease runs out, another replica goes on, and one slice at most is published twice."""
    rig = Rig(small(), slice_items=20)
    await rig.connect()
    await rig.request("initial")
    for _ in range(4):
        await rig.slice("main")
    doomed = asyncio.create_task(rig.slices.execute(await claimed(rig)))
    published = len(rig.publisher.published)
    while len(rig.publisher.published) == published:
        await asyncio.sleep(0)
    doomed.cancel()
    await asyncio.gather(doomed, return_exceptions=True)
    assert await rig.slice("main") is None
    rig.clock.advance(LEASE_SECONDS)
    rig.slices = rig.another_replica()
    await rig.settle()
    assert rig.missing() == []
    ids = [event.event_id() for event in rig.publisher.published if isinstance(event, ResourceEvent)]
    # Twenty conversations with their parts, at the very most.
    assert len(ids) - len(set(ids)) <= 20 * 12


async def test_a_bus_that_is_away_loses_nothing() -> None:
    """What could not be published is not remembered; the run waits and goes on."""
    rig = Rig(small())
    await rig.connect()
    await rig.request("initial")
    rig.publisher.fail_next(TransientError("Kafka is away"))
    outcomes = await rig.settle()
    assert "put_off" in outcomes
    assert rig.missing() == []


async def test_whoever_lost_the_lease_publishes_nothing_more() -> None:
    """A replica that was asleep while another took over notices before it publishes."""
    rig = Rig(small(), slice_items=10)
    await rig.connect()
    await rig.request("initial")
    sleeper = await claimed(rig)
    rig.clock.advance(LEASE_SECONDS + 1)
    taken = await claimed(rig)
    before = len(rig.publisher.published)

    class Late(httpx.ASGITransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            rig.clock.advance(10)
            return await super().handle_async_request(request)

    rig.intercom._transport = ReadOnlyTransport(Late(rig.simulator.app))
    assert await rig.slices.execute(sleeper) == "lost"
    assert len(rig.publisher.published) == before
    assert await rig.runs.checkpoint(taken, wake_at=rig.clock.now())


async def test_a_revoked_token_interrupts_and_reconnecting_goes_on() -> None:
    """One /me confirms it, a person is told once, and the run goes on where it was with the next token."""
    rig = Rig(small(), slice_items=20)
    await rig.connect()
    await rig.request("initial")
    for _ in range(3):
        assert await rig.slice("main") == "sliced"
    revoke(rig)
    assert (await rig.settle())[-1] == "interrupted"
    (told,) = rig.interrupted
    assert (told.reason, told.run_id) == ("token_revoked", "request-1")
    assert told.connection_revision == rig.connections.kept[KEY].revision
    assert DEMO_TOKEN not in told.model_dump_json()
    assert rig.credentials.dropped
    read = rig.simulation.statistics.calls["GET /conversations/{id}"]
    allow(rig)
    await rig.connect()
    await rig.request("initial")
    await rig.settle()
    assert rig.missing() == []
    held = sum(1 for key in rig.mirror() if "/conversation/" in key)
    again = rig.simulation.statistics.calls["GET /conversations/{id}"]
    assert again - read <= held - read + 20


@pytest.mark.parametrize("lists_too", [False, True])
async def test_a_401_that_is_not_intercoms_own_word_stops_nothing(*, lists_too: bool) -> None:
    """A proxy's 401 is no refused token: it is waited out, and nobody is asked to reconnect."""
    rig = Rig(small())
    await rig.connect()
    await rig.request("initial")
    left = 4

    def proxy(asked: httpx.Request) -> httpx.Response | None:
        nonlocal left
        if left and (lists_too or asked.url.path == "/me"):
            left -= 1
            return httpx.Response(401, text="<html>Sign in to the proxy</html>")
        return None

    refuse(rig, proxy)
    await rig.settle()
    assert (left, rig.interrupted, rig.missing()) == (0, [], [])


async def test_one_refusal_of_the_token_stops_nothing() -> None:
    """Also where it is /me itself that refuses it once, before anything else was read."""
    rig = Rig(small())
    await rig.connect()
    await rig.request("initial")
    refusals = [httpx.Response(401, json={"errors": [{"code": "unauthorized"}]})]
    refuse(rig, lambda _: refusals.pop() if refusals else None)
    await rig.settle()
    assert (rig.interrupted, rig.missing()) == ([], [])


async def test_a_token_that_was_replaced_meanwhile_is_tried() -> None:
    """Rotation is no interruption: the refused token is leased anew, and the new one is used."""
    rig = Rig(small())
    await rig.connect()
    await rig.request("initial")
    rig.credentials.token = "dG9rOm9sZA=="
    lease = rig.credentials.lease

    async def rotating(key: ConnectionKey) -> Any:
        found = await lease(key)
        rig.credentials.token = DEMO_TOKEN
        return found

    rig.credentials.lease = rotating  # type: ignore[method-assign]
    outcomes = await rig.settle()
    assert outcomes[0] == "put_off"
    assert rig.interrupted == []
    assert rig.missing() == []


@pytest.mark.parametrize("spelling", ["token_unauthorized", "forbidden", "action_forbidden"])
async def test_a_missing_permission_stops_one_resource(spelling: str) -> None:
    """The others are read; the gap is named, and closes with the first run after it was granted."""
    rig = Rig(small())
    rig.simulation.set_switches(rig.simulation.switches.changed(missing_permission=spelling))
    forbid(rig, "read_tags")
    completed = await rig.first_sync()
    assert [(gap.resource, gap.id, gap.reason) for gap in completed.gaps] == [
        ("tag", None, "permission_missing")
    ]
    assert all(difference.startswith("tag") for difference in rig.missing())
    assert rig.interrupted == []
    before = rig.simulation.statistics.calls["GET /conversations/{id}"]
    allow(rig)
    await rig.request("manual")
    await rig.settle()
    assert rig.missing() == []
    assert rig.completed[-1].gap_count == 0
    assert rig.simulation.statistics.calls["GET /conversations/{id}"] == before


async def test_a_gap_of_a_whole_resource_is_not_lost_among_many() -> None:
    """It is told by name before a thousand single ones, and closes when it was granted."""
    rig = Rig(small())
    forbid(rig, "read_tags")
    await rig.first_sync()
    for number in range(1_001):
        made = {"resource": "conversation", "id": str(number), "reason": "parts_cut_at_500"}
        await rig.gaps.open(KEY, Gap.model_validate({**made, "since": rig.clock.now()}))
    await rig.request("manual")
    await rig.settle()
    assert (rig.completed[-1].gaps[0].resource, len(rig.completed[-1].gaps)) == ("tag", 1_000)
    allow(rig)
    await rig.request("manual")
    await rig.settle()
    assert rig.completed[-1].gap_count == 1_001


async def test_what_is_refused_whole_is_not_waited_for() -> None:
    """Without contacts the rest is complete up to a time, and a gap says what it is complete without."""
    rig = Rig(small())
    forbid(rig, "read_users_and_companies", "read_one_user_and_company")
    completed = await rig.first_sync()
    assert ("contact", None, "permission_missing") in {
        (gap.resource, gap.id, gap.reason) for gap in completed.gaps
    }
    assert completed.complete_up_to is not None


async def test_a_plan_restriction_has_its_own_name() -> None:
    """It is neither a token's fault nor a permission's."""
    rig = Rig(small())
    rig.simulation.set_switches(rig.simulation.switches.changed(plan_restricted=("read_tags",)))
    completed = await rig.first_sync()
    assert [gap.reason for gap in completed.gaps] == ["plan_restricted"]


async def test_nothing_granted_interrupts() -> None:
    """A token that may read nothing needs a person; afterwards the run starts from its plan."""
    rig = Rig(small())
    forbid(
        rig,
        "read_admins",
        "read_tags",
        "read_users_and_companies",
        "read_one_user_and_company",
        "read_conversations",
    )
    await rig.connect()
    await rig.request("initial")
    assert (await rig.settle())[-1] == "interrupted"
    assert [told.reason for told in rig.interrupted] == ["permission_missing"]
    allow(rig)
    await rig.request("manual")
    await rig.settle()
    assert rig.missing() == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"workspace_id": "another"}, "workspace_changed"), ({"region": "EU"}, "wrong_region")],
)
async def test_another_workspace_or_region_is_noticed(changes: dict[str, Any], reason: str) -> None:
    """Before anything is read, /me is compared with what the connection was made for."""
    rig = Rig(small())
    await rig.connect(**changes)
    await rig.request("initial")
    assert await rig.settle() == ["interrupted"]
    assert [told.reason for told in rig.interrupted] == [reason]
    assert rig.mirror() == {}
    assert rig.calls() == 1


async def test_me_is_asked_once_for_each_revision() -> None:
    """Unchanged connections are not verified again; without knowledge of the workspace /me names it."""
    rig = Rig(small())
    rig.credentials.workspace_id = None
    await rig.connect(workspace_id=None)
    await rig.request("initial")
    await rig.settle()
    assert rig.missing() == []
    await rig.connect()
    for _ in range(2):
        await rig.request("manual")
        await rig.settle()
    assert rig.simulation.statistics.calls["GET /me"] == 2


async def test_a_disconnected_connection_ends_quietly() -> None:
    """No credential is somebody's decision: the run ends, and nobody is alarmed."""
    rig = Rig(small())
    await rig.connect()
    rig.credentials.refuse_with = DisconnectedError("gone")
    await rig.request("initial")
    assert await rig.settle() == ["disconnected"]
    await rig.connect(state="disconnected")
    await rig.request("manual")
    assert (await rig.settle())[-1] == "disconnected"
    assert rig.interrupted == []


async def test_a_request_that_overtakes_the_reconnect_is_not_lost() -> None:
    """Requests and connections come by different topics: the run waits a little for the connection's word."""
    rig = Rig(small())
    await rig.first_sync()
    await rig.connect(state="disconnected")
    await rig.request("initial")
    assert await rig.slice("main") == "waiting"
    await rig.connect()
    assert (await rig.settle())[-1] == "completed"


async def test_a_run_waits_for_news_of_its_connection() -> None:
    """Requests and connections come by different topics; after ten minutes without news the run ends."""
    rig = Rig(small())
    await rig.request("initial")
    assert await rig.slice("main") == "waiting"
    await rig.connect()
    await rig.settle()
    assert rig.missing() == []
    lost = Rig(small())
    await lost.request("initial")
    outcomes = await lost.settle()
    assert set(outcomes[:-1]) == {"waiting"}
    assert outcomes[-1] == "disconnected"


async def test_an_unreachable_source_is_told_after_patience() -> None:
    """Failures without any answer in between add up; then a person is told, and the place is kept."""

    def refused(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route")

    rig = Rig(small())
    await rig.first_sync()
    original = rig.intercom._transport
    rig.intercom._transport = ReadOnlyTransport(httpx.MockTransport(refused))
    await rig.request("scheduled")
    told_before = len(rig.progressed)
    assert (await rig.settle())[-1] == "interrupted"
    assert [told.reason for told in rig.interrupted] == ["unreachable"]
    failures = [told.failures for told in rig.progressed[told_before:]]
    assert failures == sorted(failures)
    assert (failures[0] <= 1, failures[-1] >= 10) == (True, True)
    rig.intercom._transport = original
    await rig.request("scheduled")
    await rig.settle()
    assert rig.progressed[-1].failures == 0
    assert rig.missing() == []


async def test_a_reading_that_cannot_begin_is_told_after_patience() -> None:
    """After a connection's change /me is asked first; without any answer a person is told, and it goes on."""

    def refused(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route")

    rig = Rig(small())
    await rig.first_sync()
    await rig.connect()
    original = rig.intercom._transport
    rig.intercom._transport = ReadOnlyTransport(httpx.MockTransport(refused))
    await rig.request("scheduled")
    told_before = len(rig.progressed)
    outcomes = await rig.settle()
    assert outcomes == ["put_off"] * 11 + ["interrupted"]
    waits = [(told.failures, told.waiting_for) for told in rig.progressed[told_before:]]
    assert waits == [(number, "Intercom to answer") for number in range(1, 12)]
    (told,) = rig.interrupted
    assert told.reason == "unreachable"
    assert told.connection_revision == rig.connections.kept[KEY].revision
    rig.intercom._transport = original
    await rig.request("scheduled")
    assert (await rig.settle())[-1] == "completed"


async def test_a_credential_that_is_withheld_is_told() -> None:
    """Two signing keys that differ mend themselves no more than a source that is away."""
    rig = Rig(small())
    await rig.connect()
    rig.credentials.refuse_with = CredentialWithheldError("401. Compare EARSHOT_SIGNING_KEY.")
    await rig.request("initial")
    assert (await rig.settle())[-1] == "interrupted"
    (told,) = rig.interrupted
    assert told.reason == "unreachable"
    assert "EARSHOT_SIGNING_KEY" in told.detail
    rig.credentials.refuse_with = None
    await rig.request("initial")
    await rig.settle()
    assert rig.missing() == []


async def test_an_older_connector_is_waited_for_while_it_is_upgraded() -> None:
    """A quarter of an hour at least; an address that stays that of another service is told in the end."""
    rig = Rig(small())
    await rig.connect()
    rig.credentials.refuse_with = QuestionUnknownError("404. It is an older connector, or not the connector.")
    await rig.request("initial")
    began = rig.clock.now()
    while not rig.interrupted:
        rig.advance_to(rig.runs.documents[MAIN]["wake_at"])
        await rig.slice("main")
    waited = (rig.clock.now() - began).total_seconds()
    assert 900 < waited < 3_600
    assert (rig.interrupted[-1].reason, "older connector" in rig.interrupted[-1].detail) == (
        "unreachable",
        True,
    )
    await rig.request("initial")
    await rig.slice("main")
    rig.credentials.refuse_with = None
    await rig.settle()
    assert (len(rig.interrupted), rig.missing()) == (1, [])


async def test_our_own_trouble_is_no_interruption() -> None:
    """A connector that is away is waited for, however long; no workspace is said to be unreachable."""
    rig = Rig(small())
    await rig.connect()
    rig.credentials.refuse_with = TransientError("The connector did not lease a credential.")
    await rig.request("initial")
    for _ in range(20):
        assert await rig.slice("main") == "put_off"
        rig.advance_to(rig.runs.documents[MAIN]["wake_at"])
    rig.credentials.refuse_with = None
    await rig.settle()
    assert (rig.missing(), rig.interrupted) == ([], [])


async def test_hints_that_cannot_begin_leave_the_telling_to_full_runs() -> None:
    """They wait for as long as it takes, and are followed when the source answers."""
    rig = Rig(small())
    await rig.first_sync()
    await rig.connect()
    original = rig.intercom._transport
    rig.intercom._transport = ReadOnlyTransport(httpx.MockTransport(lambda _: httpx.Response(503)))
    one = next(iter(rig.workspace.conversations)).id
    await rig.request("hint", [ResourceHint(resource="conversation", id=one)])
    for _ in range(20):
        assert await rig.slice("hints") == "put_off"
        rig.advance_to(rig.runs.documents[HINTS]["wake_at"])
    rig.intercom._transport = original
    assert (await rig.settle())[-1] == "completed"
    assert rig.interrupted == []


async def test_hints_wait_for_a_source_that_is_away() -> None:
    """A hint that cannot be followed stays, and is followed when the source is back."""
    rig = Rig(small())
    await rig.first_sync()
    one = next(iter(rig.workspace.conversations)).id
    rig.mutate("reply", conversation_id=one, body="<p>x</p>")
    original = rig.intercom._transport
    rig.intercom._transport = ReadOnlyTransport(httpx.MockTransport(lambda _: httpx.Response(503)))
    await rig.request("hint", [ResourceHint(resource="conversation", id=one)])
    assert await rig.slice("hints") == "put_off"
    rig.intercom._transport = original
    await rig.settle()
    assert rig.missing() == []


class Broken(httpx.ASGITransport):
    """A workspace in which some addresses answer with an error, as long as `answers` names them."""

    def __init__(self, rig: Rig, answers: dict[str, httpx.Response]) -> None:
        super().__init__(rig.simulator.app)
        self.answers = answers

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        broken = self.answers.get(request.url.path)
        if broken is None:
            return await super().handle_async_request(request)
        return httpx.Response(broken.status_code, content=broken.content)


async def test_one_hint_that_fails_keeps_no_others_waiting() -> None:
    """Others are followed at once; it is left to full runs as a named gap, and read when it answers again."""
    rig = Rig(small())
    await rig.first_sync()
    bad, good = [conversation.id for conversation in rig.workspace.conversations][:2]
    broken = Broken(rig, {f"/conversations/{bad}": httpx.Response(502)})
    rig.intercom._transport = ReadOnlyTransport(broken)
    for one in (bad, good):
        rig.mutate("reply", conversation_id=one, body="<p>x</p>")
    await rig.request("hint", [ResourceHint(resource="conversation", id=one) for one in (bad, good, bad)])
    assert await rig.slice("hints") == "put_off"
    assert [each["id"] for each in rig.runs.documents[HINTS]["hints"]] == [bad, bad]
    assert not any(f"conversation {good} " in difference for difference in rig.missing())
    assert (await rig.settle())[-1] == "completed"
    assert rig.runs.documents[HINTS]["hints"] == []
    assert [(gap.id, gap.reason) for gap in rig.gaps.kept[KEY].values()] == [(bad, "still_lagging")]
    broken.answers.clear()
    await rig.request("scheduled")
    await rig.settle()
    assert (rig.missing(), rig.gaps.kept[KEY]) == ([], {})


async def test_one_hint_that_fails_uses_up_no_tries_of_others() -> None:
    """One that fails for the first time waits like any, where another is given up and the source was away."""
    rig = Rig(small())
    await rig.first_sync()
    bad, late, good = [conversation.id for conversation in rig.workspace.conversations][:3]
    broken = Broken(rig, {f"/conversations/{bad}": httpx.Response(502)})
    rig.intercom._transport = ReadOnlyTransport(broken)
    await rig.request("hint", [ResourceHint(resource="conversation", id=bad)])
    for _ in range(3):
        assert await rig.slice("hints") == "put_off"
        rig.advance_to(rig.runs.documents[HINTS]["wake_at"])
    broken.answers[f"/conversations/{late}"] = httpx.Response(502)
    rig.mutate("reply", conversation_id=late, body="<p>x</p>")
    await rig.request("hint", [ResourceHint(resource="conversation", id=one) for one in (late, good)])
    assert await rig.slice("hints") == "put_off"
    assert [gap.id for gap in rig.gaps.kept[KEY].values()] == [bad]
    assert [each["id"] for each in rig.runs.documents[HINTS]["hints"]] == [late]
    assert rig.runs.documents[HINTS]["wake_at"] - rig.clock.now() <= timedelta(seconds=0.5)
    del broken.answers[f"/conversations/{late}"]
    assert (await rig.settle())[-1] == "completed"
    assert not any(f"conversation {late} " in difference for difference in rig.missing())
    assert [gap.id for gap in rig.gaps.kept[KEY].values()] == [bad]


async def test_what_keeps_hints_from_beginning_uses_up_none_of_their_tries() -> None:
    """After the connector was away, one that fails once is tried again."""
    rig = Rig(small())
    await rig.first_sync()
    one = next(iter(rig.workspace.conversations)).id
    rig.credentials.refuse_with = TransientError("The connector is away.")
    await rig.request("hint", [ResourceHint(resource="conversation", id=one)])
    for _ in range(5):
        assert await rig.slice("hints") == "put_off"
        rig.advance_to(rig.runs.documents[HINTS]["wake_at"])
    rig.credentials.refuse_with = None
    rig.intercom._transport = ReadOnlyTransport(Broken(rig, {f"/conversations/{one}": httpx.Response(502)}))
    assert await rig.slice("hints") == "put_off"
    assert rig.gaps.kept.get(KEY, {}) == {}


async def test_a_source_that_is_away_uses_up_no_tries_of_hints() -> None:
    """Once it answers again, one that fails for the first time is tried again."""
    rig = Rig(small())
    await rig.first_sync()
    named = [conversation.id for conversation in rig.workspace.conversations][:4]
    broken = Broken(rig, {f"/conversations/{one}": httpx.Response(502) for one in named})
    rig.intercom._transport = ReadOnlyTransport(broken)
    await rig.request("hint", [ResourceHint(resource="conversation", id=one) for one in named])
    for _ in range(8):
        assert await rig.slice("hints") == "put_off"
        rig.advance_to(rig.runs.documents[HINTS]["wake_at"])
    for one in named[1:]:
        del broken.answers[f"/conversations/{one}"]
    assert await rig.slice("hints") == "put_off"
    assert rig.gaps.kept.get(KEY, {}) == {}
    broken.answers.clear()
    assert (await rig.settle())[-1] == "completed"
    assert rig.gaps.kept.get(KEY, {}) == {}


async def test_a_hint_that_takes_all_the_time_keeps_no_others_waiting() -> None:
    """A call that ends with its timeout is longer than a slice; it counts as tried, and others go first."""
    rig = Rig(small())
    await rig.first_sync()
    slow, good = [conversation.id for conversation in rig.workspace.conversations][:2]
    original = rig.intercom._transport

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == f"/conversations/{slow}":
            rig.clock.advance(30)
            raise httpx.ReadTimeout("no answer", request=request)
        return await original.handle_async_request(request)

    rig.intercom._transport = ReadOnlyTransport(httpx.MockTransport(answer))
    for one in (slow, good):
        rig.mutate("reply", conversation_id=one, body="<p>x</p>")
    await rig.request("hint", [ResourceHint(resource="conversation", id=one) for one in (slow, good)])
    assert await rig.slice("hints") == "put_off"
    rig.clock.advance(1)
    await rig.slice("hints")
    assert not any(f"conversation {good} " in difference for difference in rig.missing())
    assert (await rig.settle())[-1] == "completed"
    assert [(gap.id, gap.reason) for gap in rig.gaps.kept[KEY].values()] == [(slow, "still_lagging")]


async def test_hints_of_a_connection_in_need_wait_until_it_goes_on() -> None:
    """Without a credential they are kept, one like many, and followed with the connection's next word."""
    rig = Rig(small())
    await rig.first_sync()
    some = [conversation.id for conversation in rig.workspace.conversations][:2]
    rig.credentials.refuse_with = DisconnectedError("It needs attention.")
    for one in some:
        rig.mutate("reply", conversation_id=one, body="<p>x</p>")
        await rig.request("hint", [ResourceHint(resource="conversation", id=one)])
        assert (await rig.settle())[-1] == "disconnected"
    rig.credentials.refuse_with = None
    await rig.connect()
    await rig.runs.resume_hints(KEY, now=rig.clock.now())
    await rig.settle()
    assert (rig.missing(), rig.runs.documents[HINTS]["hints"]) == ([], [])


async def test_a_run_of_another_version_is_planned_anew() -> None:
    """A rollback, or an upgrade of one replica, leaves steps and fields that this version does not have."""
    rig = Rig(small(), slice_items=20)
    await rig.connect()
    await rig.request("initial")
    await rig.slice("main")
    (first, *_) = rig.runs.documents[KEY.document_id("main")]["steps"]
    first.update(name="of another version", field_of_another_version=1)
    assert (await rig.settle())[-1] == "completed"
    assert rig.missing() == []


async def test_a_contact_is_not_gone_because_its_lists_are() -> None:
    """Its own address decides: while that answers, a list that is missing is a trouble and no deletion."""
    rig = Rig(small())
    await rig.first_sync()
    contact = next(iter(rig.workspace.contacts)).id
    for number in range(11):
        tag = rig.mutate("create_tag", name=f"many {number}")
        rig.mutate("tag_contact", contact_id=contact, tag_id=list(rig.workspace.tags)[-1])
        assert tag is not None
    missing = {"type": "error.list", "errors": [{"code": "not_found"}]}
    broken = Broken(rig, {f"/contacts/{contact}/tags": httpx.Response(404, json=missing)})
    rig.intercom._transport = ReadOnlyTransport(broken)
    await rig.request("hint", [ResourceHint(resource="contact", id=contact)])
    await rig.settle()
    await rig.request("reconcile")
    await rig.settle()
    gone = [event for event in rig.publisher.published if isinstance(event, ResourceDeleted)]
    assert gone == []
    broken.answers.clear()
    rig.clock.advance(5)
    await rig.request("reconcile")
    await rig.settle()
    held: Any = rig.mirror()[f"{KEY.organization_id}/{rig.workspace.id_code}/contact/{contact}"]
    assert len(held.tag_ids) >= 11
    assert rig.gaps.kept[KEY] == {}


async def test_a_revoked_token_interrupts_hints_too() -> None:
    """The hint lane tells the same and keeps its hints for the next token."""
    rig = Rig(small())
    await rig.first_sync()
    revoke(rig)
    await rig.request("hint", [ResourceHint(resource="tag", id="1")])
    assert await rig.slice("hints") == "interrupted"
    assert [told.reason for told in rig.interrupted] == ["token_revoked"]
    assert len(rig.runs.documents[HINTS]["hints"]) == 1


async def test_many_hints_become_a_searching_run() -> None:
    """When more hints wait than are worth following one by one, a full run reads what they name."""
    rig = Rig(small())
    await rig.connect()
    for _ in range(6):
        await rig.request("hint", [ResourceHint(resource="contact", id="1")] * 1_000)
    assert rig.runs.documents[MAIN]["reason"] == "scheduled"
    assert len(rig.runs.documents[HINTS]["hints"]) == 5_000


async def test_an_old_hint_is_followed() -> None:
    """It may have waited for the bus for days, and nothing else may ever tell what it names."""
    rig = Rig(small())
    await rig.first_sync()
    event = SyncRequested(
        organization_id=KEY.organization_id,
        connection_id=KEY.connection_id,
        request_id="hint-old",
        reason="hint",
        hints=(ResourceHint(resource="tag", id="1"),),
        requested_at=rig.clock.now() - timedelta(days=2),
    )
    await rig.intake.sync_requested(event, None)
    assert [hint["id"] for hint in rig.runs.documents[HINTS]["hints"]] == ["1"]
    assert rig.runs.documents[MAIN]["state"] == "idle"


async def test_old_requests_are_history() -> None:
    """A request replayed after a day starts nothing: the schedule has asked since."""
    rig = Rig(small())
    await rig.connect()
    event = SyncRequested(
        organization_id=KEY.organization_id,
        connection_id=KEY.connection_id,
        request_id="old",
        reason="scheduled",
        requested_at=rig.clock.now() - timedelta(days=2),
    )
    await rig.intake.sync_requested(event, None)
    assert rig.runs.documents == {}


def told(rig: Rig, revision: int, state: Any) -> ConnectionChanged:
    return ConnectionChanged(
        organization_id=KEY.organization_id,
        connection_id=KEY.connection_id,
        revision=revision,
        state=state,
        workspace_id=rig.workspace.id_code,
        base_url="http://intercom.test",
        settings=ConnectionSettings(lookback_days=30),
        changed_at=rig.clock.now(),
    )


async def test_connections_are_followed() -> None:
    """Settings are taken over, older revisions ignored, disconnecting ends runs, removal forgets."""
    rig = Rig(small())
    await rig.intake.connection_changed(told(rig, 2, "connected"))
    await rig.intake.connection_changed(told(rig, 1, "disconnected"))
    assert rig.connections.kept[KEY].lookback_days == 30
    await rig.request("initial")
    await rig.intake.connection_changed(told(rig, 3, "disconnected"))
    assert rig.runs.documents[MAIN]["state"] == "stopped"
    await rig.intake.connection_changed(told(rig, 4, "removed"))
    assert rig.connections.kept == {}


def removal(rig: Rig) -> DataRemovalRequested:
    return DataRemovalRequested(
        organization_id=KEY.organization_id,
        connection_id=KEY.connection_id,
        removal_id="removal-1",
        workspace_id=rig.workspace.id_code,
        requested_by="Ann",
        requested_at=rig.clock.now(),
    )


async def test_removal_leaves_nothing() -> None:
    """Every key ever published gets a tombstone, every document goes, and the word is given."""
    rig = Rig(small())
    await rig.first_sync()
    keys = set(rig.mirror())
    await rig.removal.remove(removal(rig))
    assert keys <= set(rig.publisher.tombstones)
    assert rig.fingerprints.kept[KEY] == {}
    for store in (rig.cursors, rig.gaps, rig.connections):
        assert store.kept == {}
    assert rig.runs.documents == {}
    said = rig.publisher.published[-1]
    assert isinstance(said, DataRemoved)
    assert said.documents > len(keys) / 10
    await rig.removal.remove(removal(rig))
    again = rig.publisher.published[-1]
    assert isinstance(again, DataRemoved)
    assert again.documents == 0


async def test_what_comes_after_the_order_is_not_taken() -> None:
    """Requests, hints and states of the connection travel on topics of their own, and may come late."""
    rig = Rig(small())
    await rig.first_sync()
    await rig.removal.remove(removal(rig))
    await rig.intake.connection_changed(told(rig, 9, "connected"))
    await rig.request("manual")
    await rig.request("hint", [ResourceHint(resource="conversation", id="1")])
    await rig.intake.connection_changed(told(rig, 10, "removed"))
    assert rig.connections.kept == {}
    assert rig.runs.documents == {}


async def test_what_a_dead_slice_published_is_buried() -> None:
    """Killed between publishing and remembering, then removed: no key of that slice stays on the bus."""
    rig = Rig(small())
    await rig.connect()
    await rig.request("initial")

    async def dies(*_: object, **__: object) -> list[Fingerprint]:
        raise _Killed

    rig.fingerprints.store = dies  # type: ignore[method-assign]
    with pytest.raises(_Killed):
        await rig.slices.execute(await claimed(rig))
    published = {event.key() for event in rig.publisher.published if isinstance(event, ResourceEvent)}
    assert published
    rig.clock.advance(LEASE_SECONDS + 1)
    await rig.removal.remove(removal(rig))
    assert published <= set(rig.publisher.tombstones)


class _Killed(BaseException):
    """The process ends here."""


async def test_what_a_slice_that_is_stopped_published_is_buried() -> None:
    """It learns in the middle of publishing that its run was stopped; removal finds every key."""
    rig = Rig(small())
    await rig.connect()
    await rig.request("initial")
    gate, arrived = asyncio.Event(), asyncio.Event()
    publish = rig.publisher.publish

    async def slowly(*events: Event) -> None:
        await publish(*events)
        if any(isinstance(event, ResourceEvent) for event in events):
            arrived.set()
            await gate.wait()

    rig.publisher.publish = slowly  # type: ignore[method-assign]
    slice_ = asyncio.ensure_future(rig.slices.execute(await claimed(rig)))
    await arrived.wait()
    with pytest.raises(TransientError):
        await rig.removal.remove(removal(rig))
    slice_.cancel()
    gate.set()
    with contextlib.suppress(asyncio.CancelledError):
        await slice_
    published = {event.key() for event in rig.publisher.published if isinstance(event, ResourceEvent)}
    rig.clock.advance(LEASE_SECONDS + 1)
    await rig.removal.remove(removal(rig))
    assert published <= set(rig.publisher.tombstones)


async def test_a_slice_that_outlives_its_lease_is_cleaned_up_after() -> None:
    """The removal took it for dead; when it ends, what it still remembered and published goes."""
    rig = Rig(small())
    await rig.connect()
    await rig.request("initial")
    run = await claimed(rig)
    store = rig.fingerprints.store

    async def removed_meanwhile(*arguments: Any, **named: Any) -> list[Fingerprint]:
        if rig.connections.kept:
            rig.clock.advance(LEASE_SECONDS + 1)
            await rig.removal.remove(removal(rig))
        return await store(*arguments, **named)

    rig.fingerprints.store = removed_meanwhile  # type: ignore[method-assign]
    await rig.slices.execute(run)
    assert rig.connections.kept == {}
    assert rig.fingerprints.kept[KEY] == {}
    assert rig.runs.documents == {}
    published = {event.key() for event in rig.publisher.published if isinstance(event, ResourceEvent)}
    assert published <= set(rig.publisher.tombstones)


async def test_removal_waits_for_a_slice_under_way() -> None:
    """While somebody may still publish, nothing is confirmed; the slice learns that it was stopped."""
    rig = Rig(small())
    await rig.connect()
    await rig.request("initial")
    run = await claimed(rig)
    with pytest.raises(TransientError):
        await rig.removal.remove(removal(rig))
    assert await rig.slices.execute(run) in {"lost", "completed", "sliced", "waiting", "parked"}
    rig.clock.advance(LEASE_SECONDS + 1)
    await rig.removal.remove(removal(rig))
    assert isinstance(rig.publisher.published[-1], DataRemoved)
