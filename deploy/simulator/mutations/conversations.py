"""What people do in conversations, each as Intercom would record it.

Every function takes the workspace and the moment (Unix seconds), changes the workspace, and returns the
webhook events it causes (topics of FACTS §9). MutationRefusedError is raised before anything is changed.
What moves `updated_at` is known for messages and state; for tags, titles, attributes and redactions it is not
(FACTS §12), so those take `quiet`, which leaves `updated_at` where it was.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from deploy.simulator.errors import MutationRefusedError
from deploy.simulator.model import AppliedTag, Conversation, Deletion, Person, Rating, Source, Statistics
from deploy.simulator.mutations import lookups
from deploy.simulator.mutations.history import Events, append, event

if TYPE_CHECKING:
    from deploy.simulator.model import Priority, Scalar, Workspace

REDACTED_BODY = "<p><i>This message was redacted</i></p>"
TOP_RATING = 5
NOBODY = Person("nobody_admin", "")


def create_conversation(
    workspace: Workspace,
    now: int,
    *,
    contact_id: str,
    body: str,
    subject: str = "",
    company_id: str | None = None,
    channel: str = "messenger",
    admin_id: str | None = None,
) -> Events:
    """A customer writes first, or, with `admin_id`, a teammate writes to the customer."""
    contact = lookups.contact(workspace, contact_id)
    admin = None if admin_id is None else lookups.admin(workspace, admin_id)
    if company_id is None and contact.company_ids:
        company_id = contact.company_ids[0]
    author = lookups.contact_person(contact) if admin is None else lookups.admin_person(admin)
    source = Source(
        id=workspace.new_id("source"),
        author=author,
        body=body,
        subject=subject,
        type="email" if channel == "email" else "conversation",
        delivered_as="customer_initiated" if admin is None else "admin_initiated",
    )
    conversation = Conversation(
        id=workspace.new_id("conversation"),
        created_at=now,
        updated_at=now,
        source=source,
        contact_ids=(contact_id,),
        title=subject or None,
        waiting_since=now if admin is None else None,
        company_id=company_id,
        teammate_ids=() if admin is None else (admin.id,),
        statistics=Statistics(first_contact_reply_at=now if admin is None else None),
        channel=channel,
    )
    workspace.add_conversation(conversation)
    workspace.put_contact(replace(contact, updated_at=now, last_replied_at=now, last_seen_at=now))
    topic = "conversation.user.created" if admin is None else "conversation.admin.single.created"
    return event(topic, conversation, now)


def reply(
    workspace: Workspace,
    now: int,
    *,
    conversation_id: str,
    body: str,
    contact_id: str | None = None,
    admin_id: str | None = None,
) -> Events:
    """A message by a customer (default: the first contact of the conversation) or by a teammate.

    A customer's message opens a closed or snoozed conversation and starts the waiting time.
    """
    conversation = lookups.conversation(workspace, conversation_id)
    if admin_id is not None:
        admin = lookups.admin(workspace, admin_id)
        person = lookups.admin_person(admin)
        changed = append(
            workspace, conversation, now, "comment", person, body=body, waiting_since=None, read=True
        )
        operator = admin.is_bot
        return event(
            "conversation.operator.replied" if operator else "conversation.admin.replied", changed, now
        )
    contact = lookups.contact(workspace, contact_id or conversation.contact_ids[0])
    changed = append(
        workspace,
        conversation,
        now,
        "open" if conversation.state == "closed" else "comment",
        lookups.contact_person(contact),
        body=body,
        state="open",
        snoozed_until=None,
        read=False,
        waiting_since=conversation.waiting_since or now,
    )
    workspace.put_contact(replace(contact, updated_at=now, last_replied_at=now, last_seen_at=now))
    return event("conversation.user.replied", changed, now)


def note(workspace: Workspace, now: int, *, conversation_id: str, admin_id: str, body: str) -> Events:
    """An internal note: customers never see it, and nobody waits less for it."""
    conversation = lookups.conversation(workspace, conversation_id)
    person = lookups.admin_person(lookups.admin(workspace, admin_id))
    changed = append(workspace, conversation, now, "note", person, body=body)
    return event("conversation.admin.noted", changed, now)


def assign(
    workspace: Workspace,
    now: int,
    *,
    conversation_id: str,
    admin_id: str,
    to_admin_id: str | None = None,
    to_team_id: str | None = None,
    body: str | None = None,
) -> Events:
    """Give the conversation to an admin, a team or (neither named) nobody; `body` is a message with it."""
    conversation = lookups.conversation(workspace, conversation_id)
    person = lookups.admin_person(lookups.admin(workspace, admin_id))
    assigned_to = NOBODY
    if to_admin_id is not None:
        assigned_to = lookups.admin_person(lookups.admin(workspace, to_admin_id))
    elif to_team_id is not None:
        lookups.require_team(workspace, to_team_id)
        assigned_to = Person("team", to_team_id, workspace.teams[to_team_id].name)
    changed = append(
        workspace,
        conversation,
        now,
        "assignment",
        person,
        body=body,
        assigned_to=assigned_to,
        admin_assignee_id=to_admin_id,
        team_assignee_id=to_team_id or conversation.team_assignee_id,
    )
    return event("conversation.admin.assigned", changed, now)


def close(
    workspace: Workspace, now: int, *, conversation_id: str, admin_id: str, body: str | None = None
) -> Events:
    """Close it, with a last message when `body` is given."""
    conversation = lookups.conversation(workspace, conversation_id)
    person = lookups.admin_person(lookups.admin(workspace, admin_id))
    changed = append(
        workspace,
        conversation,
        now,
        "close",
        person,
        body=body,
        state="closed",
        snoozed_until=None,
        waiting_since=None,
        read=True,
    )
    return event("conversation.admin.closed", changed, now)


def open_again(
    workspace: Workspace, now: int, *, conversation_id: str, admin_id: str, body: str | None = None
) -> Events:
    conversation = lookups.conversation(workspace, conversation_id)
    person = lookups.admin_person(lookups.admin(workspace, admin_id))
    changed = append(
        workspace, conversation, now, "open", person, body=body, state="open", snoozed_until=None
    )
    return event("conversation.admin.opened", changed, now)


def snooze(workspace: Workspace, now: int, *, conversation_id: str, admin_id: str, until: int) -> Events:
    conversation = lookups.conversation(workspace, conversation_id)
    if until <= now:
        raise MutationRefusedError("A conversation can only be snoozed until a moment in the future.")
    person = lookups.admin_person(lookups.admin(workspace, admin_id))
    changed = append(workspace, conversation, now, "snoozed", person, state="snoozed", snoozed_until=until)
    return event("conversation.admin.snoozed", changed, now)


def unsnooze(workspace: Workspace, now: int, *, conversation_id: str, admin_id: str) -> Events:
    conversation = lookups.conversation(workspace, conversation_id)
    person = lookups.admin_person(lookups.admin(workspace, admin_id))
    changed = append(workspace, conversation, now, "unsnoozed", person, state="open", snoozed_until=None)
    return event("conversation.admin.unsnoozed", changed, now)


def timer_unsnooze(workspace: Workspace, now: int, *, conversation_id: str) -> Events:
    """What happens by itself when the time of a snooze is over: the conversation is open again."""
    conversation = lookups.conversation(workspace, conversation_id)
    if conversation.state != "snoozed":
        raise MutationRefusedError(f"Conversation {conversation_id} is not snoozed.")
    bot = next((admin for admin in workspace.admins.values() if admin.is_bot), None)
    author = Person("bot", "0", "Operator") if bot is None else lookups.admin_person(bot)
    changed = append(workspace, conversation, now, "timer_unsnooze", author, state="open", snoozed_until=None)
    return event("conversation.admin.unsnoozed", changed, now)


def tag_conversation(
    workspace: Workspace, now: int, *, conversation_id: str, tag_id: str, admin_id: str, quiet: bool = False
) -> Events:
    """Tag a conversation. The webhook speaks of the tagged part, here the newest (or the opening message)."""
    conversation = lookups.conversation(workspace, conversation_id)
    lookups.require_tag(workspace, tag_id)
    lookups.admin(workspace, admin_id)
    if any(tag.tag_id == tag_id for tag in conversation.tags):
        return ()
    tags = (*conversation.tags, AppliedTag(tag_id, now, admin_id))
    updated_at = conversation.updated_at if quiet else now
    changed = replace(conversation, tags=tags, updated_at=updated_at)
    workspace.put_conversation(changed)
    return event("conversation_part.tag.created", changed, now, tag_id=tag_id)


def untag_conversation(
    workspace: Workspace, now: int, *, conversation_id: str, tag_id: str, quiet: bool = False
) -> Events:
    """Remove a tag; no webhook tells of it (FACTS §9)."""
    conversation = lookups.conversation(workspace, conversation_id)
    tags = tuple(tag for tag in conversation.tags if tag.tag_id != tag_id)
    updated_at = conversation.updated_at if quiet else now
    workspace.put_conversation(replace(conversation, tags=tags, updated_at=updated_at))
    return ()


def set_conversation_attribute(
    workspace: Workspace, now: int, *, conversation_id: str, name: str, value: Scalar, quiet: bool = False
) -> Events:
    """Set a custom attribute; no webhook tells of it (FACTS §9)."""
    conversation = lookups.conversation(workspace, conversation_id)
    attributes = {**conversation.custom_attributes, name: value}
    updated_at = conversation.updated_at if quiet else now
    workspace.put_conversation(replace(conversation, custom_attributes=attributes, updated_at=updated_at))
    return ()


def set_title(
    workspace: Workspace, now: int, *, conversation_id: str, title: str | None, quiet: bool = False
) -> Events:
    """Rename a conversation; no webhook tells of it (FACTS §9)."""
    conversation = lookups.conversation(workspace, conversation_id)
    updated_at = conversation.updated_at if quiet else now
    workspace.put_conversation(replace(conversation, title=title, updated_at=updated_at))
    return ()


def set_priority(
    workspace: Workspace, now: int, *, conversation_id: str, admin_id: str, priority: Priority
) -> Events:
    conversation = lookups.conversation(workspace, conversation_id)
    person = lookups.admin_person(lookups.admin(workspace, admin_id))
    changed = append(workspace, conversation, now, "priority_changed", person, priority=priority)
    return event("conversation.priority.updated", changed, now)


def rate(
    workspace: Workspace, now: int, *, conversation_id: str, rating: int, remark: str | None = None
) -> Events:
    """The customer rates the conversation from 1 to 5."""
    conversation = lookups.conversation(workspace, conversation_id)
    if not 1 <= rating <= TOP_RATING:
        raise MutationRefusedError(f"A rating goes from 1 to {TOP_RATING}.")
    contact = lookups.contact(workspace, conversation.contact_ids[0])
    given = Rating(rating, now, contact.id, conversation.admin_assignee_id, remark)
    part_type = "conversation_rating_remark_added" if remark else "conversation_rating_changed"
    changed = append(workspace, conversation, now, part_type, lookups.contact_person(contact), rating=given)
    return event("conversation.rating.added", changed, now)


def read(workspace: Workspace, now: int, *, conversation_id: str) -> Events:
    """A teammate's reading: it changes `read`, not `updated_at`."""
    conversation = lookups.conversation(workspace, conversation_id)
    changed = replace(conversation, read=True)
    workspace.put_conversation(changed)
    return event("conversation.read", changed, now)


