"""Notifications, and what may be known of one without reading all of it, as documents and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from services.notifier.adapters.shapes import ClaimShape, DueShape, NotificationShape
from services.notifier.adapters.snapshots import snapshot, stored_signal
from services.notifier.domain.notification import Attempt, Notification
from services.notifier.domain.rule import Recipient
from services.notifier.ports import Destination, Due, HeldClaim

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_LEASE_SECONDS = 70.0
"""Of claims that do not say how long they last, as an earlier version made them: the longest try and 10 s."""

OF_DUE = {"organization_id": 1, "id": 1, "rule_id": 1, "channel": 1}
"""The fields that `due_from` needs."""

_ATTEMPT = TypeAdapter(Attempt)
_PLAIN = (
    "organization_id",
    "connection_id",
    "rule_id",
    "channel",
    "state",
    "created_at",
    "next_attempt_at",
    "settled_at",
    "tries",
    "cancelled_because",
    "test",
)


def key_of(organization_id: str, notification_id: str) -> str:
    return f"{organization_id}/{notification_id}"


def due_from(document: Mapping[str, Any]) -> Due:
    DueShape.model_validate(document)
    destination = Destination(document["organization_id"], document["rule_id"])
    return Due(destination, document["id"], document["channel"])


def claim_from(document: Mapping[str, Any]) -> HeldClaim:
    ClaimShape.model_validate(document)
    lasts = document.get("lease_seconds", _LONGEST_LEASE_SECONDS)
    return HeldClaim(due_from(document), document["lease"], lasts)


def notification_from(document: Mapping[str, Any]) -> Notification:
    NotificationShape.model_validate(document)
    return Notification(
        id=document["id"],
        signal=stored_signal(document),
        recipient=Recipient(**document["recipient"]),
        attempts=tuple(_ATTEMPT.validate_python(attempt) for attempt in document["attempts"]),
        # Documents of an earlier version do not say these.
        over=document.get("over"),
        sent_revision=document.get("sent_revision"),
        **{name: document[name] for name in _PLAIN},
    )


def document_of(notification: Notification) -> dict[str, Any]:
    """Return a new notification as a document, without attempts."""
    return {
        "_id": key_of(notification.organization_id, notification.id),
        "id": notification.id,
        "signal_id": notification.signal.signal_id,
        "recipient": {"key": notification.recipient.key, "label": notification.recipient.label},
        "attempts": [],
        **snapshot(notification.signal),
        **{name: getattr(notification, name) for name in _PLAIN},
    }


def attempt_fields(attempt: Attempt) -> Any:
    return _ATTEMPT.dump_python(attempt)
