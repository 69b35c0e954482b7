"""The full truth of a workspace, for comparing with a mirror: every record, whatever lag or cut hides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from deploy.simulator import representations
from deploy.simulator.errors import MutationRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deploy.simulator.model import Workspace

Json = dict[str, Any]


def _conversations(workspace: Workspace) -> Iterator[Json]:
    for found in workspace.conversations:
        parts = workspace.parts(found.id)
        yield representations.whole_conversation(found, parts, workspace, plain=False, parts_limit=len(parts))


def _contacts(workspace: Workspace) -> Iterator[Json]:
    """All of them; `archived`, `merged_into` and the full id lists come on top of what the API shows."""
    for found in workspace.contacts:
        yield representations.contact(found, workspace) | {
            "archived": found.archived,
            "merged_into": found.merged_into,
            "tag_ids": found.tag_ids,
            "company_ids": found.company_ids,
        }


def _companies(workspace: Workspace) -> Iterator[Json]:
    for found in workspace.companies:
        yield representations.company(found, workspace) | {"archived": found.archived}


def _deletions(workspace: Workspace) -> Iterator[Json]:
    for found in workspace.deleted_conversations:
        yield {"id": found.id, "deleted_at": found.deleted_at}


def _merges(workspace: Workspace) -> Iterator[Json]:
    for found in workspace.merges:
        yield {"source_id": found.source_id, "into_id": found.into_id, "merged_at": found.merged_at}


RESOURCES: dict[str, Callable[[Workspace], Iterator[Json]]] = {
    "admins": lambda workspace: (representations.admin(each) for each in workspace.admins.values()),
    "teams": lambda workspace: (representations.team(each) for each in workspace.teams.values()),
    "tags": lambda workspace: (representations.tag(each) for each in workspace.tags.values()),
    "segments": lambda workspace: (representations.segment(each) for each in workspace.segments.values()),
    "contacts": _contacts,
    "companies": _companies,
    "conversations": _conversations,
    "deleted_conversations": _deletions,
    "merges": _merges,
}


def truth_lines(workspace: Workspace, resource: str) -> Iterator[bytes]:
    """One JSON object a line. MutationRefusedError for an unknown resource, before anything is sent."""
    make = RESOURCES.get(resource)
    if make is None:
        raise MutationRefusedError(f"There is no truth of {resource!r}. There is: {', '.join(RESOURCES)}.")
    return (orjson.dumps(each, option=orjson.OPT_APPEND_NEWLINE) for each in make(workspace))
