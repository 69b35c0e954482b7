"""The syncer as a process on real engines: it reads a workspace whole, survives kill -9, and forgets."""

from __future__ import annotations

import asyncio
import signal
import uuid
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest

from deploy.local.kafka.topics import ensure_topics
from shared.contracts.connections import DataRemovalRequested, DataRemoved
from shared.contracts.resources import ConversationChanged, ConversationPartChanged, ResourceEvent
from shared.contracts.sync import ResourceHint, SyncCompleted, SyncInterrupted
from shared.contracts.topics import (
    ALL_TOPICS,
    REMOVALS,
    RESOURCES_ADMINS,
    RESOURCES_COMPANIES,
    RESOURCES_CONTACTS,
    RESOURCES_CONVERSATIONS,
    RESOURCES_TAGS,
    RESOURCES_TEAMS,
    SYNC_PROGRESS,
)
from tests.integration.syncer.stage import Bus, Connector, Syncer, simulator
from tests.unit.services.syncer.mirror import mirror_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from pathlib import Path

    from shared.contracts.event import Event
    from shared.contracts.sync import SyncReason

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

IN_FLIGHT = 96
"""Calls at once at most, by the syncer's default."""

SLICE_ITEMS = 50
"""Resources in a slice of the test with two replicas: a sixth of all conversations."""

RESOURCE_TOPICS = (
    RESOURCES_ADMINS,
    RESOURCES_TEAMS,
    RESOURCES_TAGS,
    RESOURCES_COMPANIES,
    RESOURCES_CONTACTS,
    RESOURCES_CONVERSATIONS,
)


class Stage:
    def __init__(
        self, bus: Bus, connector: Connector, syncers: list[Syncer], url: str, workspace_id: str
    ) -> None:
        self.bus = bus
        self.connector = connector
        self.syncers = syncers
        self.url = url
        self.workspace_id = workspace_id

    async def truth(self, resource: str) -> dict[str, dict[str, Any]]:
        async with httpx.AsyncClient(timeout=30) as client:
            answer = await client.get(f"{self.url}/_control/truth/{resource}")
        return {str(row["id"]): row for row in map(orjson.loads, answer.content.splitlines())}

    async def control(self, what: str, body: dict[str, Any]) -> None:
        async with httpx.AsyncClient(timeout=30) as client:
            answer = await client.post(f"{self.url}/_control/{what}", json=body)
            assert answer.is_success, answer.text

    async def calls(self, what: str) -> int:
        """Return how many calls of one kind the workspace has answered, or how many in all."""
        async with httpx.AsyncClient(timeout=30) as client:
            counted = (await client.get(f"{self.url}/_control/statistics")).json()["calls"]
        return sum(counted.values()) if what == "total" else int(counted.get(what, 0))

    async def mirror(self) -> dict[str, Event]:
        return mirror_of(event for _, event in await self.bus.read(*RESOURCE_TOPICS) if event is not None)

    async def completions(self) -> list[SyncCompleted]:
        return [event for _, event in await self.bus.read(SYNC_PROGRESS) if isinstance(event, SyncCompleted)]

    async def completed(self, reason: SyncReason) -> SyncCompleted:
        """Wait until a run of this reason has ended; a death may ask for some resources again beside it."""

        async def ended() -> bool:
            return any(event.reason == reason for event in await self.completions())

        await until(ended)
        return next(event for event in await self.completions() if event.reason == reason)

    async def equals_the_workspace(self) -> bool:
        mirror = await self.mirror()
        held: Counter[str] = Counter(
            event.RESOURCE for event in mirror.values() if isinstance(event, ResourceEvent)
        )
        conversations = await self.truth("conversations")
        parts = sum(
            len(row["conversation_parts"]["conversation_parts"]) + 1 for row in conversations.values()
        )
        wanted = {
            "admin": len(await self.truth("admins")),
            "team": len(await self.truth("teams")),
            "tag": len(await self.truth("tags")),
            "company": len(await self.truth("companies")),
            "contact": len(await self.truth("contacts")),
            "conversation": len(conversations),
            "conversation_part": parts,
        }
        assert dict(held) == wanted
        return True

    async def repeated(self) -> Counter[str]:
        """Return how often each conversation was published, for those that were more than once."""
        records = await self.bus.read(RESOURCES_CONVERSATIONS)
        times = Counter(event.key() for _, event in records if isinstance(event, ConversationChanged))
        return Counter({key: count for key, count in times.items() if count > 1})


