"""What a reader of the bus holds after reading everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.contracts.resources import ResourceDeleted, ResourceEvent

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from shared.contracts.event import Event


def mirror_of(events: Iterable[Event]) -> dict[str, Event]:
    """Return what a reader of the bus holds: the last state of each key, without what was deleted."""
    mirror = Mirror()
    for event in events:
        mirror.take_in(event)
    return mirror.held


class Mirror:
    """Keeps what was observed last, as the detector does, also of what is gone."""

    def __init__(self) -> None:
        self.held: dict[str, Event] = {}
        self._observed: dict[str, datetime] = {}

    def take_in(self, event: Event) -> None:
        if isinstance(event, ResourceDeleted):
            self._bury(event)
        elif isinstance(event, ResourceEvent) and self._newer(event.key(), event.observed_at):
            self.held[event.key()] = event

    def _bury(self, event: ResourceDeleted) -> None:
        if event.resource == "conversation":
            prefix = f"{event.organization_id}/{event.workspace_id}/conversation_part/{event.id}/"
            for key in [key for key in self.held if key.startswith(prefix)]:
                if self._newer(key, event.observed_at):
                    del self.held[key]
        if self._newer(event.key(), event.observed_at):
            self.held.pop(event.key(), None)

    def _newer(self, key: str, observed_at: datetime) -> bool:
        if key in self._observed and observed_at < self._observed[key]:
            return False
        self._observed[key] = observed_at
        return True