def redact(
    workspace: Workspace, now: int, *, conversation_id: str, part_id: str | None = None, quiet: bool = False
) -> Events:
    """Blank a part in place, or, without `part_id`, the opening message. Its words are gone for good."""
    conversation = lookups.conversation(workspace, conversation_id)
    updated_at = conversation.updated_at if quiet else now
    if part_id is None:
        source = replace(conversation.source, body=REDACTED_BODY, redacted=True)
        changed = replace(conversation, source=source, updated_at=updated_at)
        workspace.put_conversation(changed)
        return event("conversation_part.redacted", changed, now, part_id=source.id)
    parts = workspace.parts(conversation_id)
    if all(part.id != part_id for part in parts):
        raise MutationRefusedError(f"Conversation {conversation_id} has no part {part_id}.")
    redacted = tuple(
        replace(part, body=REDACTED_BODY, redacted=True, updated_at=now) if part.id == part_id else part
        for part in parts
    )
    changed = replace(conversation, updated_at=updated_at)
    workspace.put_conversation(changed, redacted)
    return event("conversation_part.redacted", changed, now, part_id=part_id)


def delete_conversation(workspace: Workspace, now: int, *, conversation_id: str) -> Events:
    """Gone: 404 by id, listed among the deleted ones (FACTS §8)."""
    conversation = lookups.conversation(workspace, conversation_id)
    workspace.remove_conversation(conversation_id)
    workspace.deleted_conversations.append(Deletion(conversation_id, now))
    return event("conversation.deleted", conversation, now)


