"""What the notifier's API answers with, as its description shows it."""

from __future__ import annotations

from typing import Any

from shared.contracts.examples import EXAMPLES
from shared.contracts.signals import SignalDetected

_SIGNAL = next(event for event in EXAMPLES if isinstance(event, SignalDetected))

RULE: dict[str, Any] = {
    "id": "5c0e9a71d2b84f36",
    "name": "Churn to the success team",
    "channel": "webhook",
    "kinds": ["churn_risk"],
    "customers": [],
    "owners": ["dana@example.com"],
    "tags": [],
    "minimum_confidence": 0.7,
    "good_moods": False,
    "recipients": [],
    "destination": "hooks.example.com",
    "enabled": True,
    "revision": 2,
    "created_at": "2026-02-16T08:30:00Z",
    "created_by": "ann@example.com",
    "failures_in_a_row": 0,
    "last_failure": None,
    "last_failure_at": None,
    "last_delivered_at": "2026-03-02T09:12:04Z",
    "signing_secret": None,
}
NOTIFICATION: dict[str, Any] = {
    "id": "6b0f21c8d94e7a35b1602fce8d73a940",
    "signal_id": _SIGNAL.signal_id,
    "kind": "churn_risk",
    "explicit": True,
    "direction": None,
    "customer": "Northwind",
    "rule_id": "5c0e9a71d2b84f36",
    "channel": "webhook",
    "recipient": "hooks.example.com",
    "state": "delivered",
    "created_at": "2026-03-02T09:12:03Z",
    "next_attempt_at": None,
    "settled_at": "2026-03-02T09:12:14Z",
    "cancelled_because": None,
    "test": False,
}
ATTEMPT: dict[str, Any] = {
    "number": 2,
    "at": "2026-03-02T09:12:14Z",
    "seconds": 0.21,
    "outcome": "delivered",
    "detail": "The receiver answered 204.",
    "reason": None,
    "status": None,
}
_FIRST_ATTEMPT: dict[str, Any] = {
    "number": 1,
    "at": "2026-03-02T09:12:03Z",
    "seconds": 1.4,
    "outcome": "retry",
    "detail": "The receiver answered 503.",
    "reason": "rejected",
    "status": 503,
}
DELIVERY: dict[str, Any] = {**NOTIFICATION, "attempts": [_FIRST_ATTEMPT, ATTEMPT]}
ENTRY: dict[str, Any] = {
    "id": _SIGNAL.signal_id,
    "added_at": "2026-03-02T09:12:04Z",
    "read": False,
    "over": None,
    "signal": _SIGNAL.model_dump(mode="json"),
}
SAMPLE: dict[str, Any] = {
    "notification_id": "0d94b7e2a16f5c83e7b2049dfa61c358",
    "delivered": True,
    "detail": "The receiver answered 204.",
}
