"""A service under test: `python -m tests.e2e.torture.service NAME [--die-at PLACE …]`.

Builds the service as its own `__main__` does, and differs only by what its composition root is given: a
`Faults` that ends the process as a crash does at the first of some places that is reached, and notes each
place in a file; and, named in `EARSHOT_TEST_MUTANT`, a safeguard taken out (see `mutants`).

Told where to die, it dies at each of the places once: this process has everything imported and runs the
service in a child of its own, which costs a tenth of a fresh start. How each child ended is a line in
`<name>.ends`.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.http.server import Server
from shared.observability.logs import configure_logging
from tests.e2e.torture.mutants import MUTANTS

if TYPE_CHECKING:
    from types import FrameType

DIED_AS_TOLD = 86
"""Exit code of a process that ended at the place it was told."""

MUTANT_VARIABLE = "EARSHOT_TEST_MUTANT"
SEEN_VARIABLE = "EARSHOT_TEST_PLACES_SEEN"
"""Names a folder in which each place that a service reached gets a line in `<service>.txt`."""

_PR_SET_PDEATHSIG = 1
"""From linux/prctl.h."""


class DieAt:
    """Ends the process when one of some places is reached, without any cleaning up.

    Each place that was reached gets a line in the file `seen`; its last line names the place of death.
    """

    def __init__(self, places: frozenset[str], seen: Path | None) -> None:
        self._places = places
        self._seen = seen
        self._known: set[str] = set()

    def reached(self, place: str) -> None:
        if self._seen is not None and place not in self._known:
            self._known.add(place)
            with self._seen.open("a", encoding="utf-8") as file:
                file.write(f"{place}\n")
        if place in self._places:
            os._exit(DIED_AS_TOLD)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--die-at", nargs="*", default=())
    arguments = parser.parse_args()
    name: str = arguments.name
    mutant = os.environ.get(MUTANT_VARIABLE)  # noqa: TID251 - this is a `__main__`
    folder = os.environ.get(SEEN_VARIABLE)  # noqa: TID251 - as above
    if mutant:
        MUTANTS[mutant]()
    app: Any = importlib.import_module(f"services.{name}.app")
    if hasattr(app, "discover"):
        # Compiling the detectors' phrases takes most of a start; each child inherits what is compiled.
        app.discover()
    seen = Path(folder) / f"{name}.txt" if folder else None
    if not arguments.die_at or seen is None:
        return _serve(name, DieAt(frozenset(arguments.die_at), seen))
    return _lives(name, set(arguments.die_at), seen)


def _serve(name: str, faults: DieAt) -> int:
    settings: Any = importlib.import_module(f"services.{name}.settings").Settings()
    create_app: Any = importlib.import_module(f"services.{name}.app").create_app
    configure_logging(level=settings.log_level, log_format=settings.log_format, service=name)
    server = Server(settings)
    return server.run(create_app(settings, on_stop=server.stop, faults=faults))


def _lives(name: str, left: set[str], seen: Path) -> int:
    """Run the service in one child after another until one is asked to end; return its exit code."""
    child = 0
    asked = False

    def pass_on(number: int, _: FrameType | None) -> None:
        nonlocal asked
        asked = True
        with suppress(ProcessLookupError):
            os.kill(child, number)

    signal.signal(signal.SIGTERM, pass_on)
    while True:
        # A signal that comes while there is no child waits for the next one.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        child = os.fork()
        if child == 0:
            _die_with_parent()
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
            os._exit(_serve(name, DieAt(frozenset(left), seen)))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        if asked:
            return code
        place = seen.read_text("utf-8").split()[-1] if code == DIED_AS_TOLD else f"exit:{code}"
        left.discard(place)
        with seen.with_suffix(".ends").open("a", encoding="utf-8") as file:
            file.write(f"{place}\n")


def _die_with_parent() -> None:
    """A test that kills the parent means the service, and a child left behind would hold its port."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main())
