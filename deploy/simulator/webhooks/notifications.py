"""What a webhook notification says: the envelope and the item of each topic (FACTS §9)."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from deploy.simulator import representations

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploy.simulator.model import Event, Workspace
    from deploy.simulator.switches import Switches

Json = dict[str, Any]
TIME_KEYS = frozenset({"waiting_since", "snoozed_until"})


def sign(body: bytes, secret: str) -> str:
    """The value of `X-Hub-Signature`: HMAC-SHA1 over the raw body with the client secret."""
    return "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()


def sign_body(body: bytes, secret: str) -> str:
    """The value of `X-Body-Signature`: bare hexadecimal HMAC-SHA256 with the client secret."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def envelope(event: Event, workspace: Workspace, switches: Switches, notification_id: str | None) -> Json:
    """The notification of an event, as it stands now; `attempt` fields are those of the first sending."""
    found = item(event, workspace)
    if switches.webhook_iso_times:
        found = iso_times(found)
    return {
        "type": "notification_event",
        "app_id": workspace.id_code,
        "id": notification_id,
        "topic": event.topic,
        "created_at": event.at,
        "first_sent_at": event.at,
        "delivery_attempts": 1,
        "delivery_status": "pending",
        "delivered_at": 0,
        "links": {},
        "self": None,
        "data": {"type": "notification_event_data", "item": found},
    }


def item(event: Event, workspace: Workspace) -> Json:
    """The item of a topic: minimal for what was deleted, nested for ties between two things."""
    minimal: dict[str, Json] = {
        "contact.deleted": {"id": event.id, "type": "contact", "deleted": True},
        "contact.archived": {
            "id": event.id,
            "external_id": event.details.get("external_id"),
            "type": "contact",
            "archived": True,
        },
        "conversation.deleted": {"type": "conversation", "conversation_id": event.id},
        "company.deleted": {"id": event.id, "type": "company", "deleted": True},
        "ping": {"type": "ping", "message": "something interesting"},
    }
    if event.topic in minimal:
        return minimal[event.topic]
    makers: dict[str, Callable[[Event, Workspace], Json]] = {
        "conversation": _conversation_item,
        "contact": _contact_item,
        "company": _company_item,
        "admin": _admin_item,
    }
    return makers[event.kind](event, workspace)


def _conversation_item(event: Event, workspace: Workspace) -> Json:
    found = workspace.conversations.get(event.id)
    if found is None:
        # It was deleted before the notification went out.
        return {"type": "conversation", "id": event.id}
    body = representations.conversation(found, workspace, plain=True)
    parts = workspace.parts(event.id)
    shown = parts[-1:]
    if "part_id" in event.details:
        shown = tuple(part for part in parts if part.id == event.details["part_id"])
    as_json = [representations.part(part, workspace, plain=True) for part in shown]
    body["conversation_parts"] = {
        "type": "conversation_part.list",
        "conversation_parts": as_json,
        "total_count": len(as_json),
    }
    if event.topic in ("conversation.contact.attached", "conversation.contact.detached"):
        contact = {"type": "contact", "id": event.details["contact_id"]}
        return {"type": "conversation_contact", "conversation": {"model": body}, "contact": contact}
    if event.topic.startswith("conversation_part."):
        part = as_json[0] if as_json else {"type": "conversation_part", "id": event.details.get("part_id")}
        return {**part, "conversation": {"type": "conversation", "id": event.id}}
    return body


def _contact_item(event: Event, workspace: Workspace) -> Json:
    found = workspace.contacts.get(event.id)
    if found is None:
        return {"type": "contact", "id": event.id}
    body = representations.contact(found, workspace)
    if event.topic == "contact.merged":
        return body | {"merged_from": {"type": "contact", "id": event.details["merged_from_id"]}}
    if ".tag." in event.topic:
        tag = workspace.tags.get(event.details["tag_id"])
        named = {"type": "tag", "id": event.details["tag_id"], "name": None if tag is None else tag.name}
        return {"type": "contact_tag", "created_at": event.at, "tag": named, "contact": body}
    return body


def _company_item(event: Event, workspace: Workspace) -> Json:
    found = workspace.companies.get(event.id)
    body = {"type": "company", "id": event.id} if found is None else representations.company(found, workspace)
    if event.topic.startswith("company.contact."):
        contact = {"type": "contact", "id": event.details["contact_id"]}
        return {"type": "company_contact", "company": body, "contact": contact}
    return body


def _admin_item(event: Event, workspace: Workspace) -> Json:
    found = workspace.admins.get(event.id)
    return {"type": "admin", "id": event.id} if found is None else representations.admin(found)


def iso_times(value: Any, key: str = "") -> Any:
    """The same with every time written as ISO-8601, as seen inside notifications."""
    if isinstance(value, dict):
        return {name: iso_times(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [iso_times(each) for each in value]
    is_time = type(value) is int and (key.endswith("_at") or key in TIME_KEYS)
    return datetime.fromtimestamp(value, UTC).isoformat(timespec="milliseconds") if is_time else value
