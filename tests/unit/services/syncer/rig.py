"""The syncer's use cases over stores in memory and a simulated workspace, on one clock that stands still."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import orjson
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from deploy.simulator.app import create_simulator
from deploy.simulator.model import Mutation
from deploy.simulator.settings import SimulatorSettings
from deploy.simulator.tokens import DEMO_TOKEN
from deploy.simulator.truth import truth_lines
from services.syncer.adapters.http_intercom import HttpIntercom
from services.syncer.adapters.throttle import Throttles
from services.syncer.domain.connection import Connection, ConnectionKey
from services.syncer.metrics import SyncerMetrics
from services.syncer.ports import Credential
from services.syncer.resources import all_resources
from services.syncer.resources.reading import ReadingRules
from services.syncer.use_cases.full_runs import FullRuns
from services.syncer.use_cases.hint_runs import HintRuns
from services.syncer.use_cases.intake import Intake
from services.syncer.use_cases.planning import Planner
from services.syncer.use_cases.removal import Removal
from services.syncer.use_cases.reports import Reports
from services.syncer.use_cases.slices import Slices
from services.syncer.use_cases.stores import Stores
from shared.clock import ManualClock
from shared.contracts.connections import ConnectionChanged, ConnectionSettings
from shared.contracts.resources import ConversationPartChanged
from shared.contracts.sync import ResourceHint, SyncCompleted, SyncInterrupted, SyncProgressed, SyncRequested
from shared.messaging.recording import RecordingPublisher
from tests.unit.services.syncer.fakes import (
    MemoryConnections,
    MemoryCursors,
    MemoryFingerprints,
    MemoryGaps,
    MemoryRuns,
)
from tests.unit.services.syncer.mirror import mirror_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.syncer.domain.run import Lane
    from services.syncer.errors import DisconnectedError
    from shared.contracts.event import Event
    from shared.contracts.sync import SyncReason
    from shared.errors import TransientError

START = datetime(2026, 3, 10, 9, 30, 7, tzinfo=UTC)
KEY = ConnectionKey("org-1", "con-1")
LEASE_SECONDS = 30.0
_MOST_SLICES = 2_000


class FixedCredentials:
    """Leases one token, until told that there is none."""

    def __init__(self, token: str, workspace_id: str | None) -> None:
        self.token = token
        self.workspace_id = workspace_id
        self.dropped = 0
        self.refuse_with: DisconnectedError | TransientError | None = None

    async def lease(self, key: ConnectionKey) -> Credential:
        if self.refuse_with is not None:
            raise self.refuse_with
        return Credential(key, SecretStr(self.token), "http://intercom.test", self.workspace_id, 1e12)

    def drop(self, key: ConnectionKey) -> None:
        self.dropped += 1


@dataclass
class Rig:
    """Drive it by `request` and `hint`, let it work by `settle`, look at `mirror` and `ended`."""

    settings: SimulatorSettings = field(
        default_factory=lambda: SimulatorSettings(
            workspace="generated",
            conversations=60,
            parts=4,
            contacts=40,
            companies=12,
            pace="paused",
            webhook_url=None,
            second_workspace=False,
        )
    )
    slice_seconds: float = 5.0
    slice_items: int = 1_500
    lookback_days: int = 90
    overlap_seconds: int = 900
    audit_calls_per_minute: int = 10
    transport: httpx.AsyncBaseTransport | None = None

    def __post_init__(self) -> None:
        self.clock = ManualClock(START)
        self.simulator = create_simulator(self.settings, self.clock)
        self.simulation = self.simulator.simulation
        self.workspace = self.simulation.first.workspace
        self.publisher = RecordingPublisher()
        self.connections = MemoryConnections()
        self.runs = MemoryRuns()
        self.fingerprints = MemoryFingerprints()
        self.cursors = MemoryCursors()
        self.gaps = MemoryGaps()
        self.stores = Stores(self.connections, self.runs, self.fingerprints, self.cursors, self.gaps)
        self.credentials = FixedCredentials(DEMO_TOKEN, self.workspace.id_code)
        self.removal = Removal(
            stores=self.stores, credentials=self.credentials, publisher=self.publisher, clock=self.clock
        )
        self.metrics = SyncerMetrics(CollectorRegistry())
        self.stopping = False
        self.intercom = HttpIntercom(
            throttles=Throttles(clock=self.clock, reserve_share=0.02, most_in_flight=16),
            clock=self.clock,
            metrics=self.metrics,
            call_timeout_seconds=30,
            max_answer_bytes=33_554_432,
            transport=self.transport or httpx.ASGITransport(self.simulator.app),
        )
        self.slices = self.another_replica()
        self.intake = Intake(
            connections=self.connections,
            credentials=self.credentials,
            runs=self.runs,
            clock=self.clock,
            wake=lambda: None,
        )
        self._requests = 0

    def another_replica(self) -> Slices:
        """Return slices over the same stores, as another process would have."""
        rules = ReadingRules(
            overlap_seconds=self.overlap_seconds,
            slice_items=self.slice_items,
            audit_calls_per_minute=self.audit_calls_per_minute,
        )
        reports = Reports(
            publisher=self.publisher,
            clock=self.clock,
            stores=self.stores,
            overlap_seconds=self.overlap_seconds,
        )
        rng = random.Random(7)
        return Slices(
            stores=self.stores,
            credentials=self.credentials,
            intercom=self.intercom,
            publisher=self.publisher,
            reports=reports,
            full_runs=FullRuns(
                stores=self.stores,
                reports=reports,
                planner=Planner(all_resources()),
                rules=rules,
                metrics=self.metrics,
                clock=self.clock,
                rng=rng,
                scroll_wait_seconds=61.0,
                unreachable_after_failures=12,
            ),
            hint_runs=HintRuns(runs=self.runs, reports=reports, resources=all_resources(), clock=self.clock),
            rules=rules,
            metrics=self.metrics,
            clock=self.clock,
            rng=rng,
            slice_seconds=self.slice_seconds,
            lease_seconds=LEASE_SECONDS,
            unreachable_after_failures=12,
            stopping=lambda: self.stopping,
            removal=self.removal,
        )

    async def connect(self, **changes: Any) -> None:
        known = self.connections.kept.get(KEY)
        await self.connections.keep(
            Connection(
                **{
                    "key": KEY,
                    "revision": 1 if known is None else known.revision + 1,
                    "state": "connected",
                    "workspace_id": self.workspace.id_code,
                    "base_url": "http://intercom.test",
                    "app_base_url": "http://app.intercom.test",
                    "lookback_days": self.lookback_days,
                    **changes,
                }
            )
        )

    async def hear_of_connection(self, *, revision: int) -> None:
        """Let the bus tell the present lookback."""
        await self.intake.connection_changed(
            ConnectionChanged(
                organization_id=KEY.organization_id,
                connection_id=KEY.connection_id,
                revision=revision,
                state="connected",
                workspace_id=self.workspace.id_code,
                base_url="http://intercom.test",
                app_base_url="http://app.intercom.test",
                settings=ConnectionSettings(lookback_days=self.lookback_days),
                changed_at=self.clock.now(),
            )
        )

    async def request(self, reason: SyncReason = "manual", hints: Sequence[ResourceHint] = ()) -> str:
        self._requests += 1
        event = SyncRequested(
            organization_id=KEY.organization_id,
            connection_id=KEY.connection_id,
            request_id=f"request-{self._requests}",
            reason=reason,
            hints=tuple(hints),
            requested_at=self.clock.now(),
        )
        await self.intake.sync_requested(event, None)
        return event.request_id

    async def slice(self, lane: Lane, slices: Slices | None = None) -> str | None:
        """Claim and work one slice of a lane; None when nothing is due."""
        now = self.clock.now()
        run = await self.runs.claim(lane, now=now, until=now + timedelta(seconds=LEASE_SECONDS))
        return None if run is None else await (slices or self.slices).execute(run)

    async def settle(self) -> list[str]:
        """Work until no run is active, moving the clock to whatever is waited for; return the outcomes."""
        outcomes: list[str] = []
        for _ in range(_MOST_SLICES):
            worked = [await self.slice("hints"), await self.slice("main")]
            outcomes += [outcome for outcome in worked if outcome is not None]
            if any(worked):
                continue
            waiting = [
                document["wake_at"]
                for document in self.runs.documents.values()
                if document["state"] == "active"
            ]
            if not waiting:
                return outcomes
            self.advance_to(min(waiting))
        raise AssertionError(f"The run never ended; last outcomes: {outcomes[-10:]}")

    def advance_to(self, moment: datetime) -> None:
        self.clock.advance(max((moment - self.clock.now()).total_seconds(), 0))

    async def first_sync(self) -> SyncCompleted:
        """Connect, read everything, and let some time pass, so that nothing is fresh."""
        await self.connect()
        await self.request("initial")
        await self.settle()
        completed = self.completed[-1]
        self.clock.advance(60)
        return completed

    def mutate(self, name: str, /, **arguments: Any) -> Any:
        return self.simulation.mutate(None, Mutation(name, arguments))

    def calls(self) -> int:
        """Return how many calls the simulated workspace has answered."""
        return self.simulation.statistics.calls.total()

    @property
    def completed(self) -> list[SyncCompleted]:
        return [event for event in self.publisher.published if isinstance(event, SyncCompleted)]

    @property
    def interrupted(self) -> list[SyncInterrupted]:
        return [event for event in self.publisher.published if isinstance(event, SyncInterrupted)]

    @property
    def progressed(self) -> list[SyncProgressed]:
        return [event for event in self.publisher.published if isinstance(event, SyncProgressed)]

    def mirror(self) -> dict[str, Event]:
        return mirror_of(self.publisher.published)

    def truth(self, resource: str) -> dict[str, dict[str, Any]]:
        """Return the workspace's own records by id."""
        records = (orjson.loads(line) for line in truth_lines(self.workspace, resource))
        return {str(record["id"]): record for record in records}

    def missing(self) -> list[str]:
        """Return how the mirror differs from the workspace, in words; empty when it equals it."""
        return differences(self.mirror(), self)


