"""Which connections a page speaks of: those that were not removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.detector.domain.mirror import ConnectionView
    from services.detector.ports import Connections


async def present_connections(connections: Connections, organization_id: str) -> list[ConnectionView]:
    """Return the organization's connections; pages with none say how to connect a workspace."""
    return [view for view in await connections.all_of(organization_id) if not view.is_removed]
