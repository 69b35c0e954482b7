"""How a run is written down: the shape of its document, in both directions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.syncer.domain.connection import ConnectionKey
from services.syncer.domain.pace import Pace
from services.syncer.domain.run import Count, Hint, Intent, Run, StepState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from services.syncer.domain.run import Lane

ACTIVE = "active"
IDLE = "idle"
INTERRUPTED = "interrupted"
"""Ended because a person must act; its place is kept, and the next request goes on from there."""

STOPPED = "stopped"
"""Ended because the connection was; whoever still works on it learns so when it renews its lease."""

_STEP = tuple(StepState.__dataclass_fields__)


def new_document(key: ConnectionKey, lane: Lane, now: datetime) -> dict[str, Any]:
    return {
        "_id": key.document_id(lane),
        "connection_id": key.connection_id,
        "lane": lane,
        "state": IDLE,
        "wake_at": now,
        "owned": False,
        "saved": True,
        "intents": {},
        "fence": 0,
        "again": [],
        "asked": 0,
        "requests": [],
        "hints": [],
        "planned": False,
        "steps": [],
        "counts": {},
    }


def fresh_counters(run_id: str, reason: str, now: datetime, traceparent: str | None) -> dict[str, Any]:
    """Return the fields that belong to one run and not to its place in the workspace."""
    return {
        "run_id": run_id,
        "reason": reason,
        "started_at": now,
        "calls": 0,
        "changed": 0,
        "attempts": 0,
        "tried": [],
        # Replicas of an earlier version, while they are replaced, ask for it.
        "rate": None,
        "paces": {},
        "traceparent": traceparent,
    }


def hint_documents(hints: Sequence[Hint]) -> list[dict[str, Any]]:
    return [
        {
            "key": hint.key,
            "resource": hint.resource,
            "id": hint.id,
            "force": hint.force,
            "redacted_part": hint.redacted_part,
        }
        for hint in hints
    ]


def progress_of(run: Run) -> dict[str, Any]:
    """Return the fields that a slice moves forward."""
    return {
        "planned": run.planned,
        "steps": [
            {
                "name": step.name,
                "position": step.position,
                "done": step.done,
                "wake_at": step.wake_at,
                "waiting_for": step.waiting_for,
                "failures": step.failures,
                "slices": step.slices,
                "incomplete": step.incomplete,
                "resumed": step.resumed,
            }
            for step in run.steps
        ],
        "counts": {
            resource: {"done": count.done, "total": count.total} for resource, count in run.counts.items()
        },
        "calls": run.calls,
        "changed": run.changed,
        "attempts": run.attempts,
        # A list, because ids of a source may hold what no field's name can.
        "tried": [{"resource": resource, "times": times} for resource, times in run.tried.items()],
        "paces": {
            resource: {
                "items_per_second": pace.items_per_second,
                "watched_seconds": pace.watched_seconds,
                "measured_at": pace.measured_at,
            }
            for resource, pace in run.paces.items()
        },
        "saved": True,
        # What a slice that failed or died left behind stays until somebody has looked after it.
        **({} if run.unsure else {"intents": {}}),
    }


def intent_documents(intents: Sequence[Intent]) -> list[dict[str, Any]]:
    return [{"resource": intent.resource, "id": intent.id, "parts": list(intent.parts)} for intent in intents]


def claimed_run(document: dict[str, Any]) -> Run:
    """Return the run whose document, as it was before the claim, is given."""
    run = run_of(document)
    run.fence += 1
    run.due_at = document["wake_at"]
    # Documents of an earlier version say nothing of it; their slices are taken for saved.
    if not document.get("saved", True):
        for step in run.steps:
            step.resumed = True
    run.unsure = intents_of(document)
    return run


def intents_of(document: dict[str, Any]) -> list[Intent]:
    """Return what a run's slices noted before they published it, and may not have remembered."""
    return [
        Intent(each["resource"], each["id"], tuple(each["parts"]))
        for noted in document.get("intents", {}).values()
        for each in noted
    ]


def run_of(document: dict[str, Any]) -> Run:
    hints = [
        # Documents of an earlier version name no part.
        Hint(hint["key"], hint["resource"], hint["id"], hint["force"], hint.get("redacted_part"))
        for hint in document.get("hints", ())
    ]
    return Run(
        key=ConnectionKey(document["organization_id"], document["connection_id"]),
        lane=document["lane"],
        # Each set of hints is a run of its own, so that each has an end to tell of.
        run_id=f"hints:{hints[0].key}"[:256] if hints else document["run_id"],
        reason=document["reason"],
        fence=document["fence"],
        started_at=document["started_at"],
        planned=document["planned"],
        # A replica of a later version may have written more than this one knows.
        steps=[
            StepState(**{name: step[name] for name in _STEP if name in step}) for step in document["steps"]
        ],
        counts={resource: Count(**count) for resource, count in document["counts"].items()},
        hints=hints,
        calls=document["calls"],
        changed=document["changed"],
        attempts=document["attempts"],
        # Documents of an earlier version count none.
        tried={each["resource"]: each["times"] for each in document.get("tried", ())},
        # Documents of an earlier version have none; they are watched anew.
        paces={resource: Pace(**pace) for resource, pace in document.get("paces", {}).items()},
        traceparent=document["traceparent"],
        asked=document.get("asked") or 0,
    )