def merge_conversations(
    workspace: Workspace, now: int, *, conversation_id: str, into_id: str, admin_id: str
) -> Events:
    """The first is closed and linked to the surviving one (FACTS §7)."""
    conversation = lookups.conversation(workspace, conversation_id)
    survivor = lookups.conversation(workspace, into_id)
    if conversation_id == into_id:
        raise MutationRefusedError("A conversation cannot be merged into itself.")
    person = lookups.admin_person(lookups.admin(workspace, admin_id))
    changed = append(
        workspace,
        conversation,
        now,
        "merged_primary_conversation",
        person,
        state="closed",
        waiting_since=None,
        linked_conversation_ids=(*conversation.linked_conversation_ids, into_id),
    )
    linked = (*survivor.linked_conversation_ids, conversation_id)
    workspace.put_conversation(replace(survivor, linked_conversation_ids=linked, updated_at=now))
    return event("conversation.admin.closed", changed, now)


def attach_contact(
    workspace: Workspace, now: int, *, conversation_id: str, contact_id: str, admin_id: str
) -> Events:
    """Make it a group conversation (or a bigger one)."""
    conversation = lookups.conversation(workspace, conversation_id)
    contact = lookups.contact(workspace, contact_id)
    if contact_id in conversation.contact_ids:
        raise MutationRefusedError(f"Contact {contact_id} already takes part in {conversation_id}.")
    person = lookups.admin_person(lookups.admin(workspace, admin_id))
    contact_ids = (*conversation.contact_ids, contact.id)
    changed = append(workspace, conversation, now, "participant_added", person, contact_ids=contact_ids)
    return event("conversation.contact.attached", changed, now, contact_id=contact.id)


