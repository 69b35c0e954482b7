"""The names of gaps: by what is missing and why, so that the same gap never gets two names."""

from __future__ import annotations

UNREAD_GAPS = ("still_lagging", "permission_missing", "plan_restricted")
"""Reasons for which something exists and could not be read; later runs try these again, one by one."""

REFUSED_GAPS = frozenset({"permission_missing", "plan_restricted"})
"""Reasons for which something is withheld from us: nothing of it is expected until it is granted."""


def gap_name(resource: str, id_: str | None, reason: str, aspect: str | None = None) -> str:
    """Return the name of a gap; `id_` is None when it concerns a whole resource."""
    return f"{resource}/{reason}/{id_ or ''}" + (f"/{aspect}" if aspect else "")
