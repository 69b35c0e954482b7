"""Names and ids: mirror keys, and ids that are the same whenever the same fact is reported again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

_ID_LENGTH = 20
"""Hex digits kept of a SHA-256: 80 bits. One organization never has enough things for two to meet."""

SubjectKind = Literal["customer", "person", "conversation"]


def resource_key(workspace_id: str, resource_id: str) -> str:
    """Return the key of a resource. Intercom's ids repeat across workspaces, so the workspace comes first."""
    return f"{workspace_id}:{resource_id}"


def workspace_of(key: str) -> str:
    """Return the workspace that a resource key belongs to."""
    return key.partition(":")[0]


def as_address(text: str) -> str:
    """Return an e-mail address as it is stored and compared: trimmed and in lower case."""
    return text.strip().casefold()


def stable_id(prefix: str, *parts: str) -> str:
    """Return an id that depends on nothing but its parts; the prefix tells people what it names."""
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return f"{prefix}{digest[:_ID_LENGTH]}"


def known_customer_id(organization_id: str, external_id: str) -> str:
    """Return the id of a customer that the organization named itself."""
    return stable_id("c", organization_id, external_id)


def provisional_customer_id(organization_id: str, company_key: str) -> str:
    """Return the id of the stand-in for a company that matches no known customer."""
    return stable_id("p", organization_id, company_key)


def to_milliseconds(moment: datetime) -> datetime:
    """Truncate a moment to what the database stores, so that a stored value equals the computed one."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a signal is about: a customer, else the person who wrote, else the conversation alone."""

    kind: SubjectKind
    id: str

    @property
    def key(self) -> str:
        return f"{self.kind}/{self.id}"

    @classmethod
    def from_key(cls, key: str) -> Subject:
        """Read back what `key` wrote. Raises ValueError on anything else."""
        kind, _, identifier = key.partition("/")
        if kind == "customer":
            return cls("customer", identifier)
        if kind == "person":
            return cls("person", identifier)
        if kind == "conversation":
            return cls("conversation", identifier)
        raise ValueError(f"{key!r} names no subject")

    @property
    def customer_id(self) -> str | None:
        return self.id if self.kind == "customer" else None
