"""What the detector holds against what the workspace truly contains.

The mirror is read from the detector's own database. Words are compared without white space, since the
simulator's own way from HTML to text, by which they are judged, breaks lines elsewhere than the syncer's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deploy.simulator.plaintext import plaintext

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from pymongo import MongoClient

    from tests.e2e.chain.workspace import Workspace

_DAY_SECONDS = 86_400
_EDGE_SECONDS = 3_600
"""Closed conversations this near to the lookback's edge may be held or not: it moves while a sync runs."""

_LINK = re.compile(r"\s*\((?:https?:|mailto:)[^\s)]*\)")
_SPACE = re.compile(r"\s+")
_BULLET = re.compile(r"(?m)^\s*(?:-|\d+\.)\s+")
_IMAGE = re.compile(r"\[image\]")
"""How the syncer reads an image; the simulator's own plain text leaves images out."""

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """How a mirror departs from the truth; empty when it does not."""

    missing: dict[str, Any]
    surplus: dict[str, Any]
    unlike: dict[str, tuple[Any, Any]]

    def __bool__(self) -> bool:
        return bool(self.missing or self.surplus or self.unlike)

    def __str__(self) -> str:
        some = {key: self.unlike[key] for key in list(self.unlike)[:3]}
        return (
            f"{len(self.missing)} missing {sorted(self.missing)[:5]}, {len(self.surplus)} surplus"
            f" {sorted(self.surplus)[:5]}, {len(self.unlike)} unlike (held, true) {some}"
        )


def compared(held: Mapping[str, Any], true: Mapping[str, Any], optional: Iterable[str] = ()) -> Difference:
    """Return how `held` departs from `true`; keys in `optional` may be absent."""
    may_miss = set(optional)
    return Difference(
        missing={key: true[key] for key in true.keys() - held.keys() - may_miss},
        surplus={key: held[key] for key in held.keys() - true.keys()},
        unlike={key: (held[key], true[key]) for key in held.keys() & true.keys() if held[key] != true[key]},
    )


def mirror_differences(
    mongo: MongoClient[dict[str, Any]], workspace: Workspace, *, lookback_days: int = 90
) -> dict[str, Difference]:
    """Return the difference of each kind of thing, only those that differ."""
    database = mongo["earshot_detector"]
    now = workspace.state()["now"]
    true_conversations, true_parts, optional = _true_conversations(workspace, now, lookback_days)
    optional_parts = {key for key in true_parts if key.partition("/")[0] in optional}
    found = {
        "conversations": compared(
            _held(database["conversations"], _conversation), true_conversations, optional
        ),
        "parts": compared(_held(database["parts"], _part, _part_key), true_parts, optional_parts),
        "contacts": compared(_held(database["contacts"], _contact), _true_contacts(workspace)),
        "companies": compared(_held(database["companies"], _company), _true_companies(workspace)),
        "tags": compared(_held(database["tags"], _name), _true_names(workspace, "tags")),
        "admins": compared(_held(database["admins"], _name), _true_names(workspace, "admins")),
        "teams": compared(_held(database["teams"], _name), _true_names(workspace, "teams")),
    }
    return {name: difference for name, difference in found.items() if difference}


def squeezed(text: str | None) -> str:
    """Return the words without white space, marks of list items and images, and what links point at."""
    return _SPACE.sub("", _IMAGE.sub("", _BULLET.sub("", _LINK.sub("", text or ""))))


def _held(collection: Any, facts: Any, key: Any = None) -> dict[str, Facts]:
    found = (document["data"] for document in collection.find({"deleted_at": {"$exists": False}}))
    return {key(data) if key else data["id"]: facts(data) for data in found}


def _conversation(data: Facts) -> Facts:
    return {
        "state": data["state"],
        "updated_at": _seconds(data["updated_at"]),
        "contacts": sorted(data["contact_ids"]),
        "company": data["company_id"],
        "tags": sorted(data["tag_ids"]),
        "parts": data["part_count"],
        "rating": data["rating"]["rating"] if data["rating"] else None,
    }


def _part_key(data: Facts) -> str:
    return f"{data['conversation_id']}/{data['id']}"


def _part(data: Facts) -> Facts:
    return {
        "type": data["part_type"],
        "author": data["author"]["id"],
        "text": squeezed(data["text"]),
        "redacted": data["redacted"],
        "at": _seconds(data["created_at"]),
    }


def _contact(data: Facts) -> Facts:
    return {
        "name": data["name"],
        "email": data["email"],
        "role": data["role"],
        "companies": sorted(data["company_ids"]),
        "tags": sorted(data["tag_ids"]),
    }


def _company(data: Facts) -> Facts:
    return {
        "name": data["name"],
        "company_id": data["company_id"],
        "plan": data["plan"],
        "monthly_spend": data["monthly_spend"],
    }


def _name(data: Facts) -> Facts:
    return {"name": data["name"]}


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


def _true_conversations(
    workspace: Workspace, now: int, lookback_days: int
) -> tuple[dict[str, Facts], dict[str, Facts], set[str]]:
    start = now - lookback_days * _DAY_SECONDS
    conversations: dict[str, Facts] = {}
    parts: dict[str, Facts] = {}
    optional: set[str] = set()
    for row in workspace.truth("conversations"):
        id_, listed = row["id"], row["conversation_parts"]["conversation_parts"]
        closed = row["state"] == "closed"
        if closed and row["updated_at"] < start - _EDGE_SECONDS:
            continue
        if closed and row["updated_at"] < start + _EDGE_SECONDS:
            optional.add(id_)
        rating = row["conversation_rating"]
        conversations[id_] = {
            "state": row["state"],
            "updated_at": row["updated_at"],
            "contacts": sorted(each["id"] for each in row["contacts"]["contacts"]),
            "company": (row["company"] or {}).get("id"),
            "tags": sorted(each["id"] for each in row["tags"]["tags"]),
            "parts": len(listed) + 1,
            "rating": rating["rating"] if rating else None,
        }
        opening = {**row["source"], "part_type": "source", "created_at": row["created_at"]}
        parts[f"{id_}/source-{id_}"] = _true_part(opening)
        parts.update({f"{id_}/{part['id']}": _true_part(part) for part in listed})
    return conversations, parts, optional


def _true_part(row: Facts) -> Facts:
    return {
        "type": row["part_type"],
        "author": str(row["author"]["id"]) or None,
        "text": squeezed(plaintext(row["body"] or "")),
        "redacted": bool(row.get("redacted")),
        "at": row["created_at"],
    }


def _true_contacts(workspace: Workspace) -> dict[str, Facts]:
    return {
        row["id"]: {
            "name": row["name"],
            "email": row["email"],
            "role": row["role"],
            "companies": sorted(row["company_ids"]),
            "tags": sorted(row["tag_ids"]),
        }
        for row in workspace.truth("contacts")
        if not row["archived"] and row["merged_into"] is None
    }


def _true_companies(workspace: Workspace) -> dict[str, Facts]:
    return {
        row["id"]: {
            "name": row["name"],
            "company_id": row["company_id"] or None,
            "plan": (row.get("plan") or {}).get("name"),
            "monthly_spend": row.get("monthly_spend"),
        }
        for row in workspace.truth("companies")
        if not row["archived"]
    }


def _true_names(workspace: Workspace, resource: str) -> dict[str, Facts]:
    return {str(row["id"]): {"name": row["name"]} for row in workspace.truth(resource)}
