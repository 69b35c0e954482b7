"""The running simulation: workspaces with indexes, tokens, switches, counters, and how they change.

Everything that changes goes through `mutate`, `set_switches`, `put_token` and `set_pace`; each tells the
recorder, so that the same simulation can be rebuilt after a restart.
"""

from __future__ import annotations

import contextlib
import heapq
import random
from collections import deque
from typing import TYPE_CHECKING, Any

from deploy.simulator import mutations
from deploy.simulator.errors import JournalError, MutationRefusedError
from deploy.simulator.indexes import SearchIndex
from deploy.simulator.limits import RateLimiter
from deploy.simulator.model import Contact, Mutation
from deploy.simulator.scrolls import CompanyScroll
from deploy.simulator.statistics import CallStatistics
from deploy.simulator.tokens import Token, TokenBook

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploy.simulator.model import Conversation, Event, Workspace
    from deploy.simulator.switches import Switches
    from shared.clock import Clock

LATEST_HAPPENINGS = 100


class Tenant:
    """One workspace with what searches see of it."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.contacts: SearchIndex[Contact] = SearchIndex(
            workspace.contacts, lambda contact: not contact.archived and contact.merged_into is None
        )
        self.conversations: SearchIndex[Conversation] = SearchIndex(
            workspace.conversations, lambda _: True, workspace.conversation_summary
        )
        self.scroll = CompanyScroll()
        self._snoozed: list[tuple[int, str]] = []
        for kind, thing_id in dict.fromkeys(workspace.touched):
            if kind == "conversation":
                self._mind_snooze(thing_id)
        workspace.touched.clear()

    def index_touched(self, now: float, switches: Switches, rng: random.Random) -> None:
        """Hand what was touched to the indexes, each change with its lag."""
        touched = dict.fromkeys(self.workspace.touched)
        self.workspace.touched.clear()
        for kind, thing_id in touched:
            share = rng.random() if switches.lag_varies else 1.0
            if kind == "contact":
                seen_at = now + switches.contact_lag_seconds * share
                self.contacts.change(thing_id, self.workspace.contacts.get(thing_id), seen_at)
            elif kind == "conversation":
                seen_at = now + switches.conversation_lag_seconds * share
                self.conversations.change(thing_id, self.workspace.conversations.get(thing_id), seen_at)
                self._mind_snooze(thing_id)
        self.settle(now)

    def _mind_snooze(self, conversation_id: str) -> None:
        found = self.workspace.conversations.get(conversation_id)
        if found is not None and found.snoozed_until is not None:
            heapq.heappush(self._snoozed, (found.snoozed_until, conversation_id))

    def woken(self, now: float) -> list[str]:
        """The conversations whose snooze is over; each is named once."""
        ids = []
        while self._snoozed and self._snoozed[0][0] <= now:
            until, conversation_id = heapq.heappop(self._snoozed)
            found = self.workspace.conversations.get(conversation_id)
            # Whoever was opened or snoozed again in the meantime has another time, or none.
            if found is not None and found.state == "snoozed" and found.snoozed_until == until:
                ids.append(conversation_id)
        return ids

    def settle(self, now: float) -> None:
        self.contacts.settle(now)
        self.conversations.settle(now)


class Happening:
    """A change that was made: what, when, which webhook events it caused, what a detector should find."""

    __slots__ = ("at", "events", "expected", "mutation", "workspace_id")

    def __init__(
        self,
        workspace_id: str,
        mutation: Mutation,
        at: int,
        events: tuple[Event, ...],
        expected: str | None = None,
    ) -> None:
        self.workspace_id = workspace_id
        self.mutation = mutation
        self.at = at
        self.events = events
        self.expected = expected


class Simulation:
    """All state of the simulator. Not thread-safe: it lives on one event loop."""

    def __init__(
        self,
        *,
        workspaces: tuple[Workspace, ...],
        switches: Switches,
        clock: Clock,
        seed: int,
        record: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        self.clock = clock
        self.switches = switches
        self.tenants = {workspace.id_code: Tenant(workspace) for workspace in workspaces}
        self.tokens = TokenBook()
        self.limiter = RateLimiter()
        self.statistics = CallStatistics()
        self.happenings: deque[Happening] = deque(maxlen=LATEST_HAPPENINGS)
        self.rng = random.Random(seed)  # noqa: S311 (a simulation wants to be repeatable)
        self.pace = "normal"
        self.on_events: list[Callable[[str, tuple[Event, ...]], None]] = []
        self.record = record
        self.require_room: Callable[[], None] | None = None
        self.started_at = int(clock.now().timestamp())
        self._calls = 0

    @property
    def first(self) -> Tenant:
        """The workspace that is shown first: the demo workspace."""
        return next(iter(self.tenants.values()))

    def now(self) -> float:
        return self.clock.now().timestamp()

    def tenant(self, workspace_id: str | None) -> Tenant:
        """The workspace of that id, or the first one. MutationRefusedError for an unknown id."""
        if workspace_id is None:
            return self.first
        tenant = self.tenants.get(workspace_id)
        if tenant is None:
            raise MutationRefusedError(f"There is no workspace {workspace_id}.")
        return tenant

    def mutate(
        self, workspace_id: str | None, mutation: Mutation, *, expected: str | None = None
    ) -> tuple[Event, ...]:
        """Make a change now, index it (with its lag), record it, and send its webhooks.

        Raises:
            MutationRefusedError: nothing was changed.
            JournalError: it was made, but will be forgotten at the next start.
        """
        tenant = self.tenant(workspace_id)
        if self.require_room is not None:
            self.require_room()
        now = self.now()
        events = self.replay(tenant.workspace.id_code, mutation, int(now), indexed_at=now)
        self.happenings[-1].expected = expected
        self._record({"mutation": mutation.name, "arguments": mutation.arguments, "at": int(now)}, tenant)
        for listen in self.on_events:
            listen(tenant.workspace.id_code, events)
        return events

    def replay(
        self, workspace_id: str, mutation: Mutation, at: int, *, indexed_at: float | None = None
    ) -> tuple[Event, ...]:
        """Make a recorded change as of `at`: no webhook, no record."""
        tenant = self.tenant(workspace_id)
        events = mutations.apply(tenant.workspace, mutation, at)
        tenant.index_touched(at if indexed_at is None else indexed_at, self.switches, self.rng)
        self.happenings.append(Happening(workspace_id, mutation, at, events))
        return events

    def wake_snoozed(self) -> None:
        """Open the conversations whose snooze is over."""
        now = self.now()
        for tenant in self.tenants.values():
            for conversation_id in tenant.woken(now):
                mutation = Mutation("timer_unsnooze", {"conversation_id": conversation_id})
                # A full disk or a full journal keeps nobody asleep who is awake in the memory.
                with contextlib.suppress(MutationRefusedError, JournalError):
                    self.mutate(tenant.workspace.id_code, mutation)

    def set_switches(self, switches: Switches) -> None:
        self.switches = switches
        self._record({"switches": switches.model_dump(mode="json", exclude_defaults=True)})

    def put_token(self, token: Token) -> Token:
        self.tokens.put(token)
        self._record(
            {
                "token": token.value,
                "workspace": token.workspace_id,
                "app": token.app,
                "state": token.state,
                "missing": sorted(token.missing),
                "made_by": token.made_by,
            }
        )
        return token

    def set_pace(self, pace: str) -> None:
        self.pace = pace
        self._record({"pace": pace})

    def rebuild(self, workspaces: tuple[Workspace, ...]) -> None:
        """Begin anew with fresh workspaces; tokens, switches and pace stay."""
        self.tenants = {workspace.id_code: Tenant(workspace) for workspace in workspaces}
        self.happenings.clear()
        self.statistics = CallStatistics()

    def _record(self, entry: dict[str, Any], tenant: Tenant | None = None) -> None:
        if self.record is not None:
            self.record(entry if tenant is None else {**entry, "workspace": tenant.workspace.id_code})

    def count_call(self) -> int:
        """The number of this API call since the start, for the every-n-th switches."""
        self._calls += 1
        return self._calls

    def move_row(self, tenant: Tenant, row: Conversation | Contact) -> None:
        """Change a row behind a reader's back (switch 12). A row that cannot change stays where it is."""
        mutation = Mutation("set_title", {"conversation_id": row.id, "title": "Moved while you read"})
        if isinstance(row, Contact):
            mutation = Mutation("update_contact", {"contact_id": row.id, "changes": {"browser": "Firefox"}})
        with contextlib.suppress(MutationRefusedError):
            self.mutate(tenant.workspace.id_code, mutation)
