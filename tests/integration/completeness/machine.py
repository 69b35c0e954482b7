"""Whatever happens, in whatever order: the mirror is the workspace, or the ledger says where it is not."""

from __future__ import annotations

import asyncio
import random
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.integration.completeness.plants import HEALTHY, Assembly
from tests.integration.completeness.process import FAULTS, Lifeline
from tests.integration.completeness.world import CHANGES, World, tiny

if TYPE_CHECKING:
    from collections.abc import Coroutine

SWITCHES: tuple[dict[str, Any], ...] = (
    {"contact_lag_seconds": 600, "conversation_lag_seconds": 600, "lag_varies": True},
    {"contact_lag_seconds": 0, "conversation_lag_seconds": 0},
    {"conversation_lag_seconds": 300},
    {"app_limit": 12},
    {"app_limit": 1667},
    {"too_many_requests_every": 5},
    {"missing_permission": "forbidden"},
    {"plan_restricted": ("read_tags",)},
    {"plan_restricted": ()},
    {"merged_contacts": "not_found"},
    {"parts_limit": 2},
    {"scroll_page_size": 2},
    {"scroll_page_size": 2, "scroll_error_at_page": 2},
    {"foreign_scroll": True},
    {"foreign_scroll": False},
    {"companies_list_cap": 3},
    {"rows_move": True},
    {"html_502_every": 6},
    {"empty_200_every": 5},
    {"html_404": True},
    {"deleted_companies_listed": False},
    {"slow_above_page_size": 4},
    {"slow_above_page_size": 4, "slow_answer": "502"},
    {"webhooks": False},
    {"webhook_iso_times": False},
    {"version_echo": False},
)
"""What may be switched at any moment. Lags stay within the overlap: beyond it only a reconcile promises."""

NATURES: tuple[dict[str, Any], ...] = (
    {},
    {"contact_dates": "utc_day"},
    {"contact_dates": "exact", "conversation_bounds": "inclusive"},
    {"conversation_dates": "utc_day"},
    {"conversation_dates": "utc_day", "conversation_sort": "ignored"},
    {"conversation_sort": "ignored", "conversation_bounds": "inclusive"},
)
"""How a workspace reads times and orders: that does not change from one call to the next."""

SMALL = st.integers(0, 40)
LANES = st.sampled_from(["main", "hints"])
REPLICAS = st.integers(0, 1)