async def slices_of(syncer: Syncer) -> float:
    """Return how many slices of full runs a process has worked."""
    try:
        async with httpx.AsyncClient(timeout=5) as client:
            text = (await client.get(f"http://127.0.0.1:{syncer.port}/metrics")).text
    except httpx.TransportError:
        return 0.0  # It is still starting.
    lines = [line for line in text.splitlines() if line.startswith("earshot_syncer_slices_total{")]
    return sum(float(line.rpartition(" ")[2]) for line in lines if 'lane="main"' in line)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    # A process killed within a company scroll leaves it locked for a minute (FACTS §8), which is waited out.
    async with asyncio.timeout(150):
        while not await condition():
            await asyncio.sleep(0.3)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("workspace")
    with simulator(folder, CONVERSATIONS=300, PARTS=6, CONTACTS=250, COMPANIES=40, DAYS=80) as url:
        yield url


@pytest.fixture
async def stage(workspace: str, kafka: str, mongodb_uri: str, tmp_path: Path) -> AsyncIterator[Stage]:
    await ensure_topics(kafka, ALL_TOPICS)
    async with httpx.AsyncClient() as client:
        state = (await client.get(f"{workspace}/_control/state")).json()
    workspace_id = next(iter(state["workspaces"]))["id"] if isinstance(state["workspaces"], list) else ""
    connector = Connector(workspace, workspace_id)
    prefix = f"t{uuid.uuid4().hex[:10]}"
    syncers = [
        Syncer(tmp_path, kafka=kafka, mongodb_uri=mongodb_uri, connector_url=connector.url, prefix=prefix)
        for _ in range(2)
    ]
    yield Stage(Bus(kafka), connector, syncers, workspace, workspace_id)
    for syncer in syncers:
        syncer.close()
    connector.close()


async def test_reads_a_workspace_and_survives_being_killed(stage: Stage) -> None:
    """Killed in the middle of the first sync, it ends with the mirror equal to the workspace."""
    # Slow enough that the first conversations are seen long before the last, on any machine.
    await stage.control("switches", {"latency_median_ms": 600})
    first, second = stage.syncers
    first.start()
    await stage.bus.send(stage.bus.connection(stage.url, stage.workspace_id), stage.bus.request("initial"))

    async def some_conversations() -> bool:
        return any("/conversation/" in key for key in await stage.mirror())

    await until(some_conversations)
    assert not await stage.completions()
    first.end(signal.SIGKILL)
    await stage.control("switches", {"latency_median_ms": 0})
    second.start()
    completed = await stage.completed("initial")
    assert await stage.equals_the_workspace()
    assert {count.resource: count.done for count in completed.held}["conversation"] == 300
    assert completed.gap_count == 0
    assert second.end() in {0, -signal.SIGTERM}


async def test_two_replicas_share_the_work_and_one_dies(
    stage: Stage, kafka: str, mongodb_uri: str, tmp_path: Path
) -> None:
    """Both read; one is killed in the middle; the other ends both syncs, and at most a slice comes twice."""
    # Two connections to one workspace may not wait for each other's walk over the companies here.
    await stage.control("switches", {"latency_median_ms": 400, "scroll_exclusive": False})
    prefix = f"t{uuid.uuid4().hex[:10]}"
    first, second = (
        Syncer(
            tmp_path,
            kafka=kafka,
            mongodb_uri=mongodb_uri,
            connector_url=stage.connector.url,
            prefix=prefix,
            # One at a time, so that neither can take both.
            EARSHOT_MAX_CONCURRENT_RUNS="1",
            EARSHOT_SLICE_ITEMS=str(SLICE_ITEMS),
        )
        for _ in range(2)
    )
    stage.syncers += [first, second]
    sides = [stage, Stage(Bus(kafka), stage.connector, [], stage.url, stage.workspace_id)]
    for syncer in (first, second):
        syncer.start()
        await syncer.ready()
    for side in sides:
        await side.bus.send(side.bus.connection(side.url, side.workspace_id), side.bus.request("initial"))

    async def both_at_work() -> bool:
        begun = [any("/conversation/" in key for key in await side.mirror()) for side in sides]
        return all(begun) and await slices_of(first) > 1 and await slices_of(second) > 1

    await until(both_at_work)
    assert not any([await side.completions() for side in sides])
    first.end(signal.SIGKILL)
    await stage.control("switches", {"latency_median_ms": 0})
    for side in sides:
        completed = await side.completed("initial")
        assert await side.equals_the_workspace()
        assert {count.resource: count.done for count in completed.held}["conversation"] == 300
        assert (completed.gap_count, completed.complete_up_to is None) == (0, False)
        # What nobody remembered publishing is read anew and asked for once more; all else came once.
        assert len(await side.repeated()) <= SLICE_ITEMS
    await stage.control("switches", {"scroll_exclusive": True})


