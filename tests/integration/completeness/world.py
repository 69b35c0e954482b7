"""A simulated workspace, a bus, stores and replicas of the syncer on one clock that stands still.

Everything a test can do to them is a method here; `reckon` says at the end how the mirror differs from the
workspace beyond what the ledger names.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
from prometheus_client import CollectorRegistry

from deploy.simulator.app import create_simulator
from deploy.simulator.errors import MutationRefusedError
from deploy.simulator.model import Mutation
from deploy.simulator.settings import SimulatorSettings
from deploy.simulator.webhooks.notifications import envelope
from services.connector.domain.webhook import hints_of
from services.syncer.adapters.http_intercom import HttpIntercom
from services.syncer.adapters.throttle import Throttles
from services.syncer.domain.connection import Connection, ConnectionKey
from services.syncer.metrics import SyncerMetrics
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
from shared.contracts.sync import SyncCompleted, SyncInterrupted, SyncProgressed, SyncRequested
from shared.errors import TransientError
from tests.integration.completeness.plants import HEALTHY, Assembly
from tests.integration.completeness.process import (
    CURRENT,
    Journal,
    Killed,
    Lifeline,
    Line,
    Mortal,
    SkewedClock,
)
from tests.integration.completeness.reckoning import Reckoning
from tests.unit.services.syncer.fakes import (
    MemoryConnections,
    MemoryCursors,
    MemoryFingerprints,
    MemoryGaps,
    MemoryRuns,
)
from tests.unit.services.syncer.rig import FixedCredentials

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from deploy.simulator.app import Simulator
    from deploy.simulator.model import Event as Happened
    from deploy.simulator.simulation import Simulation
    from services.syncer.domain.run import Lane
    from shared.contracts.sync import ResourceHint, SyncReason

START = datetime(2026, 3, 10, 9, 30, 7, tzinfo=UTC)
LEASE_SECONDS = 30.0
OVERLAP_SECONDS = 900
_LONGEST_SNOOZE_SECONDS = 2_000
_MOST_SLICES = 600
_FAMILIES = ("read_tags", "read_users_and_companies", "read_one_user_and_company", "read_conversations")


def tiny(**changes: Any) -> SimulatorSettings:
    """Return a workspace in which everything fits on a few pages, once pages are made small."""
    return SimulatorSettings(
        **{
            "workspace": "generated",
            "conversations": 14,
            "parts": 3,
            "contacts": 9,
            "companies": 5,
            "days": 60,
            "pace": "paused",
            "webhook_url": None,
            "second_workspace": False,
            **changes,
        }
    )


def _no_webhooks(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(200)


class World:
    """One connection; `replicas` of the syncer, each with a clock of its own, over the same stores."""

    clock: ManualClock

    def __init__(
        self,
        assembly: Assembly = HEALTHY,
        *,
        settings: SimulatorSettings | None = None,
        replicas: int = 2,
        slice_items: int = 6,
        lookback_days: int = 90,
        tenant: int = 0,
        key: ConnectionKey | None = None,
        beside: World | None = None,
        base_url: str = "http://intercom.test",
    ) -> None:
        self.assembly = assembly
        self.clock = ManualClock(START) if beside is None else beside.clock
        self.simulator: Simulator = (
            create_simulator(
                settings or tiny(), self.clock, webhook_transport=httpx.MockTransport(_no_webhooks)
            )
            if beside is None
            else beside.simulator
        )
        self.simulation: Simulation = self.simulator.simulation
        self.workspace = list(self.simulation.tenants.values())[tenant].workspace
        self.token = [token.value for token in self.simulation.tokens.all()][tenant]
        self.key = key or ConnectionKey("org-1", "con-1")
        self.base_url = base_url
        self.lookback_days = lookback_days
        self.slice_items = slice_items
        self.line = Line(self.simulator.app, self.clock)
        self.journal = Journal()
        self.connections, self.runs = MemoryConnections(), MemoryRuns()
        self.fingerprints, self.cursors, self.gaps = MemoryFingerprints(), MemoryCursors(), MemoryGaps()
        self.credentials = FixedCredentials(self.token, self.workspace.id_code)
        self.metrics = SyncerMetrics(CollectorRegistry())
        self.clocks = [SkewedClock(self.clock) for _ in range(replicas)]
        self.replicas = [self._started(number) for number in range(replicas)]
        self.hints: list[tuple[ResourceHint, ...]] = []
        self.changed_quietly: set[str] = set()
        self.reckoning = Reckoning(self)
        self._requests = 0
        self._revision = 0
        self._changes = 0
        self.simulation.on_events.append(self._heard)

    def beside(self, *, tenant: int, key: ConnectionKey) -> World:
        """Return a connection to another workspace of the same simulator, on the same clock and bus."""
        other = World(
            self.assembly,
            replicas=len(self.replicas),
            slice_items=self.slice_items,
            tenant=tenant,
            key=key,
            base_url=self.base_url,
            beside=self,
        )
        other.journal.records = self.journal.records
        return other

    # --- the syncer ---

    def _started(self, number: int) -> Slices:
        """Return a process just started: it remembers nothing."""
        assembly, clock = self.assembly, self.clocks[number]
        stores = Stores(
            connections=Mortal(self.connections),
            runs=Mortal(self.runs),
            fingerprints=assembly.wrap_fingerprints(Mortal(self.fingerprints)),
            cursors=Mortal(self.cursors),
            gaps=Mortal(self.gaps),
        )
        rules = assembly.rules(ReadingRules(overlap_seconds=OVERLAP_SECONDS, slice_items=self.slice_items))
        reports = Reports(
            publisher=self.journal,
            clock=clock,
            stores=stores,
            overlap_seconds=assembly.claimed_overlap(rules.overlap_seconds),
        )
        resources = assembly.resources(all_resources())
        rng = random.Random(number)
        return Slices(
            stores=stores,
            credentials=self.credentials,
            intercom=assembly.wrap_intercom(
                HttpIntercom(
                    throttles=Throttles(clock=clock, reserve_share=0.02, most_in_flight=4),
                    clock=clock,
                    metrics=self.metrics,
                    call_timeout_seconds=30,
                    max_answer_bytes=33_554_432,
                    transport=self.line,
                )
            ),
            publisher=self.journal,
            reports=reports,
            full_runs=FullRuns(
                stores=stores,
                reports=reports,
                planner=Planner(resources),
                rules=rules,
                metrics=self.metrics,
                clock=clock,
                rng=rng,
                scroll_wait_seconds=61.0,
                unreachable_after_failures=12,
            ),
            hint_runs=HintRuns(runs=stores.runs, reports=reports, resources=resources, clock=clock),
            removal=Removal(stores=stores, credentials=self.credentials, publisher=self.journal, clock=clock),
            rules=rules,
            metrics=self.metrics,
            clock=clock,
            rng=rng,
            slice_seconds=5.0,
            lease_seconds=LEASE_SECONDS,
            unreachable_after_failures=12,
            stopping=lambda: False,
        )

    async def connect(self) -> None:
        """Tell the syncer of the connection as it is now."""
        self._revision += 1
        await self.connections.keep(
            Connection(
                key=self.key,
                revision=self._revision,
                state="connected",
                workspace_id=self.workspace.id_code,
                base_url=self.base_url,
                app_base_url="http://app.intercom.test",
                lookback_days=self.lookback_days,
            )
        )

    async def ask(self, reason: SyncReason = "scheduled", hints: Sequence[ResourceHint] = ()) -> None:
        self._requests += 1
        intake = Intake(
            connections=self.connections,
            credentials=self.credentials,
            runs=self.runs,
            clock=self.clock,
            wake=lambda: None,
        )
        await intake.sync_requested(
            SyncRequested(
                organization_id=self.key.organization_id,
                connection_id=self.key.connection_id,
                request_id=f"request-{self._requests}",
                reason=reason,
                hints=tuple(hints),
                requested_at=self.clock.now(),
            ),
            None,
        )

    async def slice(
        self, lane: Lane = "main", *, replica: int = 0, lifeline: Lifeline | None = None
    ) -> str | None:
        """Claim and work one slice; None when nothing is due, "killed" when the process died in it."""
        now = self.clocks[replica].now()
        run = await self.runs.claim(lane, now=now, until=now + timedelta(seconds=LEASE_SECONDS))
        if run is None:
            return None
        token = CURRENT.set(lifeline)
        try:
            return await asyncio.create_task(self.replicas[replica].execute(run))
        except TransientError:
            return "abandoned"  # As the worker has it: the lease runs out, and the slice is tried again.
        except Killed:
            self.replicas[replica] = self._started(replica)
            return "killed"
        finally:
            CURRENT.reset(token)
            self.reckoning.look()

    async def cross(
        self,
        first: tuple[Lane, int],
        second: tuple[Lane, int],
        *,
        sleep_at: int,
        pause_seconds: float = 0,
        kill_after: int | None = None,
        between: Callable[[], None] = lambda: None,
    ) -> None:
        """Let the first slice fall asleep at a step, work the second, and wake the first again.

        `kill_after` kills the first so many steps after it woke.
        """
        lifeline = Lifeline(
            sleep_at=sleep_at, kill_at=None if kill_after is None else sleep_at + kill_after + 1
        )
        lane, replica = first
        sleeper = asyncio.create_task(self.slice(lane, replica=replica, lifeline=lifeline))
        asleep = asyncio.create_task(lifeline.asleep.wait())
        await asyncio.wait({sleeper, asleep}, return_when=asyncio.FIRST_COMPLETED)
        between()
        self.clock.advance(pause_seconds)
        await self.slice(second[0], replica=second[1])
        lifeline.awake.set()
        await sleeper
        asleep.cancel()
        await asyncio.gather(asleep, return_exceptions=True)

    async def settle(self) -> None:
        """Work until no run is active, moving the clock to whatever is waited for."""
        for number in range(_MOST_SLICES):
            replica = number % len(self.replicas)
            worked = [await self.slice("hints", replica=replica), await self.slice("main", replica=replica)]
            if any(worked):
                continue
            waiting = [each["wake_at"] for each in self.runs.documents.values() if each["state"] == "active"]
            if not waiting:
                return
            wait = (min(waiting) - self.clocks[replica].now()).total_seconds()
            self.clock.advance(max(wait, 0.01))
        left = [
            (step["name"], step["failures"], step["waiting_for"])
            for each in self.runs.documents.values()
            for step in each["steps"]
            if not step["done"]
        ]
        raise AssertionError(f"The run never ended: {left}; last calls {self.line.paths[-5:]}")

    # --- the workspace ---

    def _heard(self, workspace_id: str, events: tuple[Happened, ...]) -> None:
        """Note the hints that the connector would make of an event's notification."""
        if workspace_id != self.workspace.id_code or not self.simulation.switches.webhooks:
            return
        for event in events:
            told = envelope(event, self.workspace, self.simulation.switches, None)
            found = hints_of(told)
            if found:
                self.hints.append(found)

    def mutate(self, name: str, /, **arguments: Any) -> bool:
        """Change the workspace; tell whether it could be done."""
        try:
            self.simulation.mutate(self.workspace.id_code, Mutation(name, arguments))
        except MutationRefusedError:
            return False
        return True

    def switch(self, **switches: Any) -> None:
        self.simulation.set_switches(self.simulation.switches.changed(**switches))

    def change(self, kind: str, one: int, other: int) -> bool:
        """Make one of the `CHANGES`, to things chosen by two numbers; tell whether anything changed."""
        self._changes += 1
        return CHANGES[kind](self, one, other, self._changes)

    def conversation(self, number: int) -> str:
        return _nth([each.id for each in self.workspace.conversations], number)

    def contact(self, number: int) -> str:
        return _nth([each.id for each in self.workspace.contacts], number)

    def company(self, number: int) -> str:
        return _nth([each.id for each in self.workspace.companies], number)

    def admin(self, number: int = 0) -> str:
        return _nth(list(self.workspace.admins), number)

    def tag(self, number: int) -> str:
        return _nth(list(self.workspace.tags), number)

    # --- access ---

    def restrict(self, *, state: str = "active", missing: frozenset[str] = frozenset()) -> None:
        known = self.simulation.tokens.get(self.token)
        assert known is not None
        self.simulation.put_token(replace(known, state=state, missing=missing))  # type: ignore[arg-type]

    # --- what came of it ---

    def told(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.journal.events if isinstance(event, kind)]

    @property
    def completed(self) -> list[SyncCompleted]:
        return self.told(SyncCompleted)

    @property
    def interrupted(self) -> list[SyncInterrupted]:
        return self.told(SyncInterrupted)

    @property
    def progressed(self) -> list[SyncProgressed]:
        return self.told(SyncProgressed)

    async def calm(self) -> None:
        """End all faults, grant everything, let every index catch up, and read until nothing is left to do.

        What a workspace is like (its dates, its order, its part limit) stays; only what fails ends.
        """
        self.line.faults.clear()
        self.line.broken.clear()
        self.line.meanwhile.clear()
        self.line.answers_are_lost = False
        self.journal.failures = 0
        self.restrict()
        self.switch(
            too_many_requests_every=0,
            html_502_every=0,
            empty_200_every=0,
            reset_every=0,
            stall_every=0,
            slow_above_page_size=0,
            scroll_error_at_page=0,
            foreign_scroll=False,
            rows_move=False,
            plan_restricted=(),
            app_limit=1667,
        )
        # What is snoozed wakes up, and is shown by searches, before the last reading and not during it.
        self.clock.advance(_LONGEST_SNOOZE_SECONDS)
        self.simulation.wake_snoozed()
        self.clock.advance(OVERLAP_SECONDS)
        await self.connect()
        await self.settle()
        await self.ask("scheduled")
        await self.settle()
        self.reckoning.look()
        self.clock.advance(5)
        await self.ask("reconcile")
        await self.settle()

    def reckon(self) -> list[str]:
        return self.reckoning.at_the_end()