def differences(mirror: dict[str, Event], rig: Rig) -> list[str]:
    found: list[str] = []
    workspace_id = rig.workspace.id_code
    wanted: dict[str, set[str]] = {
        "admin": set(rig.truth("admins")),
        "team": set(rig.truth("teams")),
        "tag": set(rig.truth("tags")),
        "company": {id_ for id_, row in rig.truth("companies").items() if not row["archived"]},
        "contact": {
            id_
            for id_, row in rig.truth("contacts").items()
            if not row["archived"] and row["merged_into"] is None
        },
    }
    start = rig.clock.now() - timedelta(days=rig.lookback_days)
    conversations = {
        id_: row
        for id_, row in rig.truth("conversations").items()
        if row["state"] != "closed" or row["updated_at"] >= start.timestamp()
    }
    wanted["conversation"] = set(conversations)
    for resource, ids in wanted.items():
        prefix = f"{KEY.organization_id}/{workspace_id}/{resource}/"
        held = {key.removeprefix(prefix) for key in mirror if key.startswith(prefix)}
        found += [f"{resource} {id_} is missing" for id_ in sorted(ids - held)]
        if resource != "conversation":  # Ones that fell out of the lookback meanwhile are kept.
            found += [f"{resource} {id_} should not be there" for id_ in sorted(held - ids)]
        else:
            every = set(rig.truth("conversations"))
            found += [f"conversation {id_} should not be there" for id_ in sorted(held - every)]
    for id_, row in conversations.items():
        found += _conversation_differences(mirror, workspace_id, id_, row)
    return found


