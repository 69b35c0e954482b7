"""What is done to a cluster: a sequence of blows drawn from one seed.

Every part is first ended once by SIGTERM and once by `kill -9`, in an order that the seed shuffles, and all
at once both ways; then blows are drawn at random until time is over. What follows a blow is drawn too: to
wait until everything is ready, half a second or two, or nothing at all.
"""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from tests.e2e.torture.cluster import ENGINES, SECOND, SERVICES, waited

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Collection, Iterable, Iterator

    from tests.e2e.chain.workspace import Workspace
    from tests.e2e.torture.cluster import Cluster
    from tests.e2e.torture.receiver import Receiver

Kind = Literal["end", "again", "all", "rebalance", "hold", "outside"]

_RECOVERED_SECONDS = 120
"""After a single blow everything must be ready again by then; engines on a busy machine take the longest."""

_HELD_AT_LEAST_SECONDS = 2.0
"""Long enough that calls to a part that is held up in place of being ended pile up."""


@dataclass(frozen=True)
class Blow:
    """One thing that is done. `rest_seconds` is None where the next one waits for full recovery."""

    kind: Kind
    parts: tuple[str, ...]
    number: signal.Signals
    seconds: float
    rest_seconds: float | None

    def __str__(self) -> str:
        how = {signal.SIGTERM: "SIGTERM", signal.SIGKILL: "kill -9", signal.SIGSTOP: "SIGSTOP"}[self.number]
        what = {
            "end": f"{how} {', '.join(self.parts)}",
            "again": f"{how} {', '.join(self.parts)}, three times as soon as it is back",
            "all": f"{how} {self._all_of_them()}",
            "rebalance": f"second replica of {', '.join(self.parts)}, {how} within {self.seconds:.1f} s",
            "hold": f"{how} {', '.join(self.parts)} for {self.seconds:.1f} s",
            "outside": "Intercom and receivers change their mood",
        }[self.kind]
        rest = "until ready" if self.rest_seconds is None else f"{self.rest_seconds:.1f} s"
        return f"{what}; rest {rest}"

    def _all_of_them(self) -> str:
        engines = [name for name in self.parts if name in ENGINES]
        if len(engines) == len(ENGINES):
            return "everything at once"
        return " and ".join(("all services", *engines)) + " at once"


def blows(rng: random.Random) -> Iterator[Blow]:
    """Yield blows for ever; the same seed yields the same ones."""
    everyone = (*ENGINES, *SERVICES)
    first = [
        Blow("end", (name,), number, 0, None)
        for name in everyone
        for number in (signal.SIGTERM, signal.SIGKILL)
    ]
    first += [Blow("all", everyone, number, 0, None) for number in (signal.SIGTERM, signal.SIGKILL)]
    first += [Blow("rebalance", (name,), signal.SIGKILL, rng.uniform(0, 4), 0.5) for name in SERVICES[1:]]
    rng.shuffle(first)
    yield Blow("outside", (), signal.SIGTERM, 0, 0)
    yield from first
    while True:
        yield _drawn(rng)


def sparing(planned: Iterable[Blow], name: str, *, may_be_held: bool) -> Iterator[Blow]:
    """Yield the same blows, but none that ends this part: what falls on it alone holds it up, if that may be.

    A blow that was meant for others too still meets them.
    """
    for blow in planned:
        left = tuple(part for part in blow.parts if part != name)
        if left or not blow.parts:
            yield replace(blow, parts=left)
        elif may_be_held:
            seconds = max(blow.seconds, _HELD_AT_LEAST_SECONDS)
            yield replace(blow, kind="hold", number=signal.SIGSTOP, seconds=seconds)


def _drawn(rng: random.Random) -> Blow:
    kinds: tuple[Kind, ...] = ("end", "again", "all", "rebalance", "hold", "outside")
    kind = rng.choices(kinds, weights=(6, 3, 2, 4, 2, 2))[0]
    number = rng.choice((signal.SIGTERM, signal.SIGKILL, signal.SIGKILL))
    seconds = rng.uniform(0, 4)
    rest = rng.choice((None, None, 0.0, 0.5, 2.0))
    parts: tuple[str, ...]
    if kind == "all":
        parts = rng.choice(((*ENGINES, *SERVICES), SERVICES, SERVICES))
    elif kind == "rebalance":
        parts = tuple(rng.sample(SERVICES, rng.choice((1, 1, 2, 4))))
    elif kind == "hold":
        number, parts = signal.SIGSTOP, (rng.choice((*ENGINES, *SERVICES)),)
        seconds = rng.uniform(1, 9)
    elif kind == "outside":
        parts = ()
    else:
        parts = tuple(rng.sample((*ENGINES, *SERVICES), rng.choice((1, 1, 1, 2, 3))))
    return Blow(kind, parts, number, seconds, rest)


