"""Says in a sentence what happened: who, of which company, did what."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from deploy.simulator.scenarios import expected_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploy.simulator.model import Conversation, Workspace
    from deploy.simulator.simulation import Happening

DID: Mapping[str, str] = MappingProxyType(
    {
        "create_conversation": "wrote",
        "reply": "answered",
        "note": "noted",
        "close": "closed the conversation",
        "open_again": "opened the conversation again",
        "snooze": "snoozed the conversation",
        "unsnooze": "woke the conversation",
        "assign": "assigned the conversation",
        "tag_conversation": "tagged the conversation",
        "set_priority": "changed the priority",
        "rate": "rated the conversation",
    }
)
"""What people do."""

HAPPENED: Mapping[str, str] = MappingProxyType(
    {
        "timer_unsnooze": "A snooze ended",
        "redact": "A message was redacted",
        "delete_conversation": "A conversation was deleted",
        "merge_contacts": "Two contacts were merged",
        "update_company": "A company changed",
        "update_contact": "A contact changed",
        "set_title": "A conversation got another title",
    }
)
"""What nobody in particular did; everything else is told by its name."""


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the list. `who` is "" for what nobody did; `topics` are those of the webhooks it caused."""

    at: int
    who: str
    company: str
    did: str
    words: str
    expected: str | None
    topics: tuple[str, ...]
    workspace_id: str
    conversation_id: str | None


def tell(happening: Happening, workspace: Workspace) -> Told:
    name, arguments = happening.mutation.name, happening.mutation.arguments
    conversation_id = arguments.get("conversation_id")
    if conversation_id is None and happening.events and happening.events[0].kind == "conversation":
        conversation_id = happening.events[0].id
    conversation = None if conversation_id is None else workspace.conversations.get(conversation_id)
    who, by_customer = _who(happening, conversation, workspace)
    stars = f"{arguments['rating']} of 5" if "rating" in arguments else ""
    return Told(
        at=happening.at,
        who=who,
        company=_company(conversation, workspace) if by_customer else "",
        did=(DID if who else HAPPENED).get(name, name.replace("_", " ")),
        words=str(arguments.get("body") or arguments.get("remark") or arguments.get("title") or stars),
        expected=None if happening.expected is None else expected_words(happening.expected),
        topics=tuple(event.topic for event in happening.events),
        workspace_id=happening.workspace_id,
        conversation_id=conversation_id if conversation is not None else None,
    )


def _who(happening: Happening, conversation: Conversation | None, workspace: Workspace) -> tuple[str, bool]:
    """The name of who did it, and whether that is a customer."""
    arguments = happening.mutation.arguments
    admin = workspace.admins.get(str(arguments.get("admin_id")))
    if admin is not None:
        return admin.name, False
    if happening.mutation.name not in ("create_conversation", "reply", "rate"):
        return "", False
    contact_id = arguments.get("contact_id")
    if contact_id is None and conversation is not None:
        contact_id = conversation.contact_ids[0]
    contact = workspace.contacts.get(str(contact_id))
    return ("Somebody" if contact is None else contact.name or contact.email or "Somebody"), True


def _company(conversation: Conversation | None, workspace: Workspace) -> str:
    if conversation is None or conversation.company_id is None:
        return ""
    company = workspace.companies.get(conversation.company_id)
    return "" if company is None else company.name