def _conversation_differences(
    mirror: dict[str, Event], workspace_id: str, id_: str, row: dict[str, Any]
) -> list[str]:
    event: Any = mirror.get(f"{KEY.organization_id}/{workspace_id}/conversation/{id_}")
    if event is None:
        return []
    found: list[str] = []
    if int(event.updated_at.timestamp()) != row["updated_at"]:
        found.append(f"conversation {id_} is old: {event.updated_at.timestamp()} and {row['updated_at']}")
    if event.state != row["state"]:
        found.append(f"conversation {id_} is {event.state}, not {row['state']}")
    prefix = f"{KEY.organization_id}/{workspace_id}/conversation_part/{id_}/"
    held = {
        key.removeprefix(prefix): part
        for key, part in mirror.items()
        if key.startswith(prefix) and isinstance(part, ConversationPartChanged)
    }
    wanted = {str(part["id"]): part for part in row["conversation_parts"]["conversation_parts"]}
    if set(held) - {f"source-{id_}"} != set(wanted):
        found.append(f"conversation {id_} holds {len(held)} parts, not {len(wanted)} and its opening")
    found += [
        f"part {part_id} of {id_} was redacted and is not"
        for part_id, part in wanted.items()
        if part_id in held and held[part_id].redacted != bool(part["redacted"])
    ]
    if event.part_count != len(held):
        found.append(f"conversation {id_} names {event.part_count} parts and has {len(held)}")
    return found