def detach_contact(
    workspace: Workspace, now: int, *, conversation_id: str, contact_id: str, admin_id: str
) -> Events:
    conversation = lookups.conversation(workspace, conversation_id)
    if contact_id not in conversation.contact_ids or len(conversation.contact_ids) == 1:
        raise MutationRefusedError(f"Contact {contact_id} cannot be taken out of {conversation_id}.")
    person = lookups.admin_person(lookups.admin(workspace, admin_id))
    contact_ids = tuple(each for each in conversation.contact_ids if each != contact_id)
    changed = append(workspace, conversation, now, "participant_removed", person, contact_ids=contact_ids)
    return event("conversation.contact.detached", changed, now, contact_id=contact_id)


def set_conversation_company(
    workspace: Workspace, now: int, *, conversation_id: str, company_id: str | None, admin_id: str
) -> Events:
    conversation = lookups.conversation(workspace, conversation_id)
    if company_id is not None:
        lookups.company(workspace, company_id)
    person = lookups.admin_person(lookups.admin(workspace, admin_id))
    changed = append(workspace, conversation, now, "company_updated", person, company_id=company_id)
    return event("conversation.company.updated", changed, now)


def append_part(
    workspace: Workspace,
    now: int,
    *,
    conversation_id: str,
    part_type: str,
    admin_id: str,
    body: str | None = None,
) -> Events:
    """Any other kind of part by an admin or bot (the set of part types is open); no webhook tells of it."""
    conversation = lookups.conversation(workspace, conversation_id)
    person = lookups.admin_person(lookups.admin(workspace, admin_id))
    append(workspace, conversation, now, part_type, person, body=body)
    return ()
