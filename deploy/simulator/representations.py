"""Records as the API's JSON, version 2.16 (FACTS §7).

Where the vendor's description and the live API differ, this follows the live one: `teammates` holds `admins`,
embedded contact tags have no name, a contact's companies come under `data`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deploy.simulator.plaintext import plaintext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deploy.simulator.model import (
        Admin,
        AppliedTag,
        Company,
        Contact,
        Conversation,
        DataAttribute,
        Part,
        Person,
        Segment,
        Source,
        Tag,
        Team,
        Workspace,
    )

Json = dict[str, Any]

MOST_EMBEDDED = 10
"""Entries of a sub-list inside a contact; `has_more` tells of the rest."""


def admin(found: Admin) -> Json:
    return {
        "type": "admin",
        "id": found.id,
        "name": found.name,
        "email": found.email,
        "job_title": found.job_title,
        "away_mode_enabled": found.away_mode_enabled,
        "away_mode_reassign": found.away_mode_reassign,
        "away_status_reason_id": None,
        "has_inbox_seat": found.has_inbox_seat,
        "team_ids": [int(team_id) for team_id in found.team_ids],
        "role": {"type": "role", "name": found.role},
    }


def me(found: Admin, workspace: Workspace) -> Json:
    return {
        **admin(found),
        "email_verified": True,
        "app": {
            "type": "app",
            "id_code": workspace.id_code,
            "name": workspace.name,
            "created_at": workspace.created_at,
            "secure": False,
            "identity_verification": False,
            "timezone": workspace.timezone,
            "region": workspace.region,
        },
    }


def team(found: Team) -> Json:
    return {
        "type": "team",
        "id": found.id,
        "name": found.name,
        "admin_ids": [int(admin_id) for admin_id in found.admin_ids],
        "distribution_method": found.distribution_method,
    }


def tag(found: Tag) -> Json:
    return {"type": "tag", "id": found.id, "name": found.name}


def segment(found: Segment, count: int | None = None) -> Json:
    body = {
        "type": "segment",
        "id": found.id,
        "name": found.name,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "person_type": found.person_type,
    }
    return body if count is None else body | {"count": count}


def data_attribute(found: DataAttribute, number: int, created_at: int) -> Json:
    return {
        "type": "data_attribute",
        "id": number,
        "model": found.model,
        "name": found.name,
        "full_name": f"custom_attributes.{found.name}" if found.custom else found.name,
        "label": found.label or found.name,
        "description": "",
        "data_type": found.data_type,
        "api_writable": True,
        "messenger_writable": False,
        "ui_writable": True,
        "custom": found.custom,
        "archived": False,
        "created_at": created_at,
        "updated_at": created_at,
    }


CONVERSATION_DATA_TYPES = {"float": "decimal", "date": "datetime"}
"""Conversation attributes name two kinds otherwise than contact and company attributes do."""


def conversation_attribute(found: DataAttribute, number: int, created_at: int) -> Json:
    """Since 2.16 these have an endpoint and a shape of their own."""
    return {
        "type": "conversation_attribute",
        "id": number,
        "name": found.name,
        "description": "",
        "data_type": CONVERSATION_DATA_TYPES.get(found.data_type, found.data_type),
        "required": False,
        "visible_to_team_ids": [],
        "archived": False,
        "created_at": created_at,
        "updated_at": created_at,
    }


def company(found: Company, workspace: Workspace) -> Json:
    """Keys that are unset are left out, as Intercom leaves them out."""
    body: Json = {
        "type": "company",
        "id": found.id,
        "company_id": found.company_id,
        "app_id": workspace.id_code,
        "name": found.name,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "monthly_spend": found.monthly_spend or 0,
        "session_count": found.session_count,
        "user_count": found.user_count,
        "plan": {} if found.plan is None else {"type": "plan", "id": found.plan.lower(), "name": found.plan},
        "tags": {"type": "tag.list", "tags": _named_tags(found.tag_ids, workspace)},
        "segments": {
            "type": "segment.list",
            "segments": [
                segment(workspace.segments[segment_id])
                for segment_id in found.segment_ids
                if segment_id in workspace.segments
            ],
        },
        "custom_attributes": found.custom_attributes,
    }
    optional = {
        "remote_created_at": found.remote_created_at,
        "last_request_at": found.last_request_at,
        "size": found.size,
        "website": found.website,
        "industry": found.industry,
    }
    return body | {key: value for key, value in optional.items() if value is not None}


def _named_tags(tag_ids: Sequence[str], workspace: Workspace) -> list[Json]:
    return [tag(workspace.tags[tag_id]) for tag_id in tag_ids if tag_id in workspace.tags]


def _embedded(kind: str, ids: Sequence[str], address: str, path: str) -> Json:
    return {
        "type": "list",
        "data": [{"id": each, "type": kind, "url": f"/{path}/{each}"} for each in ids[:MOST_EMBEDDED]],
        "url": address,
        "total_count": len(ids),
        "has_more": len(ids) > MOST_EMBEDDED,
    }


def contact(found: Contact, workspace: Workspace) -> Json:
    address = f"/contacts/{found.id}"
    return {
        "type": "contact",
        "id": found.id,
        "workspace_id": workspace.id_code,
        "external_id": found.external_id,
        "role": found.role,
        "email": found.email,
        "phone": found.phone,
        "name": found.name,
        "avatar": None,
        "owner_id": found.owner_id,
        "social_profiles": {"type": "list", "data": []},
        "has_hard_bounced": False,
        "marked_email_as_spam": False,
        "unsubscribed_from_emails": found.unsubscribed_from_emails,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "signed_up_at": found.signed_up_at,
        "last_seen_at": found.last_seen_at,
        "last_replied_at": found.last_replied_at,
        "last_contacted_at": found.last_contacted_at,
        "last_email_opened_at": None,
        "last_email_clicked_at": None,
        "language_override": None,
        "browser": found.browser,
        "browser_version": None,
        "browser_language": found.language,
        "os": found.os,
        "location": {
            "type": "location",
            "country": found.country,
            "region": None,
            "city": found.city,
            "country_code": None,
            "continent_code": None,
        },
        "custom_attributes": found.custom_attributes,
        "tags": _embedded("tag", found.tag_ids, f"{address}/tags", "tags"),
        "notes": _embedded("note", (), f"{address}/notes", "notes"),
        "companies": _embedded("company", found.company_ids, f"{address}/companies", "companies"),
        "opted_out_subscription_types": _embedded(
            "subscription", (), f"{address}/subscriptions", "subscriptions"
        ),
        "opted_in_subscription_types": _embedded(
            "subscription", (), f"{address}/subscriptions", "subscriptions"
        ),
        "utm_campaign": None,
        "utm_source": None,
        "referrer": None,
        "sms_consent": False,
        "unsubscribed_from_sms": False,
    }


def person(found: Person) -> Json:
    return {"type": found.type, "id": found.id, "name": found.name, "email": found.email}


def _applied(tags: tuple[AppliedTag, ...], workspace: Workspace) -> list[Json]:
    return [
        {
            "type": "tag",
            "id": each.tag_id,
            "name": workspace.tags[each.tag_id].name,
            "applied_at": each.at,
            "applied_by": {"type": "admin", "id": each.by},
        }
        for each in tags
        if each.tag_id in workspace.tags
    ]


def source(found: Source, *, plain: bool) -> Json:
    return {
        "type": found.type,
        "id": found.id,
        "delivered_as": found.delivered_as,
        "subject": plaintext(found.subject) if plain else found.subject,
        "body": plaintext(found.body) if plain else found.body,
        "author": person(found.author),
        "attachments": [],
        "url": found.url,
        "redacted": found.redacted,
    }


def _since(later: int | None, earlier: int) -> int | None:
    return None if later is None else max(0, later - earlier)


def statistics(found: Conversation) -> Json:
    facts, start = found.statistics, found.created_at
    return {
        "type": "conversation_statistics",
        "time_to_assignment": _since(facts.first_assignment_at, start),
        "time_to_admin_reply": _since(facts.first_admin_reply_at, start),
        "time_to_first_close": _since(facts.first_close_at, start),
        "time_to_last_close": _since(facts.last_close_at, start),
        "median_time_to_reply": _since(facts.first_admin_reply_at, start),
        "first_contact_reply_at": facts.first_contact_reply_at,
        "first_assignment_at": facts.first_assignment_at,
        "first_admin_reply_at": facts.first_admin_reply_at,
        "first_close_at": facts.first_close_at,
        "last_assignment_at": facts.last_assignment_at,
        "last_assignment_admin_reply_at": None,
        "last_contact_reply_at": facts.last_contact_reply_at,
        "last_admin_reply_at": facts.last_admin_reply_at,
        "last_close_at": facts.last_close_at,
        "last_closed_by_id": facts.last_closed_by_id,
        "count_reopens": facts.count_reopens,
        "count_assignments": facts.count_assignments,
        "count_conversation_parts": facts.count_parts,
        "assigned_team_first_response_time": [],
        "assigned_team_first_response_time_in_office_hours": [],
        "handling_time": None,
        "adjusted_handling_time": None,
    }


def _rating(found: Conversation) -> Json | None:
    given = found.rating
    if given is None:
        return None
    return {
        "rating": given.rating,
        "remark": given.remark,
        "created_at": given.created_at,
        "updated_at": given.created_at,
        "contact": {"type": "contact", "id": given.contact_id, "external_id": None},
        "teammate": None if given.teammate_id is None else {"type": "admin", "id": given.teammate_id},
    }


def _first_reply(found: Conversation) -> Json | None:
    at = found.statistics.first_contact_reply_at
    return None if at is None else {"created_at": at, "type": "conversation", "url": found.source.url}


def _contact_reference(contact_id: str, workspace: Workspace) -> Json:
    known = workspace.contacts.get(contact_id)
    return {
        "type": "contact",
        "id": contact_id,
        "external_id": None if known is None else known.external_id,
    }


def _company_of(found: Conversation, workspace: Workspace) -> Json | None:
    known = None if found.company_id is None else workspace.companies.get(found.company_id)
    return None if known is None else company(known, workspace)


def conversation(found: Conversation, workspace: Workspace, *, plain: bool = False) -> Json:
    """A conversation as lists and searches show it, without its parts."""
    linked = found.linked_conversation_ids
    return {
        "type": "conversation",
        "id": found.id,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "waiting_since": found.waiting_since,
        "snoozed_until": found.snoozed_until,
        "source": source(found.source, plain=plain),
        "contacts": {
            "type": "contact.list",
            "contacts": [_contact_reference(each, workspace) for each in found.contact_ids],
        },
        "first_contact_reply": _first_reply(found),
        # 2.16 says 0 for nobody, where earlier versions said null (FACTS §1).
        "admin_assignee_id": int(found.admin_assignee_id or 0),
        "team_assignee_id": int(found.team_assignee_id or 0),
        "company": _company_of(found, workspace),
        "open": found.state == "open",
        "state": found.state,
        "read": found.read,
        "tags": {"type": "tag.list", "tags": _applied(found.tags, workspace)},
        "priority": found.priority,
        "sla_applied": None,
        "statistics": statistics(found),
        "conversation_rating": _rating(found),
        "teammates": {
            "type": "admin.list",
            "admins": [{"type": "admin", "id": each} for each in found.teammate_ids],
        },
        "title": found.title,
        "custom_attributes": found.custom_attributes,
        "topics": {},
        "ticket": None,
        "linked_objects": {
            "type": "list",
            "data": [{"type": "conversation", "id": each, "category": None} for each in linked],
            "total_count": len(linked),
            "has_more": False,
        },
        "ai_agent": None,
        "ai_agent_participated": found.ai_agent_participated,
        "channel": {"initial": found.channel, "current": found.channel},
        "external_references": [],
    }


def part(found: Part, workspace: Workspace, *, plain: bool) -> Json:
    body = found.body
    assigned = found.assigned_to
    return {
        "type": "conversation_part",
        "id": found.id,
        "part_type": found.part_type,
        "body": plaintext(body) if plain and body is not None else body,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "notified_at": found.created_at,
        "assigned_to": None if assigned is None else {"type": assigned.type, "id": assigned.id or None},
        "author": person(found.author),
        "attachments": [],
        "external_id": None,
        "redacted": found.redacted,
        "state": found.state,
        "tags": _applied(found.tags, workspace),
        "event_details": found.event_details or {},
        "metadata": {},
        "email_message_metadata": None,
        "app_package_code": None,
    }


def whole_conversation(
    found: Conversation, parts: Sequence[Part], workspace: Workspace, *, plain: bool, parts_limit: int
) -> Json:
    """A conversation with its newest `parts_limit` parts; `total_count` tells how many there are."""
    shown = parts[max(0, len(parts) - parts_limit) :]
    return {
        **conversation(found, workspace, plain=plain),
        "conversation_parts": {
            "type": "conversation_part.list",
            "conversation_parts": [part(each, workspace, plain=plain) for each in shown],
            "total_count": len(parts),
        },
    }
