"""The lists' filters and orders as queries on their collections."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from services.detector.adapters.customer_documents import HEALTH_UNKNOWN, MOOD_UNKNOWN, RENEWAL_UNKNOWN
from services.detector.adapters.mirror_documents import CONVERSATIONS, LAST_UNKNOWN
from services.detector.domain.wishes import REQUEST_STATES, SETTLED_STATES

if TYPE_CHECKING:
    from services.detector.domain.matching import MatchBasis
    from services.detector.lists import RequestStateFilter, SignalFilter

SIGNAL_SORTS = {"newest": "shown_at", "confidence": "confidence", "spend": "spend"}
CUSTOMER_SORTS = {
    "attention": "attention",
    "name": "name_folded",
    "spend": "sort_spend",
    "health": "sort_health",
    "mood": "sort_mood",
    "renewal": "sort_renewal",
}
PERSON_SORTS = {"id": "key", "last": "sort_last", "conversations": CONVERSATIONS}
REQUEST_SORTS = {"customers": "customers", "spend": "spend", "last": "sort_last", "title": "title"}
"""The fields that lists are sorted by, by the name of the order."""

UNKNOWN: dict[str, float | str | datetime] = {
    "sort_last": LAST_UNKNOWN,
    "sort_health": HEALTH_UNKNOWN,
    "sort_mood": MOOD_UNKNOWN,
    "sort_renewal": RENEWAL_UNKNOWN,
}
"""The value of such a field where the real value is unknown."""

_MOST_SOUGHT = 100
"""Characters of a search that are used."""


def all_of(query: dict[str, Any], clauses: list[dict[str, Any]]) -> dict[str, Any]:
    return {"$and": [query, *clauses]} if clauses else query


def signal_query(wanted: SignalFilter) -> dict[str, Any]:
    equal = {
        # Both are named, so that the indexes that begin with the state give the order of all.
        "state": {"$in": ["cleared", "open"]} if wanted.state == "any" else wanted.state,
        "kind": wanted.kind,
        "customer.id": wanted.customer_id,
        "tags": wanted.tag,
        "customer.owner": wanted.owner,
        "request_id": wanted.request_id,
        "people.id": wanted.person,
        "conversation_keys": wanted.conversation,
        "assigned_to": wanted.assigned_to,
    }
    query: dict[str, Any] = {field: value for field, value in equal.items() if value is not None}
    moments: dict[str, Any] = {}
    if wanted.since is not None:
        moments["$gte"] = wanted.since
    if wanted.until is not None:
        moments["$lt"] = wanted.until
    if moments:
        query["shown_at"] = moments
    if wanted.min_confidence is not None:
        query["confidence"] = {"$gte": wanted.min_confidence}
    return query


def customer_query(words: str | None, owner: str | None, *, known: bool | None) -> dict[str, Any]:
    query: dict[str, Any] = {"merged_into": None}
    if words and words.strip():
        query["$or"] = [{"name_folded": contains(words)}, {"external_id": _typed(words)}]
    if owner:
        query["owner"] = owner
    if known is not None:
        query["provisional"] = not known
    return query


def company_query(words: str | None, matched_by: MatchBasis | None) -> dict[str, Any]:
    # Which a grave has not.
    query: dict[str, Any] = {"name_normalised": {"$gte": ""}}
    if matched_by is not None:
        query["basis"] = matched_by
    if words and words.strip():
        name = contains_in_any_case(words)
        query["$or"] = [{"name": name}, {"external_id": _typed(words)}]
    return query


_LIVING: dict[str, dict[str, Any]] = {
    "key": {"$gt": ""},
    "sort_last": {"$gt": datetime(1, 1, 1, tzinfo=UTC)},
    CONVERSATIONS: {"$gte": 0},
}
"""A field that only existing people have, by the field that people are sorted by, so that its index
answers the list."""


def people_query(words: str | None, field: str = "key") -> dict[str, Any]:
    query: dict[str, Any] = {field: _LIVING[field]}
    if words and words.strip():
        query["name_folded"] = contains(words)
    return query


def conversation_query(
    *, person: str | None = None, teammate: str | None = None, state: str | None = None
) -> dict[str, Any]:
    query: dict[str, Any] = {"key": {"$gt": ""}}
    equal = {"contact_keys": person, "teammate_keys": teammate, "summary.state": state}
    return query | {field: value for field, value in equal.items() if value is not None}


def request_query(state: RequestStateFilter, words: str | None) -> dict[str, Any]:
    query: dict[str, Any] = {"customers": {"$gt": 0}}
    if state == "unsettled":
        query["state"] = {"$in": [state for state in REQUEST_STATES if state not in SETTLED_STATES]}
    elif state is not None:
        query["state"] = state
    if words and words.strip():
        query["title_folded"] = contains(words)
    return query


def contains(words: str) -> dict[str, str]:
    """Return the condition that a case-folded field contains these words."""
    return {"$regex": re.escape(_typed(words).casefold()[:_MOST_SOUGHT])}


def contains_in_any_case(words: str) -> dict[str, str]:
    """Return the condition that a field stored as written contains these words, in any case."""
    return {"$regex": re.escape(_typed(words)[:_MOST_SOUGHT]), "$options": "i"}


def _typed(words: str) -> str:
    # MongoDB refuses a pattern with the character 0, which no name has.
    return words.replace("\0", "").strip()
