"""A company's row or answer, as Intercom gives it, to the event that readers get (FACTS §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.syncer.domain.fields import (
    attributes,
    count,
    identifier,
    integer,
    moment,
    number,
    record,
    tag_ids,
    text,
)
from services.syncer.domain.moments import observed
from services.syncer.domain.version import version_of
from shared.contracts.resources import CompanyChanged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.syncer.domain.fresh import Scope


def parse(row: Mapping[str, Any], scope: Scope, at: int) -> CompanyChanged | None:
    """Return the company in a row or an answer, or None when it has no id."""
    id_ = identifier(row.get("id"))
    if id_ is None:
        return None
    content: dict[str, Any] = {
        "company_id": text(row.get("company_id")),
        "name": text(row.get("name")),
        "plan": text(record(row.get("plan")).get("name")) or text(row.get("plan")),
        "monthly_spend": number(row.get("monthly_spend")),
        "user_count": count(row.get("user_count")),
        "session_count": count(row.get("session_count")),
        "size": integer(row.get("size")),
        "website": text(row.get("website")),
        "industry": text(row.get("industry")),
        "tag_ids": tuple(sorted(tag_ids(row))),
        "created_at": moment(row.get("created_at")),
        "remote_created_at": moment(row.get("remote_created_at")),
        "updated_at": moment(row.get("updated_at")),
        "last_request_at": moment(row.get("last_request_at")),
        "custom_attributes": attributes(row.get("custom_attributes")),
    }
    return CompanyChanged(
        organization_id=scope.organization_id,
        connection_id=scope.connection_id,
        workspace_id=scope.workspace_id,
        id=id_,
        version=version_of("company", content),
        observed_at=observed(at),
        **content,
    )