async def test_disconnecting_stops_a_sync_and_connecting_goes_on(stage: Stage) -> None:
    """Calls end at once and nobody is alarmed; connected again, what was read is not read again."""
    await stage.control("switches", {"latency_median_ms": 600})
    await stage.control("statistics/reset", {})
    (syncer, _) = stage.syncers
    syncer.start()
    await stage.bus.send(stage.bus.connection(stage.url, stage.workspace_id), stage.bus.request("initial"))

    async def some_conversations() -> bool:
        return any("/conversation/" in key for key in await stage.mirror())

    await until(some_conversations)
    lease, stage.connector.lease = stage.connector.lease, None
    gone = stage.bus.connection(stage.url, stage.workspace_id, revision=2)
    await stage.bus.send(gone.model_copy(update={"state": "disconnected", "base_url": None}))
    calls = [-1]

    async def quiet() -> bool:
        await asyncio.sleep(2)
        calls.append(await stage.calls("total"))
        return calls[-1] == calls[-2]

    await until(quiet)
    assert await stage.calls("GET /conversations/{id}") < 300
    told = [event for _, event in await stage.bus.read(SYNC_PROGRESS)]
    assert not any(isinstance(event, SyncCompleted | SyncInterrupted) for event in told)
    stage.connector.lease = lease
    await stage.control("switches", {"latency_median_ms": 0})
    back = stage.bus.connection(stage.url, stage.workspace_id, revision=3)
    await stage.bus.send(back, stage.bus.request("initial"))
    await stage.completed("initial")
    assert await stage.equals_the_workspace()
    # Beside each one once: what was in flight when the connection went.
    assert await stage.calls("GET /conversations/{id}") <= 300 + IN_FLIGHT


async def test_follows_changes_and_hints_and_removes_data(stage: Stage) -> None:
    """A scheduled run finds a change, a hint another one at once; a removal leaves nothing but tombstones."""
    await stage.control("switches", {"latency_median_ms": 0})
    (syncer, _) = stage.syncers
    syncer.start()
    await stage.bus.send(stage.bus.connection(stage.url, stage.workspace_id), stage.bus.request("initial"))
    await stage.completed("initial")
    conversations = await stage.truth("conversations")
    changed, hinted = sorted(conversations)[:2]
    await stage.control(
        "mutate", {"name": "reply", "arguments": {"conversation_id": changed, "body": "<p>By schedule</p>"}}
    )
    await stage.bus.send(stage.bus.request("scheduled"))
    await stage.completed("scheduled")
    await stage.control(
        "mutate", {"name": "reply", "arguments": {"conversation_id": hinted, "body": "<p>By hint</p>"}}
    )
    await stage.bus.send(stage.bus.request("hint", [ResourceHint(resource="conversation", id=hinted)]))
    await stage.completed("hint")
    texts = {
        event.text for event in (await stage.mirror()).values() if isinstance(event, ConversationPartChanged)
    }
    assert {"By schedule", "By hint"} <= texts
    assert await stage.equals_the_workspace()

    await stage.bus.send(
        DataRemovalRequested(
            organization_id=stage.bus.organization_id,
            connection_id=stage.bus.connection_id,
            removal_id="removal-1",
            workspace_id=stage.workspace_id,
            requested_by="Ann",
            requested_at=datetime.now(UTC),
        )
    )

    async def removed() -> bool:
        return any(isinstance(event, DataRemoved) for _, event in await stage.bus.read(REMOVALS))

    await until(removed)
    last = dict(await stage.bus.read(*RESOURCE_TOPICS))
    assert {key for key, event in last.items() if event is not None} == set()
    assert not any("earshot" in token for _, token in stage.connector.asked)
    log = syncer.log.read_text(encoding="utf-8")
    assert str((stage.connector.lease or {})["access_token"]) not in log
