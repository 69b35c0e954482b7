"""When something was read, as events tell it."""

from __future__ import annotations

from datetime import UTC, datetime


def observed(at: int) -> datetime:
    """Return a moment from Unix seconds of the source's clock, kept sane by HTTP's own dates."""
    return datetime.fromtimestamp(at, UTC)
