"""A service under test: `python -m tests.e2e.torture.service NAME [--die-at PLACE [--time N]]`.

Builds the service as its own `__main__` does, and differs only by what its composition root is given: a
`Faults` that ends the process as a crash does when a place is reached, or notes each place in a file; and, named in
`EARSHOT_TEST_MUTANT`, a safeguard taken out (see `mutants`).
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
"""Names a file in which each place that was reached gets a line."""


class DieAt:
    """Ends the process when a place is reached for the nth time, without any cleaning up."""

    def __init__(self, place: str | None, time: int, seen: Path | None) -> None:
        self._place = place
        self._left = time
        self._seen = seen
        self._known: set[str] = set()

    def reached(self, place: str) -> None:
        if self._seen is not None and place not in self._known:
            self._known.add(place)
            with self._seen.open("a", encoding="utf-8") as file:
                file.write(f"{place}\n")
        if place == self._place:
            self._left -= 1
            if self._left == 0:
                os._exit(DIED_AS_TOLD)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--die-at")
    parser.add_argument("--time", type=int, default=1)
    arguments = parser.parse_args()
    mutant = os.environ.get(MUTANT_VARIABLE)  # noqa: TID251 - this is a `__main__`
    seen = os.environ.get(SEEN_VARIABLE)  # noqa: TID251 - as above
    if mutant:
        MUTANTS[mutant]()
    settings: Any = importlib.import_module(f"services.{arguments.name}.settings").Settings()
    create_app: Any = importlib.import_module(f"services.{arguments.name}.app").create_app
    configure_logging(level=settings.log_level, log_format=settings.log_format, service=arguments.name)
    server = Server(settings)
    faults = DieAt(arguments.die_at, arguments.time, Path(seen) if seen else None)
    return server.run(create_app(settings, on_stop=server.stop, faults=faults))


if __name__ == "__main__":
    sys.exit(main())
