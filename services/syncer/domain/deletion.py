"""The fact that a resource went, as events tell it."""

from __future__ import annotations

from shared.contracts.resources import ResourceDeleted


def deletion(
    organization_id: str,
    connection_id: str,
    workspace_id: str,
    *,
    resource: str,
    id_: str,
    reason: str,
    observed_at: str,
    successor_id: str | None = None,
    conversation_id: str | None = None,
) -> ResourceDeleted:
    """Return the fact that a resource went; it also names the key for its tombstone."""
    return ResourceDeleted.model_validate(
        {
            "organization_id": organization_id,
            "connection_id": connection_id,
            "workspace_id": workspace_id,
            "resource": resource,
            "id": id_,
            "conversation_id": conversation_id,
            "reason": reason,
            "successor_id": successor_id,
            "observed_at": observed_at,
        }
    )
