"""Tags of the workspace: their names, which tagged contacts do not carry (FACTS §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.syncer.domain.fields import identifier, record, text
from services.syncer.domain.moments import observed
from services.syncer.domain.reads import Read
from services.syncer.domain.version import version_of
from services.syncer.resources.whole_list import whole_list
from shared.contracts.resources import TagChanged

if TYPE_CHECKING:
    from services.syncer.domain.fresh import Scope


def parse(row: Any, scope: Scope, at: int) -> TagChanged | None:
    """Return the tag in a row of /tags, or None when it has no id."""
    tag = record(row)
    id_ = identifier(tag.get("id"))
    if id_ is None:
        return None
    name = text(tag.get("name")) or f"Tag {id_}"
    return TagChanged(
        organization_id=scope.organization_id,
        connection_id=scope.connection_id,
        workspace_id=scope.workspace_id,
        id=id_,
        version=version_of("tag", name),
        observed_at=observed(at),
        name=name,
    )


RESOURCE = whole_list("tag", Read.TAGS, parse, order=30)
