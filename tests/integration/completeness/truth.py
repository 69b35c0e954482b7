"""What a mirror should hold, taken from the workspace itself and not by the syncer's own parsers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from deploy.simulator.truth import truth_lines
from tests.unit.services.syncer.mirror import mirror_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deploy.simulator.model import Workspace
    from shared.contracts.event import Event
    from shared.contracts.resources import (
        CompanyChanged,
        ContactChanged,
        ConversationChanged,
        ConversationPartChanged,
    )

_MARKUP = re.compile(r"<[^>]*>")
Record = dict[str, Any]


def records_of(workspace: Workspace, resource: str) -> dict[str, Record]:
    """Return the workspace's own records by id."""
    rows = (orjson.loads(line) for line in truth_lines(workspace, resource))
    return {str(row["id"]): row for row in rows}


def compacted(records: Iterable[tuple[str, Event | None]]) -> dict[str, Event]:
    """Return what a new subscriber finds: the last record of each key, without tombstones."""
    last = dict(records)
    return {key: event for key, event in last.items() if event is not None}


def followed(records: Iterable[tuple[str, Event | None]]) -> dict[str, Event]:
    """Return what a subscriber holds who read each record as it came, and kept what was observed last."""
    return mirror_of(event for _, event in records if event is not None)


def words(text: str | None) -> list[str]:
    return re.findall(r"\w+", _MARKUP.sub(" ", text or ""))


class Truth:
    """One look at a workspace; `home` is what the keys of all its resources begin with."""

    def __init__(self, workspace: Workspace, organization_id: str) -> None:
        self.home = f"{organization_id}/{workspace.id_code}"
        self.admins = records_of(workspace, "admins")
        self.teams = records_of(workspace, "teams")
        self.tags = records_of(workspace, "tags")
        self.companies = {
            id_: row for id_, row in records_of(workspace, "companies").items() if not row["archived"]
        }
        self.contacts = {
            id_: row
            for id_, row in records_of(workspace, "contacts").items()
            if not row["archived"] and row["merged_into"] is None
        }
        self.conversations = records_of(workspace, "conversations")

    def parts(self, id_: str) -> dict[str, Record]:
        """Return the parts of a conversation by the ids they have on the bus."""
        row = self.conversations[id_]
        found = {str(part["id"]): part for part in row["conversation_parts"]["conversation_parts"]}
        found[f"source-{id_}"] = {**row["source"], "part_type": "source"}
        return found

    def of_company(self, id_: str, event: CompanyChanged) -> dict[str, tuple[Any, Any]]:
        row = self.companies[id_]
        return {
            "name": (row["name"], event.name),
            "company_id": (row["company_id"], event.company_id),
            "plan": (row["plan"].get("name"), event.plan),
            "monthly_spend": (row["monthly_spend"], event.monthly_spend),
            "user_count": (row["user_count"], event.user_count),
            "tags": (
                {tag["id"] for tag in row["tags"]["tags"]},
                {tag for tag in event.tag_ids if tag in self.tags},
            ),
        }

    def of_contact(self, id_: str, event: ContactChanged) -> dict[str, tuple[Any, Any]]:
        row = self.contacts[id_]
        return {
            "name": (row["name"], event.name),
            "email": (row["email"], event.email),
            "role": (row["role"], event.role),
            "updated_at": (row["updated_at"], _seconds(event.updated_at)),
            "tags": (
                {tag for tag in row["tag_ids"] if tag in self.tags},
                {tag for tag in event.tag_ids if tag in self.tags},
            ),
            "companies": (
                {each for each in row["company_ids"] if each in self.companies},
                {each for each in event.company_ids if each in self.companies},
            ),
        }

    def of_conversation(self, id_: str, event: ConversationChanged) -> dict[str, tuple[Any, Any]]:
        row = self.conversations[id_]
        rating = row["conversation_rating"] or {}
        return {
            "state": (row["state"], event.state),
            "updated_at": (row["updated_at"], _seconds(event.updated_at)),
            "title": (row["title"] or row["source"]["subject"] or None, event.title),
            "priority": (row["priority"], event.priority),
            "contacts": (
                {contact["id"] for contact in row["contacts"]["contacts"]},
                set(event.contact_ids),
            ),
            "company": ((row["company"] or {}).get("id"), event.company_id),
            "tags": (
                {tag["id"] for tag in row["tags"]["tags"]},
                {tag for tag in event.tag_ids if tag in self.tags},
            ),
            "admin": (str(row["admin_assignee_id"] or ""), event.admin_assignee_id or ""),
            "team": (str(row["team_assignee_id"] or ""), event.team_assignee_id or ""),
            "snoozed": (row["snoozed_until"], _seconds(event.snoozed_until)),
            "rating": (rating.get("rating"), event.rating.rating if event.rating else None),
        }


def _seconds(moment: Any) -> int | None:
    return None if moment is None else int(moment.timestamp())


def part_differences(wanted: Record, held: ConversationPartChanged) -> list[str]:
    """Return what a part says otherwise than the workspace does."""
    found = []
    if held.redacted != bool(wanted["redacted"]):
        found.append("is redacted in one of the two only")
    if words(wanted["body"]) != words(held.text):
        found.append(f"says {held.text[:40]!r}, not {wanted['body']!r:.60}")
    if str(wanted["author"]["id"]) != (held.author.id or "0"):
        found.append("has another author")
    return found
