"""Of several connections, which one speaks for a customer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from services.detector.domain.hearing import heard_by
from services.detector.domain.mirror import ConnectionView

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ON = ConnectionView("on", "acme", workspace_id="ws1", lifecycle_events=True, muted_since=NOW)
EARLY = ConnectionView("early", "acme", workspace_id="ws2", muted_since=NOW)
LATE = ConnectionView("late", "acme", workspace_id="ws3", muted_since=NOW + timedelta(days=1))
UNDATED = ConnectionView("undated", "acme", workspace_id="ws4")
GONE = ConnectionView("gone", "acme", workspace_id="ws5", state="removed", lifecycle_events=True)


@pytest.mark.parametrize(
    ("workspaces", "speaker"),
    [
        ({"ws1", "ws2", "ws3", "ws4"}, ON),
        ({"ws2", "ws3"}, LATE),
        ({"ws2", "ws3", "ws4"}, UNDATED),
        ({"ws2", "ws5"}, EARLY),
        ({"ws5"}, None),
        (set(), ON),
    ],
)
def test_one_that_listens_speaks_else_the_last_that_did(
    workspaces: set[str], speaker: ConnectionView | None
) -> None:
    """In whatever order they are known; who has no workspace is spoken for by any."""
    for views in permutations((ON, EARLY, LATE, UNDATED, GONE)):
        assert heard_by(workspaces, views) is speaker
