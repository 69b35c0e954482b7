"""A service under test: `python -m tests.e2e.torture.service NAME [--die-at PLACE …]`.

Builds the service as its own `__main__` does, and differs only by what its composition root is given: a
`Faults` that ends the process as a crash does at the first of some places that is reached, and notes each
place in a file; and, named in `EARSHOT_TEST_MUTANT`, a safeguard taken out (see `mutants`).
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from pathlib import Path
from typing import Any

from shared.http.server import Server
from shared.observability.logs import configure_logging
from tests.e2e.torture.mutants import MUTANTS

DIED_AS_TOLD = 86
"""Exit code of a process that ended at the place it was told."""

MUTANT_VARIABLE = "EARSHOT_TEST_MUTANT"
SEEN_VARIABLE = "EARSHOT_TEST_PLACES_SEEN"
"""Names a folder in which each place that a service reached gets a line in `<service>.txt`."""


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
    mutant = os.environ.get(MUTANT_VARIABLE)  # noqa: TID251 - this is a `__main__`
    seen = os.environ.get(SEEN_VARIABLE)  # noqa: TID251 - as above
    if mutant:
        MUTANTS[mutant]()
    settings: Any = importlib.import_module(f"services.{arguments.name}.settings").Settings()
    create_app: Any = importlib.import_module(f"services.{arguments.name}.app").create_app
    configure_logging(level=settings.log_level, log_format=settings.log_format, service=arguments.name)
    server = Server(settings)
    faults = DieAt(frozenset(arguments.die_at), Path(seen) / f"{arguments.name}.txt" if seen else None)
    return server.run(create_app(settings, on_stop=server.stop, faults=faults))


if __name__ == "__main__":
    sys.exit(main())
