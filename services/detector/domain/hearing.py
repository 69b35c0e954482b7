"""Through which of an organization's connections somebody is heard."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from services.detector.domain.mirror import ConnectionView

_NEVER = datetime.min.replace(tzinfo=UTC)


def heard_by(workspaces: Collection[str], views: Collection[ConnectionView]) -> ConnectionView | None:
    """Return the connection through which somebody in these workspaces is heard; None if there is none left.

    Of several, one whose lifecycle switch is on is preferred, so that somebody who is heard anywhere does not
    count as silent; then the one that was switched off last. A customer without workspaces, named only in the
    organization's own list, may be heard through any connection.
    """
    mine = [
        view for view in views if not view.is_removed and (view.workspace_id in workspaces or not workspaces)
    ]
    return max(mine, key=_heard_until, default=None)


def _heard_until(view: ConnectionView) -> tuple[bool, bool, datetime]:
    # If it is unknown since when a switch is off, nothing is withdrawn, so that connection comes first.
    return view.lifecycle_events, view.muted_since is None, view.muted_since or _NEVER