class Trouble:
    """Deals blows to a cluster and lets it recover.

    Args:
        spared: parts that are never ended, not even while they are held up.
    """

    def __init__(
        self,
        cluster: Cluster,
        workspace: Workspace,
        receiver: Receiver,
        rng: random.Random,
        say: Callable[[str], None],
        *,
        spared: Collection[str] = (),
    ) -> None:
        self._spared = spared
        self._cluster = cluster
        self._workspace = workspace
        self._receiver = receiver
        self._rng = rng
        self._say = say
        self.recoveries: list[tuple[float, str]] = []

    def deal(self, blow: Blow) -> None:
        """Do it, start what ended, and rest. Raises AssertionError when the cluster does not recover."""
        getattr(self, f"_{blow.kind}")(blow)
        if blow.rest_seconds is not None:
            time.sleep(blow.rest_seconds)
            return
        began = time.monotonic()
        self.recover(str(blow))
        self.recoveries.append((time.monotonic() - began, str(blow)))

    def recover(self, why: str) -> None:
        """Start what does not run and wait until all is ready."""
        names = self._cluster.first()
        for name in names:
            self._cluster.start(name)
        if not waited(lambda: self._cluster.ready(names), _RECOVERED_SECONDS):
            raise AssertionError(
                f"Not ready {_RECOVERED_SECONDS} s after: {why}. {self._cluster.unready(names)}"
            )

    def calm(self) -> None:
        """End all faults outside and all second replicas; let everything recover."""
        self._mood(on=False)
        for name in SERVICES:
            self._cluster.end(name + SECOND, signal.SIGTERM)
        self.recover("the end of trouble")

    def _end(self, blow: Blow) -> None:
        self._together(blow.parts, blow.number)

    def _together(self, parts: tuple[str, ...], number: signal.Signals) -> None:
        for name in parts:
            self._cluster.send(name, number)
        for name in parts:
            self._cluster.end(name, number)
        for name in parts:
            self._cluster.start(name)

    def _again(self, blow: Blow) -> None:
        for _ in range(3):
            self._together(blow.parts, blow.number)
            time.sleep(self._rng.uniform(0, 2))

    def _all(self, blow: Blow) -> None:
        self._together(blow.parts, blow.number)

    def _rebalance(self, blow: Blow) -> None:
        """Let another replica join, and end one of the two while partitions move."""
        for name in blow.parts:
            self._cluster.start(name + SECOND)
        time.sleep(blow.seconds)
        for name in blow.parts:
            victim = self._rng.choice((name, name + SECOND))
            self._cluster.end(victim, blow.number)
            self._cluster.start(name)

    def _hold(self, blow: Blow) -> None:
        (name,) = blow.parts
        self._cluster.send(name, signal.SIGSTOP)
        time.sleep(blow.seconds)
        if self._rng.random() < 0.3 and name not in self._spared:
            self._cluster.end(name, signal.SIGKILL)
            self._cluster.start(name)
        else:
            self._cluster.send(name, signal.SIGCONT)

    def _outside(self, _: Blow) -> None:
        self._mood(on=self._rng.random() < 0.8)

    def _mood(self, *, on: bool) -> None:
        rng = self._rng
        switches = {
            "too_many_requests_every": rng.randint(11, 60),
            "html_502_every": rng.randint(11, 60),
            "reset_every": rng.randint(11, 60),
            "empty_200_every": rng.randint(20, 90),
            "webhook_duplicate_every": rng.randint(2, 5),
            "webhook_drop_every": rng.randint(4, 12),
            "latency_median_ms": rng.choice((0, 0, 40, 150)),
        }
        self._workspace.switch(**(switches if on else dict.fromkeys(switches, 0)))
        self._receiver.failing = rng.uniform(0.05, 0.3) if on else 0.0
