"""What a reader of the bus holds after reading everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.contracts.resources import ResourceDeleted, ResourceEvent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.contracts.event import Event


def mirror_of(events: Iterable[Event]) -> dict[str, Event]:
    """Return what a reader of the bus holds: the last state of each key, without what was deleted."""
    mirror: dict[str, Event] = {}
    for event in events:
        if isinstance(event, ResourceDeleted):
            mirror.pop(event.key(), None)
            if event.resource == "conversation":
                prefix = f"{event.organization_id}/{event.workspace_id}/conversation_part/{event.id}/"
                for key in [key for key in mirror if key.startswith(prefix)]:
                    del mirror[key]
        elif isinstance(event, ResourceEvent):
            mirror[event.key()] = event
    return mirror
