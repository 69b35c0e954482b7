"""Several readers of one limit, in simulated time: nobody is refused, little is left over, nobody starves.

Each reader has a budget of its own, as connections in one process and replicas in several have: all they know
of each other is what the simulated Intercom's headers say.
"""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

import pytest

from deploy.simulator.limits import WINDOW_SECONDS, RateLimiter
from services.syncer.domain.budget import Need, RateBudget, RateHeaders

if TYPE_CHECKING:
    from collections.abc import Callable

APP_LIMIT = 1_667
WORKSPACE_LIMIT = 4_167
_MANY_AFTER = 100
"""Calls after which the adapter takes a run for a long one."""

_POLL_SECONDS = 1.0
"""How late a parked run may be found due; the worker's default."""


@dataclass
class Source:
    """Simulated time, and an Intercom that counts what arrives."""

    latency_seconds: float = 0.1
    now: float = 1_000_003.0
    arrived: dict[int, int] = field(default_factory=dict)
    refused: int = 0

    def __post_init__(self) -> None:
        self._limiter = RateLimiter()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._number = count()
        self.rng = random.Random(7)

    def at(self, when: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._events, (when, next(self._number), what))

    def run(self, until: float) -> None:
        while self._events and self._events[0][0] <= until:
            self.now, _, what = heapq.heappop(self._events)
            what()
        self.now = until

    def call(self, app: str, workspace: str, answered: Callable[[RateHeaders], None]) -> None:
        """Send a call: it arrives after half of the latency, and its answer after the other half."""
        travel = self.latency_seconds * self.rng.uniform(0.4, 1.2) / 2

        def arrive() -> None:
            window = int(self.now // WINDOW_SECONDS)
            self.arrived[window] = self.arrived.get(window, 0) + 1
            allowance = self._limiter.take(
                self.now, {f"app:{app}": APP_LIMIT, f"workspace:{workspace}": WORKSPACE_LIMIT}
            )
            self.refused += not allowance.allowed
            told = RateHeaders(
                allowance.limit, allowance.remaining, allowance.reset - self.now - travel, allowance.reset
            )
            self.at(self.now + travel, lambda: answered(told))

        self.at(self.now + travel, arrive)

    def shares(self, limit: int = APP_LIMIT) -> list[float]:
        """Return how much of each steady window was used."""
        windows = sorted(self.arrived)[1:-1]
        return [self.arrived[window] / limit for window in windows]


class Reader:
    """One connection in one process: makes its calls as the pace does, and parks when told to wait."""

    def __init__(
        self, source: Source, work: int, *, app: str = "app", workspace: str = "ws", at_once: int = 48
    ) -> None:
        self.source = source
        self.work = work
        self.made = 0
        self.ended_at: float | None = None
        self._budget = RateBudget(reserve_share=0.03)
        self._app, self._workspace, self._at_once = app, workspace, at_once
        self._parked = False
        source.at(source.now, self.go_on)

    def begin_again(self, work: int) -> None:
        self.work, self.made, self.ended_at = work, 0, None
        self.go_on()

    def go_on(self) -> None:
        self._parked = False
        while self.made < self.work and self._budget.in_flight < self._at_once:
            wait = self._budget.take(self.source.now, Need.FEW if self.made < _MANY_AFTER else Need.MANY)
            if wait is None:
                self.made += 1
                self.source.call(self._app, self._workspace, self._answered)
            elif wait > 0 and not self._parked:
                self._parked = True
                self.source.at(self.source.now + wait + self.source.rng.uniform(0, _POLL_SECONDS), self.go_on)
                return
            else:
                return

    def _answered(self, headers: RateHeaders) -> None:
        self._budget.answered(self.source.now, headers)
        if self.made == self.work and self._budget.in_flight == 0:
            self.ended_at = self.source.now
        elif not self._parked:
            self.go_on()


@pytest.mark.parametrize("latency", [0.05, 0.1, 0.25])
@pytest.mark.parametrize("readers", [1, 2, 4])
def test_readers_of_one_limit_use_it_up_and_are_not_refused(readers: int, latency: float) -> None:
    """Replicas or connections of one app together use 95 % of each steady window, and get no 429."""
    source = Source(latency_seconds=latency)
    for _ in range(readers):
        Reader(source, 200_000, at_once=96)
    source.run(source.now + 90)
    assert source.refused == 0
    assert min(source.shares()) >= 0.95


def test_the_limit_of_a_workspace_is_shared_by_its_apps() -> None:
    """Three apps read one workspace: its own limit is the tighter one, and it is kept and used as well."""
    source = Source()
    for number in range(3):
        Reader(source, 200_000, app=f"app{number}", at_once=96)
    source.run(source.now + 60)
    assert source.refused == 0
    assert min(source.shares(WORKSPACE_LIMIT)) >= 0.95


def test_a_huge_workspace_does_not_starve_small_ones() -> None:
    """Ten small connections beside one of 200,000 conversations end each run within two intervals."""
    interval = 10.0
    source = Source()
    huge = Reader(source, 200_000, workspace="huge", at_once=96)
    source.run(source.now + 25)
    small = [Reader(source, 0, workspace=f"small{number}", at_once=8) for number in range(10)]
    late: list[float] = []
    for round_ in range(6):
        begun = source.now
        for reader in small:
            reader.begin_again(9)
        source.run(begun + 2 * interval)
        late += [(reader.ended_at or float("inf")) - begun for reader in small]
        source.run(begun + 2 * interval + round_)
    assert max(late) <= 2 * interval
    assert sorted(late)[len(late) // 2] <= interval
    assert source.refused == 0
    assert huge.made > 0.9 * sum(source.arrived.values())


def test_equal_readers_get_about_equal_shares() -> None:
    """Of four long runs of one app none gets less than half of its fair share."""
    source = Source()
    readers = [Reader(source, 200_000, workspace=f"ws{number}", at_once=96) for number in range(4)]
    source.run(source.now + 60)
    fair = sum(reader.made for reader in readers) / len(readers)
    assert min(reader.made for reader in readers) >= fair / 2
