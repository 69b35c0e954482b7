"""The fields that can be searched, per endpoint, as in the vendor's tables (FACTS §6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from deploy.simulator.filters import ORDERED_TEXT_OPERATORS, Dates, Field, Vocabulary

if TYPE_CHECKING:
    from deploy.simulator.model import Contact, Conversation
    from deploy.simulator.switches import Switches

CONTACT_DATE_OPERATORS = frozenset({"=", "<", ">"})


def _contact_date(name: str) -> Field:
    return Field(lambda contact: getattr(contact, name), "date", operators=CONTACT_DATE_OPERATORS)


def _domain(contact: Contact) -> str | None:
    return None if contact.email is None else contact.email.rpartition("@")[2]


CONTACT_FIELDS: dict[str, Field] = {
    "id": Field(lambda contact: contact.id, "text"),
    "role": Field(lambda contact: contact.role, "text"),
    "name": Field(lambda contact: contact.name, "text"),
    "email": Field(lambda contact: contact.email, "text"),
    "email_domain": Field(_domain, "text"),
    "phone": Field(lambda contact: contact.phone, "text"),
    "external_id": Field(lambda contact: contact.external_id, "text"),
    "owner_id": Field(lambda contact: None if contact.owner_id is None else int(contact.owner_id), "number"),
    "created_at": _contact_date("created_at"),
    "updated_at": _contact_date("updated_at"),
    "signed_up_at": _contact_date("signed_up_at"),
    "last_seen_at": _contact_date("last_seen_at"),
    "last_contacted_at": _contact_date("last_contacted_at"),
    "last_replied_at": _contact_date("last_replied_at"),
    "segment_id": Field(lambda contact: contact.segment_ids, "list"),
    "tag_id": Field(lambda contact: contact.tag_ids, "list", operators=frozenset({"=", "!="})),
    "unsubscribed_from_emails": Field(lambda contact: contact.unsubscribed_from_emails, "boolean"),
    "browser": Field(lambda contact: contact.browser, "text"),
    "os": Field(lambda contact: contact.os, "text"),
    "location.country": Field(lambda contact: contact.country, "text"),
    "location.city": Field(lambda contact: contact.city, "text"),
}


def _assignee(found: str | None) -> int:
    return 0 if found is None else int(found)


def _statistic(name: str) -> Field:
    return Field(lambda conversation: getattr(conversation.statistics, name), "date")


CONVERSATION_FIELDS: dict[str, Field] = {
    "id": Field(lambda conversation: conversation.id, "text", light=True, operators=ORDERED_TEXT_OPERATORS),
    "created_at": Field(lambda conversation: conversation.created_at, "date", light=True),
    "updated_at": Field(lambda conversation: conversation.updated_at, "date", light=True),
    "open": Field(lambda conversation: conversation.state == "open", "boolean", light=True),
    "state": Field(lambda conversation: conversation.state, "text", light=True),
    "read": Field(lambda conversation: conversation.read, "boolean"),
    "priority": Field(lambda conversation: conversation.priority, "text"),
    "waiting_since": Field(lambda conversation: conversation.waiting_since, "date"),
    "snoozed_until": Field(lambda conversation: conversation.snoozed_until, "date"),
    "source.id": Field(lambda conversation: conversation.source.id, "text"),
    "source.type": Field(lambda conversation: conversation.source.type, "text"),
    "source.delivered_as": Field(lambda conversation: conversation.source.delivered_as, "text"),
    "source.subject": Field(lambda conversation: conversation.source.subject, "words"),
    "source.body": Field(lambda conversation: conversation.source.body, "words"),
    "source.url": Field(lambda conversation: conversation.source.url, "text"),
    "source.author.id": Field(lambda conversation: conversation.source.author.id, "text"),
    "source.author.type": Field(lambda conversation: conversation.source.author.type, "text"),
    "source.author.name": Field(lambda conversation: conversation.source.author.name, "text"),
    "source.author.email": Field(lambda conversation: conversation.source.author.email, "text"),
    "contact_ids": Field(lambda conversation: conversation.contact_ids, "list"),
    "teammate_ids": Field(lambda conversation: conversation.teammate_ids, "list"),
    "tag_ids": Field(lambda conversation: tuple(tag.tag_id for tag in conversation.tags), "list"),
    "admin_assignee_id": Field(lambda conversation: _assignee(conversation.admin_assignee_id), "number"),
    "team_assignee_id": Field(lambda conversation: _assignee(conversation.team_assignee_id), "number"),
    "channel_initiated": Field(lambda conversation: conversation.channel, "text"),
    "ai_agent_participated": Field(lambda conversation: conversation.ai_agent_participated, "boolean"),
    "conversation_rating.score": Field(
        lambda conversation: None if conversation.rating is None else conversation.rating.rating, "number"
    ),
    "conversation_rating.remark": Field(
        lambda conversation: None if conversation.rating is None else conversation.rating.remark, "text"
    ),
    "conversation_rating.contact_id": Field(
        lambda conversation: None if conversation.rating is None else conversation.rating.contact_id, "text"
    ),
    "conversation_rating.replied_at": Field(
        lambda conversation: None if conversation.rating is None else conversation.rating.created_at, "date"
    ),
    "statistics.first_contact_reply_at": _statistic("first_contact_reply_at"),
    "statistics.first_admin_reply_at": _statistic("first_admin_reply_at"),
    "statistics.first_assignment_at": _statistic("first_assignment_at"),
    "statistics.first_close_at": _statistic("first_close_at"),
    "statistics.last_contact_reply_at": _statistic("last_contact_reply_at"),
    "statistics.last_admin_reply_at": _statistic("last_admin_reply_at"),
    "statistics.last_assignment_at": _statistic("last_assignment_at"),
    "statistics.last_close_at": _statistic("last_close_at"),
    "statistics.count_reopens": Field(lambda conversation: conversation.statistics.count_reopens, "number"),
    "statistics.count_assignments": Field(
        lambda conversation: conversation.statistics.count_assignments, "number"
    ),
    "statistics.count_conversation_parts": Field(
        lambda conversation: conversation.statistics.count_parts, "number"
    ),
}


def _custom_of_contact(contact: Contact) -> dict[str, object]:
    return dict(contact.custom_attributes)


def _custom_of_conversation(conversation: Conversation) -> dict[str, object]:
    return dict(conversation.custom_attributes)


_CONTACTS = Vocabulary(CONTACT_FIELDS, Dates(), _custom_of_contact)
_CONVERSATIONS = Vocabulary(CONVERSATION_FIELDS, Dates(), _custom_of_conversation)


def contact_vocabulary(switches: Switches, timezone: str) -> Vocabulary:
    """Contacts: dates are cut to the day of the workspace, of UTC, or not at all (switch 1)."""
    zones = {"workspace_day": ZoneInfo(timezone), "utc_day": UTC, "exact": None}
    return replace(_CONTACTS, dates=Dates(zones[switches.contact_dates]))


def conversation_vocabulary(switches: Switches) -> Vocabulary:
    """Conversations: dates are exact or cut to the day of UTC, bounds strict or or-equal (switch 2)."""
    zone = UTC if switches.conversation_dates == "utc_day" else None
    return replace(_CONVERSATIONS, dates=Dates(zone, switches.conversation_bounds == "inclusive"))
