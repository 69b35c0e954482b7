"""Starts a service again each time it died where it was told to, and knows which places are still to come."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

from tests.e2e.chain.installation import eventually
from tests.e2e.torture.service import DIED_AS_TOLD

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.torture.cluster import Cluster

_LOOK_SECONDS = 0.05
_DEATH_SECONDS = 120


class Undertaker:
    """Watches one service of a cluster from a thread of its own.

    Args:
        seen: the folder in which services name the places that they reach.
        places: where it shall die, each once, in whatever order it comes to them.
    """

    def __init__(self, cluster: Cluster, service: str, seen: Path, places: set[str]) -> None:
        self._cluster = cluster
        self._service = service
        self._seen = seen / f"{service}.txt"
        self.left = set(places)
        self.died_at: list[str] = []
        self.unforeseen: list[int] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Replace the running service by one that dies at the first of the places."""
        self._cluster.end(self._service, signal.SIGTERM)
        self._cluster.start(self._service, "--die-at", *sorted(self.left))
        self._thread.start()

    def wait_first_death(self) -> None:
        """Return when the service has died once and all is ready again."""
        eventually(f"{self._service} dies", lambda: self.died_at, seconds=_DEATH_SECONDS)
        eventually(
            "all is ready again", lambda: self._cluster.ready(self._cluster.first()), seconds=_DEATH_SECONDS
        )

    def stop(self) -> None:
        """Let the service live: from now on it runs without any place to die at."""
        self._stop.set()
        self._thread.join()
        self._cluster.end(self._service, signal.SIGTERM)
        self._cluster.start(self._service)

    def _run(self) -> None:
        while not self._stop.wait(_LOOK_SECONDS):
            process = self._cluster.parts[self._service].process
            code = None if process is None else process.poll()
            if code is None:
                continue
            if code == DIED_AS_TOLD:
                place = self._seen.read_text("utf-8").split()[-1]
                self.died_at.append(place)
                self.left.discard(place)
            else:
                self.unforeseen.append(code)
            self._cluster.start(self._service, "--die-at", *sorted(self.left))
