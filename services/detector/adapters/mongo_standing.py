"""Counts signals in the database, for customers' and requests' numbers, however many there are."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from services.detector.domain.identity import Subject
from services.detector.domain.standing import STILL_ASKED, Attention, Demand, attention_of

if TYPE_CHECKING:
    from collections.abc import Collection as Keys
    from datetime import datetime

    from shared.documents.collection import ScopedCollection

ASKED_FOR: dict[str, Any] = {
    "$or": [{"state": "open"}, {"state": "cleared", "cleared_because": {"$in": list(STILL_ASKED)}}]
}
"""As `standing.is_asked_for`."""


async def count_attention(signals: ScopedCollection, customer_ids: Keys[str]) -> dict[str, Attention]:
    """See `ports.Signals.attention`."""
    subjects = {customer_id: Subject("customer", customer_id).key for customer_id in customer_ids}
    counts = await signals.aggregate(
        [
            {"$match": {"subject": {"$in": sorted(subjects.values())}, "state": "open"}},
            {
                "$group": {
                    "_id": {"subject": "$subject", "slot": "$slot"},
                    "signals": {"$sum": 1},
                    "last_at": {"$max": "$occurred_at"},
                }
            },
        ]
    )
    counted: dict[str, list[tuple[str, int, datetime | None]]] = defaultdict(list)
    for one in counts:
        counted[one["_id"]["subject"]].append((one["_id"]["slot"], one["signals"], one["last_at"]))
    return {one: attention_of(counted[subject]) for one, subject in subjects.items()}


async def count_demand(signals: ScopedCollection, request_ids: Keys[str]) -> dict[str, Demand]:
    """See `ports.Signals.demand`."""
    about = {"$match": {"request_id": {"$in": sorted(request_ids)}, **ASKED_FOR}}
    behind, people = await asyncio.gather(
        signals.aggregate(
            [
                about,
                {
                    "$group": {
                        "_id": {"request": "$request_id", "subject": "$subject"},
                        # One customer's wishes show the same spend each; it counts once.
                        "spend": {"$max": "$spend"},
                        "last_at": {"$max": "$occurred_at"},
                    }
                },
                {
                    "$group": {
                        "_id": "$_id.request",
                        "customers": {"$sum": 1},
                        "spend": {"$sum": "$spend"},
                        "last_at": {"$max": "$last_at"},
                    }
                },
            ]
        ),
        signals.aggregate(
            [
                about,
                {"$unwind": "$people"},
                {"$group": {"_id": {"request": "$request_id", "person": "$people.id"}}},
                {"$group": {"_id": "$_id.request", "people": {"$sum": 1}}},
            ]
        ),
    )
    counted = {one["_id"]: one for one in behind}
    persons = {person["_id"]: person["people"] for person in people}
    nobody = {"customers": 0, "spend": 0.0, "last_at": None}
    return {
        one: Demand(
            customers=demand["customers"],
            people=persons.get(one, 0),
            spend=float(demand["spend"]),
            last_at=demand["last_at"],
        )
        for one, demand in ((request_id, counted.get(request_id, nobody)) for request_id in request_ids)
    }