class Completeness(RuleBasedStateMachine):
    """Subclasses plant a bug by another `assembly`."""

    assembly: ClassVar[Assembly] = HEALTHY

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.world: World | None = None

    def run(self, doing: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(doing)

    @property
    def here(self) -> World:
        assert self.world is not None
        return self.world

    @initialize(
        slice_items=st.sampled_from([3, 6, 40]),
        lookback=st.sampled_from([15, 90]),
        scroll=st.sampled_from([2, 100]),
        read=st.booleans(),
        nature=st.sampled_from(NATURES),
    )
    def begin(self, slice_items: int, lookback: int, scroll: int, read: bool, nature: dict[str, Any]) -> None:
        """A workspace, new to the syncer or read whole already."""
        self.world = World(self.assembly, settings=tiny(), slice_items=slice_items, lookback_days=lookback)
        self.world.switch(scroll_page_size=scroll, **nature)
        self.run(self.world.connect())
        self.run(self.world.ask("initial"))
        if read:
            self.run(self.world.settle())

    @rule(kinds=st.lists(st.tuples(st.sampled_from(sorted(CHANGES)), SMALL, SMALL), min_size=1, max_size=6))
    def change(self, kinds: list[tuple[str, int, int]]) -> None:
        for kind, one, other in kinds:
            self.here.change(kind, one, other)

    @rule(seconds=st.sampled_from([0.4, 1, 2, 29, 61, 601, 1_000, 22_000, 90_000]))
    def wait(self, seconds: float) -> None:
        self.here.clock.advance(seconds)

    @rule(switches=st.sampled_from(SWITCHES))
    def switch(self, switches: dict[str, Any]) -> None:
        self.here.switch(**switches)

    @rule(reason=st.sampled_from(["scheduled", "scheduled", "manual", "reconcile", "initial"]))
    def ask(self, reason: Any) -> None:
        self.run(self.here.ask(reason))

    @rule(
        lane=LANES,
        replica=REPLICAS,
        slices=st.integers(1, 6),
        meanwhile=st.lists(
            st.tuples(st.integers(1, 20), st.sampled_from(sorted(CHANGES)), SMALL, SMALL), max_size=4
        ),
    )
    def work(self, lane: Any, replica: int, slices: int, meanwhile: list[tuple[int, str, int, int]]) -> None:
        """Work some slices, while things change between one call and the next."""
        world = self.here
        for later, kind, one, other in meanwhile:
            world.line.meanwhile[world.line.calls + later] = partial(world.change, kind, one, other)
        for _ in range(slices):
            self.run(world.slice(lane, replica=replica))

    @rule()
    def finish(self) -> None:
        self.run(self.here.settle())

    @rule(lane=LANES, replica=REPLICAS, at=st.integers(1, 150), pause=st.sampled_from([0, 31]))
    def kill(self, lane: Any, replica: int, at: int, pause: float) -> None:
        self.run(self.here.slice(lane, replica=replica, lifeline=Lifeline(kill_at=at)))
        self.here.clock.advance(pause)

    @rule(
        first=st.tuples(LANES, REPLICAS),
        second=st.tuples(LANES, REPLICAS),
        sleep_at=st.integers(1, 120),
        pause=st.sampled_from([0, 0, 1, 31]),
        kill_after=st.none() | st.integers(0, 20),
        kinds=st.lists(st.tuples(st.sampled_from(sorted(CHANGES)), SMALL, SMALL), max_size=3),
    )
    def cross(
        self,
        first: Any,
        second: Any,
        sleep_at: int,
        pause: float,
        kill_after: int | None,
        kinds: list[tuple[str, int, int]],
    ) -> None:
        """One falls asleep anywhere, the workspace changes, another reads, the first goes on or dies."""
        self.run(
            self.here.cross(
                first,
                second,
                sleep_at=sleep_at,
                pause_seconds=pause,
                # Who slept longer than its lease and dies at once after publishing: see the syncer's README.
                kill_after=kill_after if pause == 0 else None,
                between=lambda: self.change(kinds) if kinds else None,
            )
        )

    @rule(pick=st.integers(0, 2**16), lost=st.integers(0, 2), twice=st.booleans())
    def deliver(self, pick: int, lost: int, twice: bool) -> None:
        """Webhooks come in any order, some twice, some never."""
        world = self.here
        hints, world.hints = world.hints, []
        rng = random.Random(pick)
        rng.shuffle(hints)
        kept = hints[: max(len(hints) - lost, 0)]
        for each in kept + (kept if twice else []):
            self.run(world.ask("hint", each))

    @rule(faults=st.lists(st.none() | st.sampled_from(FAULTS), min_size=1, max_size=12), lost=st.booleans())
    def fail(self, faults: list[str | None], lost: bool) -> None:
        """The next calls fail, before or after the server has worked on them."""
        self.here.line.faults.extend(faults)
        self.here.line.answers_are_lost = lost

    @rule(times=st.integers(1, 2))
    def bus_away(self, times: int) -> None:
        self.here.journal.failures = times

    @rule(
        how=st.sampled_from(
            ["revoked", "suspended", "read_tags", "read_conversations", "read_users_and_companies"]
        )
    )
    def restrict(self, how: str) -> None:
        if how in {"revoked", "suspended"}:
            self.here.restrict(state=how)
        else:
            self.here.restrict(missing=frozenset({how}))

    @rule()
    def reconnect(self) -> None:
        self.here.restrict()
        self.run(self.here.connect())
        self.run(self.here.ask("initial"))

    @rule(days=st.sampled_from([10, 20, 21, 45, 90]))
    def look_back(self, days: int) -> None:
        self.here.lookback_days = days
        self.run(self.here.connect())
        self.run(self.here.ask("lookback_extended"))

    @rule(replica=REPLICAS, seconds=st.sampled_from([-400, -3, 0, 3, 400]))
    def skew(self, replica: int, seconds: float) -> None:
        self.here.clocks[replica].wrong_by = seconds

    def teardown(self) -> None:
        try:
            if self.world is not None:
                self.run(self.world.calm())
                assert self.world.reckon() == []
        finally:
            self.runner.close()
