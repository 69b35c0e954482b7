"""What a webhook notification hints at: where to look. Its content is never stored (FACTS §9)."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any, get_args

from shared.contracts.sync import ResourceHint, ResourceType

if TYPE_CHECKING:
    from collections.abc import Mapping

_RESOURCE_OF_TOPIC: dict[str, ResourceType] = {
    "conversation": "conversation",
    "conversation_part": "conversation",
    "contact": "contact",
    "company": "company",
    "admin": "admin",
}
_DELETING_TOPICS = frozenset(
    {"conversation.deleted", "contact.deleted", "contact.archived", "contact.merged", "company.deleted"}
)
_MOST_ID_CHARACTERS = 256
_RESOURCES = frozenset(get_args(ResourceType))


def signature_holds(body: bytes, header: str | None, client_secret: str) -> bool:
    """Return whether `X-Hub-Signature` is the body's HMAC-SHA1 under the app's secret, in constant time."""
    if header is None or not header.startswith("sha1="):
        return False
    expected = hmac.new(client_secret.encode(), body, hashlib.sha1).hexdigest()
    return hmac.compare_digest(expected.encode(), header.removeprefix("sha1=").strip().encode())


def hint_of(notification: Mapping[str, Any]) -> ResourceHint | None:
    """Return the resource that a notification is about, or None where the topic says nothing to us.

    Bodies differ by topic: deletions are minimal and carry `conversation_id` instead of `id`, tag topics
    nest the contact, merges name the contact that went in `merged_from` (FACTS §9).
    """
    topic = notification.get("topic")
    if not isinstance(topic, str):
        return None
    resource = _RESOURCE_OF_TOPIC.get(topic.partition(".")[0])
    data = notification.get("data")
    item = data.get("item") if isinstance(data, dict) else None
    if resource is None or not isinstance(item, dict):
        return None
    identifier = _identifier(topic, resource, item)
    if identifier is None:
        return None
    return ResourceHint(resource=resource, id=identifier, deleted=topic in _DELETING_TOPICS)


def _identifier(topic: str, resource: ResourceType, item: Mapping[str, Any]) -> str | None:
    if topic == "contact.merged":
        return _id_in(item.get("merged_from"))
    candidates = (
        item.get("conversation_id"),
        _id_in(item.get("conversation")),
        _nested_model(item.get("conversation")),
        _id_in(item.get(resource)),
        item.get("id") if item.get("type") in {*_RESOURCES, "user", "lead", None} else None,
    )
    for candidate in candidates:
        if isinstance(candidate, str | int) and 0 < len(str(candidate)) <= _MOST_ID_CHARACTERS:
            return str(candidate)
    return None


def _nested_model(value: object) -> str | None:
    return _id_in(value.get("model")) if isinstance(value, dict) else None


def _id_in(value: object) -> str | None:
    if not isinstance(value, dict):
        return None
    found = value.get("id")
    return str(found) if isinstance(found, str | int) and len(str(found)) <= _MOST_ID_CHARACTERS else None


def notification_identity(body: Mapping[str, Any]) -> str:
    """Return what makes a notification the same when it is sent twice; `id` can be null (FACTS §9)."""
    given = body.get("id")
    if isinstance(given, str) and given:
        return given[:_MOST_ID_CHARACTERS]
    hint = hint_of(body)
    parts = (body.get("app_id"), body.get("topic"), hint.id if hint else None, body.get("created_at"))
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()
