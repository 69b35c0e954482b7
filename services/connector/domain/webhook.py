"""What a webhook notification hints at: which resource to read. Its content is never stored (FACTS §9)."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Any

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
    {"conversation.deleted", "contact.deleted", "contact.archived", "company.deleted"}
)
_REDACTING_TOPIC = "conversation_part.redacted"
_OWN_ITEM_TYPES: dict[ResourceType, frozenset[str]] = {
    "conversation": frozenset({"conversation"}),
    "contact": frozenset({"contact", "user", "lead"}),
    "company": frozenset({"company"}),
    "admin": frozenset({"admin"}),
}
"""Item types whose `id` is the resource's own; in others (`contact_tag`, parts) it is something else's."""

_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,128}")
"""Intercom's ids are digits or 24 hex digits; what else may come must be fit for a path of theirs."""

_LONGEST_GIVEN_ID = 128


def signature_holds(body: bytes, header: str | None, client_secret: str) -> bool:
    """Return whether `X-Hub-Signature` is the body's HMAC-SHA1 under the app's secret, in constant time."""
    if header is None or not header.startswith("sha1="):
        return False
    return _equal(header.removeprefix("sha1="), hmac.new(client_secret.encode(), body, hashlib.sha1))


def body_signature_holds(body: bytes, header: str | None, client_secret: str) -> bool:
    """Return the same for `X-Body-Signature`: bare hex of HMAC-SHA256, on uninstall notices (FACTS §2)."""
    if header is None:
        return False
    return _equal(header, hmac.new(client_secret.encode(), body, hashlib.sha256))


def _equal(signature: str, expected: hmac.HMAC) -> bool:
    return hmac.compare_digest(expected.hexdigest().encode(), signature.strip().encode())


def hints_of(notification: Mapping[str, Any]) -> tuple[ResourceHint, ...]:
    """Return the resources that a notification is about; none if the topic does not concern us.

    Bodies differ by topic: deletions are minimal and carry `conversation_id` instead of `id`, tag topics nest
    the contact, merges name the merged contact in `merged_from`, and attaching a contact to a company changes
    what both of them show (FACTS §9).
    """
    topic = notification.get("topic")
    data = notification.get("data")
    item = data.get("item") if isinstance(data, dict) else None
    if not isinstance(topic, str) or not isinstance(item, dict):
        return ()
    resource = _RESOURCE_OF_TOPIC.get(topic.partition(".")[0])
    if resource is None:
        return ()
    is_part = item.get("type") == "conversation_part"
    redacted = _identifier(item.get("id")) if topic == _REDACTING_TOPIC and is_part else None
    own = _own_id(resource, item)
    hints = [_hint(resource, own, deleted=topic in _DELETING_TOPICS, redacted_part_id=redacted)]
    if topic == "contact.merged":
        hints.append(_hint("contact", _id_in(item.get("merged_from")), deleted=True))
    if topic.startswith("company.contact."):
        hints.append(_hint("contact", _id_in(item.get("contact"))))
    return tuple(dict.fromkeys(hint for hint in hints if hint is not None))


def _hint(
    resource: ResourceType,
    identifier: str | None,
    *,
    deleted: bool = False,
    redacted_part_id: str | None = None,
) -> ResourceHint | None:
    if identifier is None:
        return None
    return ResourceHint(resource=resource, id=identifier, deleted=deleted, redacted_part_id=redacted_part_id)


def _own_id(resource: ResourceType, item: Mapping[str, Any]) -> str | None:
    nested = item.get(resource)
    kind = item.get("type", resource)
    is_own = isinstance(kind, str) and kind in _OWN_ITEM_TYPES[resource]
    candidates = (
        _identifier(item.get("conversation_id")) if resource == "conversation" else None,
        _id_in(nested),
        _id_in(nested.get("model")) if isinstance(nested, dict) else None,
        _identifier(item.get("id")) if is_own else None,
    )
    return next((candidate for candidate in candidates if candidate is not None), None)


def _id_in(value: object) -> str | None:
    return _identifier(value.get("id")) if isinstance(value, dict) else None


def _identifier(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value)
    return text if _IDENTIFIER.fullmatch(text) else None


def notification_identity(body: Mapping[str, Any]) -> str:
    """Return what identifies a notification that is sent twice; `id` can be null (FACTS §9)."""
    id_ = body.get("id")
    if isinstance(id_, str) and id_ and len(id_) <= _LONGEST_GIVEN_ID:
        return id_
    things = [f"{hint.resource} {hint.id} {hint.redacted_part_id or ''}".rstrip() for hint in hints_of(body)]
    parts = (body.get("app_id"), id_, body.get("topic"), *things, body.get("created_at"))
    return hashlib.sha256("\n".join(map(str, parts)).encode(errors="replace")).hexdigest()
