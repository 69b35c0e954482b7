"""Reports each write that the database has acknowledged, for tests that kill a process right after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo.monitoring import CommandListener

from shared.faults import place

if TYPE_CHECKING:
    from pymongo.monitoring import CommandFailedEvent, CommandStartedEvent, CommandSucceededEvent

    from shared.contracts.topics import Service
    from shared.faults import Faults

_WRITES = frozenset({"insert", "update", "delete", "findAndModify"})


class WatchedWrites(CommandListener):
    """Listens inside the driver, so that no repository can bypass it. For use in one event loop."""

    def __init__(self, faults: Faults, service: Service) -> None:
        self._faults = faults
        self._service: Service = service
        self._under_way: dict[int, str] = {}

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name in _WRITES:
            collection = event.command[event.command_name]
            self._under_way[event.request_id] = f"{collection}.{event.command_name}"

    def succeeded(self, event: CommandSucceededEvent) -> None:
        written = self._under_way.pop(event.request_id, None)
        if written is not None and _changed(event):
            self._faults.reached(place(self._service, written))

    def failed(self, event: CommandFailedEvent) -> None:
        self._under_way.pop(event.request_id, None)


def _changed(event: CommandSucceededEvent) -> bool:
    """Return whether anything was written; a guarded update that matched nothing is no place to die."""
    if event.command_name == "findAndModify":
        return bool(event.reply.get("value")) or bool(event.reply.get("lastErrorObject", {}).get("upserted"))
    return bool(event.reply.get("n"))
