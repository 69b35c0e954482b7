"""A contact's row or answer, as Intercom gives it, to the event that readers get (FACTS §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.syncer.domain.fields import (
    attributes,
    count,
    identifier,
    identifiers,
    moment,
    record,
    rows,
    tag_ids,
    text,
)
from services.syncer.domain.moments import observed
from services.syncer.domain.version import version_of
from shared.contracts.resources import ContactChanged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.syncer.domain.fresh import Scope


def parse(row: Mapping[str, Any], scope: Scope, at: int) -> ContactChanged | None:
    """Return the contact in a row or an answer, or None when it has no id."""
    id_ = identifier(row.get("id"))
    if id_ is None:
        return None
    content: dict[str, Any] = {
        "role": text(row.get("role")) or "user",
        "external_id": text(row.get("external_id")),
        "name": text(row.get("name")),
        "email": text(row.get("email")),
        "phone": text(row.get("phone")),
        "owner_id": identifier(row.get("owner_id")),
        "company_ids": tuple(sorted(identifiers(companies_of(record(row.get("companies")))))),
        "tag_ids": tuple(sorted(tag_ids(row))),
        **{
            name: moment(row.get(name))
            for name in (
                "created_at",
                "updated_at",
                "signed_up_at",
                "last_seen_at",
                "last_replied_at",
                "last_contacted_at",
            )
        },
        "custom_attributes": attributes(row.get("custom_attributes")),
    }
    return ContactChanged(
        organization_id=scope.organization_id,
        connection_id=scope.connection_id,
        workspace_id=scope.workspace_id,
        id=id_,
        version=version_of("contact", content),
        observed_at=observed(at),
        **content,
    )


def cut_lists(row: Mapping[str, Any]) -> str | None:
    """Return the version of what a row shows of lists that it shows in part; None where all are whole.

    It tells that a list changed where the change moves no time, unless entries that the row does not show
    took each other's place.
    """
    lists = {name: record(row.get(name)) for name in ("tags", "companies")}
    if not any(shown.get("has_more") is True for shown in lists.values()):
        return None
    return version_of(
        sorted(tag_ids(row)),
        sorted(identifiers(companies_of(lists["companies"]))),
        [count(shown.get("total_count")) for shown in lists.values()],
    )


def companies_of(companies: Mapping[str, Any]) -> list[Any]:
    """Return a list of companies: live answers say `data`, the description says `companies` (FACTS §8)."""
    return rows(companies.get("data")) or rows(companies.get("companies"))