def _nth(things: Sequence[str], number: int) -> str:
    return things[number % len(things)] if things else "none"


def _happening(name: str, /, **makers: Callable[[World, int, int, int], Any]) -> Callable[..., bool]:
    def happen(world: World, one: int, other: int, number: int) -> bool:
        arguments = {key: make(world, one, other, number) for key, make in makers.items()}
        return world.mutate(name, **arguments)

    return happen


def _quiet(name: str, /, **makers: Callable[[World, int, int, int], Any]) -> Callable[..., bool]:
    """Return a change that moves no time: no run promises to see it before the next reconcile."""
    loud = _happening(name, conversation_id=_conversation, quiet=lambda *_: True, **makers)

    def happen(world: World, one: int, other: int, number: int) -> bool:
        world.changed_quietly.add(world.conversation(one))
        return loud(world, one, other, number)

    return happen


def _tag_many(world: World, one: int, _other: int, number: int) -> bool:
    for each in range(11):
        world.mutate("create_tag", name=f"Tag {number} {each}")
        world.mutate("tag_contact", contact_id=world.contact(one), tag_id=world.tag(-1))
    return True


def _join_many(world: World, one: int, _other: int, number: int) -> bool:
    for each in range(11):
        world.mutate("create_company", company_id=f"many-{number}-{each}", name=f"Company {number} {each}")
        world.mutate("attach_company", contact_id=world.contact(one), company_id=world.company(-1))
    return True


