"""Whether a reader has everything: what it delivered, held against the simulated workspace's own records."""

from __future__ import annotations

import hashlib
import html
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator

_TAG = re.compile(r"<[^>]*>")
_SPACE = re.compile(r"\s+")


def words(body: str | None) -> str:
    """Return a fingerprint of a message's words, whether it was told as HTML or as text."""
    bare = _SPACE.sub(" ", html.unescape(_TAG.sub(" ", body or ""))).strip()
    return hashlib.blake2b(bare.encode(), digest_size=8).hexdigest()


@dataclass(slots=True)
class Mirror:
    """What is known of a workspace: changed-at of each conversation, words of each part, other ids."""

    conversations: dict[str, int] = field(default_factory=dict)
    parts: dict[str, dict[str, str]] = field(default_factory=dict)
    contacts: set[str] = field(default_factory=set)
    companies: set[str] = field(default_factory=set)

    def part(self, conversation_id: str, part_id: str, body: str | None) -> None:
        self.parts.setdefault(conversation_id, {})[part_id] = words(body)


@dataclass(frozen=True, slots=True)
class Missing:
    """How much of the truth a mirror lacks or has wrong."""

    conversations: int
    parts: int
    contacts: int
    companies: int

    def __str__(self) -> str:
        amounts = (
            (self.conversations, "conversations"),
            (self.parts, "parts"),
            (self.contacts, "contacts"),
            (self.companies, "companies"),
        )
        return ", ".join(f"{amount} {what} missing" for amount, what in amounts if amount) or "complete"


def truth(url: str) -> Mirror:
    """Return the workspace as it is, from the simulator's control API."""
    found = Mirror()
    for row in _rows(url, "conversations"):
        found.conversations[row["id"]] = row["updated_at"]
        for part in row["conversation_parts"]["conversation_parts"]:
            found.part(row["id"], str(part["id"]), part["body"])
    found.contacts = {row["id"] for row in _rows(url, "contacts")}
    found.companies = {row["id"] for row in _rows(url, "companies")}
    return found


def missing(held: Mirror, real: Mirror) -> Missing:
    return Missing(
        conversations=sum(
            held.conversations.get(id_) != changed for id_, changed in real.conversations.items()
        ),
        parts=sum(
            held.parts.get(id_, {}).get(part) != said
            for id_, parts in real.parts.items()
            for part, said in parts.items()
        ),
        contacts=len(real.contacts - held.contacts),
        companies=len(real.companies - held.companies),
    )


def _rows(url: str, resource: str) -> Iterator[dict[str, Any]]:
    with httpx.stream("GET", f"{url}/_control/truth/{resource}", timeout=120) as answer:
        for line in answer.iter_lines():
            if line:
                yield orjson.loads(line)
