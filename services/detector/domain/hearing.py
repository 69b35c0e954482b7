"""By which of an organization's connections somebody is heard."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from services.detector.domain.mirror import ConnectionView

_NEVER = datetime.min.replace(tzinfo=UTC)


def heard_by(workspaces: Collection[str], views: Collection[ConnectionView]) -> ConnectionView | None:
    """Return the connection that somebody of these workspaces is heard by; None where none is left.

    Of several it is one whose lifecycle switch is on, so that whoever is heard anywhere is not taken for
    silent; of those that are off, the one that was on last. Any may speak for a customer without workspaces,
    which only the organization's own list names.
    """
    mine = [
        view for view in views if not view.is_removed and (view.workspace_id in workspaces or not workspaces)
    ]
    return max(mine, key=_heard_until, default=None)


def _heard_until(view: ConnectionView) -> tuple[bool, bool, datetime]:
    # Of one that is off and does not know since when, nothing is taken back: it goes before those that do.
    return view.lifecycle_events, view.muted_since is None, view.muted_since or _NEVER