def _conversation(world: World, one: int, _other: int, _number: int) -> str:
    return world.conversation(one)


def _contact(world: World, one: int, _other: int, _number: int) -> str:
    return world.contact(one)


def _other_contact(world: World, _one: int, other: int, _number: int) -> str:
    return world.contact(other)


def _company(world: World, one: int, _other: int, _number: int) -> str:
    return world.company(one)


def _admin(world: World, _one: int, _other: int, _number: int) -> str:
    return world.admin()


def _tag(world: World, _one: int, other: int, _number: int) -> str:
    return world.tag(other)


def _body(_world: World, _one: int, _other: int, number: int) -> str:
    return f"<p>Word {number}</p>"


def _part(world: World, one: int, other: int, _number: int) -> str | None:
    parts = world.workspace.parts(world.conversation(one))
    return parts[other % len(parts)].id if parts and other % 4 else None


CHANGES: dict[str, Callable[[World, int, int, int], bool]] = {
    "reply": _happening("reply", conversation_id=_conversation, body=_body),
    "note": _happening("note", conversation_id=_conversation, admin_id=_admin, body=_body),
    "create": _happening("create_conversation", contact_id=_contact, body=_body),
    "close": _happening("close", conversation_id=_conversation, admin_id=_admin),
    "open": _happening("open_again", conversation_id=_conversation, admin_id=_admin),
    "snooze": _happening(
        "snooze",
        conversation_id=_conversation,
        admin_id=_admin,
        until=lambda world, _one, other, _number: int(world.simulation.now()) + 60 + other * 40,
    ),
    "assign": _happening("assign", conversation_id=_conversation, admin_id=_admin, to_admin_id=_admin),
    "title": _happening("set_title", conversation_id=_conversation, title=lambda *found: f"Title {found[3]}"),
    "rate": _happening(
        "rate", conversation_id=_conversation, rating=lambda _world, _one, other, _number: other % 5 + 1
    ),
    "tag": _happening("tag_conversation", conversation_id=_conversation, tag_id=_tag, admin_id=_admin),
    "untag": _happening("untag_conversation", conversation_id=_conversation, tag_id=_tag),
    "redact": _happening("redact", conversation_id=_conversation, part_id=_part),
    "tag quietly": _quiet("tag_conversation", tag_id=_tag, admin_id=_admin),
    "untag quietly": _quiet("untag_conversation", tag_id=_tag),
    "title quietly": _quiet("set_title", title=lambda *found: f"Quiet title {found[3]}"),
    "attribute quietly": _quiet(
        "set_conversation_attribute", name=lambda *_: "Area", value=lambda *found: f"Value {found[3]}"
    ),
    "redact quietly": _quiet("redact", part_id=_part),
    "delete": _happening("delete_conversation", conversation_id=_conversation),
    "merge": _happening(
        "merge_conversations",
        conversation_id=_conversation,
        into_id=lambda world, _one, other, _number: world.conversation(other),
        admin_id=_admin,
    ),
    "join": _happening(
        "attach_contact", conversation_id=_conversation, contact_id=_other_contact, admin_id=_admin
    ),
    "contact": _happening("create_contact", name=lambda *found: f"Contact {found[3]}"),
    "rename": _happening(
        "update_contact", contact_id=_contact, changes=lambda *found: {"name": f"Contact {found[3]}"}
    ),
    "tag contact": _happening("tag_contact", contact_id=_contact, tag_id=_tag),
    "untag contact": _happening("untag_contact", contact_id=_contact, tag_id=_tag),
    "tag contact often": _tag_many,
    "archive contact": _happening("archive_contact", contact_id=_contact),
    "unarchive contact": _happening("unarchive_contact", contact_id=_contact),
    "delete contact": _happening("delete_contact", contact_id=_contact),
    "merge contacts": _happening("merge_contacts", contact_id=_contact, into_id=_other_contact),
    "company": _happening(
        "create_company",
        company_id=lambda *found: f"new-{found[3]}",
        name=lambda *found: f"Company {found[3]}",
    ),
    "change company": _happening(
        "update_company", company_id=_company, changes=lambda *found: {"monthly_spend": found[3]}
    ),
    "delete company": _happening("delete_company", company_id=_company),
    "attach company": _happening(
        "attach_company",
        contact_id=_contact,
        company_id=lambda world, _one, other, _number: world.company(other),
    ),
    "detach company": _happening(
        "detach_company",
        contact_id=_contact,
        company_id=lambda world, _one, other, _number: world.company(other),
    ),
    "attach many": _join_many,
    "new tag": _happening("create_tag", name=lambda *found: f"Tag {found[3]}"),
    "drop tag": _happening("delete_tag", tag_id=_tag),
    "admin": _happening(
        "add_admin",
        name=lambda *found: f"Admin {found[3]}",
        email=lambda *found: f"admin{found[3]}@workspace.test",
    ),
    "drop admin": _happening("remove_admin", admin_id=lambda world, _one, _other, _number: world.admin(-1)),
}
"""Everything that can become of a workspace, by the word a test uses."""
