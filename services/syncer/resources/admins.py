"""Teammates. Ids are strings here and integers on conversations and teams (FACTS §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.syncer.domain.fields import flag, identifier, identifiers, record, text
from services.syncer.domain.moments import observed
from services.syncer.domain.reads import Read
from services.syncer.domain.version import version_of
from services.syncer.resources.whole_list import whole_list
from shared.contracts.resources import AdminChanged

if TYPE_CHECKING:
    from services.syncer.domain.fresh import Scope


def parse(row: Any, scope: Scope, at: int) -> AdminChanged | None:
    """Return the teammate in a row of /admins, or None when it has no id."""
    admin = record(row)
    id_ = identifier(admin.get("id"))
    if id_ is None:
        return None
    content: dict[str, Any] = {
        "name": text(admin.get("name")) or text(admin.get("email")) or f"Teammate {id_}",
        "email": text(admin.get("email")),
        "job_title": text(admin.get("job_title")),
        "has_inbox_seat": flag(admin.get("has_inbox_seat")),
        "away": flag(admin.get("away_mode_enabled")),
        "team_ids": identifiers(admin.get("team_ids")),
    }
    return AdminChanged(
        organization_id=scope.organization_id,
        connection_id=scope.connection_id,
        workspace_id=scope.workspace_id,
        id=id_,
        version=version_of("admin", content),
        observed_at=observed(at),
        **content,
    )


RESOURCE = whole_list("admin", Read.ADMINS, parse, order=10, never_empty=True)
