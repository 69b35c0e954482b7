"""How a conversation's header follows its history: times, counts and who waits, after each new part."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from deploy.simulator.model import Event, Part, Person, Statistics

if TYPE_CHECKING:
    from deploy.simulator.model import Conversation, Workspace

Events = tuple[Event, ...]

ASSIGNING = frozenset({"assignment", "assign_and_reopen", "assign_and_unsnooze", "default_assignment"})
INTERNAL = frozenset({"note", "note_and_reopen", "note_and_unsnooze"})
CUSTOMERS = frozenset({"user", "lead"})


def append(
    workspace: Workspace,
    conversation: Conversation,
    now: int,
    part_type: str,
    author: Person,
    *,
    body: str | None = None,
    assigned_to: Person | None = None,
    event_details: dict[str, Any] | None = None,
    **changes: Any,
) -> Conversation:
    """Add a part and store the header with `changes` applied; `updated_at` becomes `now`, never earlier."""
    state = changes.get("state", conversation.state)
    part = Part(
        id=workspace.new_id("part"),
        part_type=part_type,
        author=author,
        created_at=now,
        updated_at=now,
        body=body,
        assigned_to=assigned_to,
        state=state,
        event_details=event_details,
    )
    if author.type == "admin" and author.id not in conversation.teammate_ids:
        changes.setdefault("teammate_ids", (*conversation.teammate_ids, author.id))
    changes.setdefault("statistics", counted(conversation, part))
    changed = replace(conversation, updated_at=max(now, conversation.updated_at), **changes)
    workspace.put_conversation(changed, (*workspace.parts(conversation.id), part))
    return changed


def counted(conversation: Conversation, part: Part) -> Statistics:
    """The statistics after one more part."""
    old, now = conversation.statistics, part.created_at
    changes: dict[str, Any] = {"count_parts": old.count_parts + 1}
    if part.author.type in CUSTOMERS and part.body:
        changes |= {"first_contact_reply_at": old.first_contact_reply_at or now, "last_contact_reply_at": now}
    if part.author.type == "admin" and part.body and part.part_type not in INTERNAL:
        changes |= {"first_admin_reply_at": old.first_admin_reply_at or now, "last_admin_reply_at": now}
    if part.part_type in ASSIGNING:
        changes |= {
            "first_assignment_at": old.first_assignment_at or now,
            "last_assignment_at": now,
            "count_assignments": old.count_assignments + 1,
        }
    if part.part_type == "close":
        changes |= {
            "first_close_at": old.first_close_at or now,
            "last_close_at": now,
            "last_closed_by_id": part.author.id,
        }
    if part.state == "open" and conversation.state == "closed":
        changes["count_reopens"] = old.count_reopens + 1
    return replace(old, **changes)


def event(topic: str, conversation: Conversation, at: int, **details: Any) -> Events:
    return (Event(topic, "conversation", conversation.id, at, details),)
