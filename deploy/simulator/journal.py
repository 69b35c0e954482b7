"""How a simulation survives a restart: what it was started with, and every change since, replayed in order.

A folder holds `start.json` (the moment of the first start and what decides the workspace) and `journal.jsonl`
(one change a line). A line that was cut off by a crash is dropped; a change that no longer applies, because
the workspace is built otherwise today, is skipped and counted.
"""

from __future__ import annotations

from os import SEEK_END
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson

from deploy.simulator.errors import JournalError, JournalFullError, MutationRefusedError
from deploy.simulator.model import Mutation
from deploy.simulator.tokens import Token

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deploy.simulator.simulation import Simulation

_UNSAVED = "the change was made, but is forgotten at the next start. Make room on the disk."

START, JOURNAL = "start.json", "journal.jsonl"


class Journal:
    """Appends changes; a line outlives the process once `append` has returned."""

    def __init__(self, folder: Path, largest_bytes: int) -> None:
        self._folder = folder
        self._largest_bytes = largest_bytes
        self._file: BinaryIO | None = None
        self._bytes = 0

    def started_at(self, identity: dict[str, Any], now: int) -> int:
        """When the workspace in this folder was first started; `now` for a new one.

        Raises:
            JournalError: the folder holds a workspace of another kind or size, or cannot be used.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / START
            if not path.exists():
                path.write_bytes(orjson.dumps({"started_at": now, "identity": identity}))
                return now
            start = orjson.loads(path.read_bytes())
        except (OSError, orjson.JSONDecodeError) as error:
            raise JournalError(
                f"The simulator's data folder {self._folder} cannot be used: {error}"
            ) from error
        if start.get("identity") != identity:
            raise JournalError(
                f"The data folder {self._folder} holds another workspace ({start.get('identity')}). "
                "Start with the same settings, name another folder, or remove this one to begin anew."
            )
        return int(start["started_at"])

    def entries(self) -> Iterator[dict[str, Any]]:
        """Every whole line; what follows the last whole line is cut off, so that appending is safe."""
        path = self._folder / JOURNAL
        if not path.exists():
            return
        whole = self._bytes = 0
        with path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                try:
                    entry = orjson.loads(line)
                except orjson.JSONDecodeError:
                    break
                whole += len(line)
                yield entry
        with path.open("r+b") as file:
            file.truncate(whole)
        self._bytes = whole

    def require_room(self) -> None:
        """Asked before a change of the workspace.

        Raises:
            JournalFullError: the journal has grown to its bound. A start would take longer and longer, and a
                workspace that lives for months would fill the disk.
        """
        if self._bytes >= self._largest_bytes:
            raise JournalFullError(
                f"The changes of this workspace fill {self._largest_bytes // 1_000_000} MB, "
                "the most that is kept. Start over on the workspace's own page (or POST /_control/reset), "
                "or raise EARSHOT_SIMULATOR_JOURNAL_MEGABYTES."
            )

    def append(self, entry: dict[str, Any]) -> None:
        """Write one change.

        Raises:
            JournalError: it could not be written whole; what was written of it is taken back.
        """
        line = orjson.dumps(entry) + b"\n"
        try:
            if self._file is None:
                self._file = (self._folder / JOURNAL).open("ab", buffering=0)
            before = self._file.seek(0, SEEK_END)
            if self._file.write(line) != len(line):
                # A torn line in the middle would hide every line after it.
                self._file.truncate(before)
                raise JournalError(f"{self._folder / JOURNAL} could not be written: {_UNSAVED}")
            self._bytes = before + len(line)
        except OSError as error:
            raise JournalError(
                f"{self._folder / JOURNAL} could not be written ({error}): {_UNSAVED}"
            ) from error

    def clear(self) -> None:
        """Forget everything: the next start is a first one."""
        self.close()
        self._bytes = 0
        (self._folder / JOURNAL).unlink(missing_ok=True)
        (self._folder / START).unlink(missing_ok=True)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def replay(simulation: Simulation, entries: Iterator[dict[str, Any]]) -> int:
    """Bring a fresh simulation to where the journal ends; returns how many changes no longer applied."""
    skipped = 0
    for entry in entries:
        if "mutation" in entry:
            try:
                mutation = Mutation(entry["mutation"], entry["arguments"])
                simulation.replay(entry["workspace"], mutation, entry["at"])
            except MutationRefusedError:
                skipped += 1
        elif "token" in entry:
            simulation.tokens.put(
                Token(
                    entry["token"],
                    entry["workspace"],
                    entry["app"],
                    entry["state"],
                    frozenset(entry["missing"]),
                    entry["made_by"],
                )
            )
        elif "switches" in entry:
            simulation.switches = simulation.switches.model_validate(entry["switches"])
        elif "pace" in entry:
            simulation.pace = entry["pace"]
    return skipped
