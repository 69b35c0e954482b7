"""Lets one service of a cluster die at places of a test's choice, and knows which are still to come."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

from tests.e2e.chain.installation import eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.torture.cluster import Cluster

_LOOK_SECONDS = 0.05
_DEATH_SECONDS = 120


class Undertaker:
    """Replaces one service by one that dies at each of some places once, and is born again each time.

    Args:
        seen: the folder in which services name the places that they reach.
        places: where it shall die, in whatever order it comes to them.
    """

    def __init__(self, cluster: Cluster, service: str, seen: Path, places: set[str]) -> None:
        self._cluster = cluster
        self._service = service
        self._ends = seen / f"{service}.ends"
        self._places = frozenset(places)

    @property
    def ends(self) -> list[str]:
        """Return how each life ended so far: at which place, or by which exit code."""
        return self._ends.read_text("utf-8").split() if self._ends.exists() else []

    @property
    def left(self) -> set[str]:
        """Return the places that it has still to die at."""
        return set(self._places) - set(self.ends)

    @property
    def unforeseen(self) -> list[str]:
        """Return the ends that nobody asked for."""
        return [end for end in self.ends if end not in self._places]

    def start(self) -> None:
        """Replace the running service by one that dies at the first of the places."""
        self._cluster.end(self._service, signal.SIGTERM)
        self._cluster.start(self._service, "--die-at", *sorted(self._places))

    def wait_first_death(self) -> None:
        """Return when the service has died once and all is ready again."""
        eventually(f"{self._service} dies", lambda: self.ends, seconds=_DEATH_SECONDS)
        eventually(
            "all is ready again", lambda: self._cluster.ready(self._cluster.first()), seconds=_DEATH_SECONDS
        )

    def wait_while(self, left: Callable[[str], bool], seconds: float) -> bool:
        """Wait until no place that `left` means is still to come; tell whether that is so."""
        deadline = time.monotonic() + seconds
        while any(map(left, self.left)):
            if time.monotonic() > deadline:
                return False
            time.sleep(_LOOK_SECONDS)
        return True

    def stop(self) -> None:
        """Let the service live: from now on it runs without any place to die at."""
        self._cluster.end(self._service, signal.SIGTERM)
        self._cluster.start(self._service)
