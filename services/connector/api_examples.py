"""What the connector's API answers with, as its description shows it."""

from __future__ import annotations

from typing import Any

_HELD = [
    {"resource": "contact", "done": 412, "total": 412},
    {"resource": "conversation", "done": 2_449, "total": 2_450},
]
LEDGER: dict[str, Any] = {
    "complete_up_to": "2026-03-02T09:05:00Z",
    "completed_at": "2026-03-02T09:07:31Z",
    "held": _HELD,
    "gaps": [
        {
            "resource": "conversation",
            "id": "215390",
            "reason": "parts_cut_at_500",
            "aspect": None,
            "missing": 38,
            "since": "2026-02-27T16:20:04Z",
        }
    ],
    "gap_count": 1,
}
CONNECTION: dict[str, Any] = {
    "id": "intercom-7f3a9c20d4e1b658",
    "state": "connected",
    "attention": None,
    "attention_detail": None,
    "method": "oauth",
    "workspace_id": "ab12cd34",
    "workspace_name": "Acme",
    "region": "eu",
    "base_url": "https://api.eu.intercom.io",
    "settings": {
        "lifecycle_events": True,
        "lookback_days": 90,
        "sync_interval_seconds": 300,
        "match_companies_by_name": "exact",
    },
    "connected_by": "ann@example.com",
    "connected_at": "2026-01-21T09:12:00Z",
    "next_sync_at": "2026-03-02T09:15:00Z",
    "progress": {
        "reason": "scheduled",
        "resource": "conversation",
        "counts": [{"resource": "conversation", "done": 12, "total": 40}],
        "share": 0.3,
        "items_per_second": 6.5,
        "remaining_seconds": 4.3,
        "waiting_until": None,
        "waiting_for": None,
    },
    "no_answer_since": None,
    "ledger": LEDGER,
    "removal_confirmed_by": [],
}
DIAGNOSIS: dict[str, Any] = {
    "checked_at": "2026-03-02T09:12:00Z",
    "healthy": False,
    "findings": [
        {
            "part": "token",
            "title": "Token",
            "verdict": "fine",
            "words": "Intercom accepts the token and says whose it is.",
            "permission": None,
            "count": None,
        },
        {
            "part": "tags",
            "title": "Tags",
            "verdict": "missing_permission",
            "words": 'The permission "Read tags" is missing. Tick it in Intercom\'s Developer Hub, your app,'
            " Authentication, Permissions.",
            "permission": "Read tags",
            "count": None,
        },
    ],
}
KEY: dict[str, Any] = {
    "key_id": "9b12f0c47de83a65",
    "name": "warehouse export",
    "role": "member",
    "created_by": "ann@example.com",
    "created_at": "2026-03-02T09:12:00Z",
    "expires_at": "2026-05-31T09:12:00Z",
    "revoked_at": None,
    "token": None,
}
