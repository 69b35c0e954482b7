"""Teams of the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.syncer.domain.fields import identifier, identifiers, record, text
from services.syncer.domain.moments import observed
from services.syncer.domain.reads import Read
from services.syncer.domain.version import version_of
from services.syncer.resources.whole_list import whole_list
from shared.contracts.resources import TeamChanged

if TYPE_CHECKING:
    from services.syncer.domain.fresh import Scope


def parse(row: Any, scope: Scope, at: int) -> TeamChanged | None:
    """Return the team in a row of /teams, or None when it has no id."""
    team = record(row)
    id_ = identifier(team.get("id"))
    if id_ is None:
        return None
    content: dict[str, Any] = {
        "name": text(team.get("name")) or f"Team {id_}",
        "admin_ids": identifiers(team.get("admin_ids")),
    }
    return TeamChanged(
        organization_id=scope.organization_id,
        connection_id=scope.connection_id,
        workspace_id=scope.workspace_id,
        id=id_,
        version=version_of("team", content),
        observed_at=observed(at),
        **content,
    )


RESOURCE = whole_list("team", Read.TEAMS, parse, order=20)
