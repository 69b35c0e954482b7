"""Every call the syncer can make: a closed list of reads. What is not here cannot be expressed.

Three of Intercom's reads are spelled POST (two searches and a list, FACTS §5); everything else is GET.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal

from services.syncer.errors import ResourceMissingError

if TYPE_CHECKING:
    from collections.abc import Mapping

_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
"""Ids become part of a path, so nothing that means something in a path may be in one."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One read: how it is spelled, and what a real answer holds.

    Attributes:
        expects: names in the answer, each with the type of what is there. An empty 200 has happened (FACTS
            §3), and of a list, anything else than a list would look like one without rows.
    """

    method: Literal["GET", "POST"]
    path: str
    expects: tuple[tuple[str, type], ...] = ()


class Read(Enum):
    """The reads there are."""

    ME = Endpoint("GET", "/me", (("app", dict),))
    ADMINS = Endpoint("GET", "/admins", (("admins", list),))
    TEAMS = Endpoint("GET", "/teams", (("teams", list),))
    TAGS = Endpoint("GET", "/tags", (("data", list),))
    CONTACTS = Endpoint("GET", "/contacts", (("data", list),))
    CONTACT = Endpoint("GET", "/contacts/{id}", (("id", object),))
    CONTACT_COMPANIES = Endpoint("GET", "/contacts/{id}/companies")
    CONTACT_TAGS = Endpoint("GET", "/contacts/{id}/tags", (("data", list),))
    CONTACT_SEARCH = Endpoint("POST", "/contacts/search", (("data", list),))
    COMPANY = Endpoint("GET", "/companies/{id}", (("id", object),))
    COMPANY_SCROLL = Endpoint("GET", "/companies/scroll", (("data", list),))
    COMPANY_LIST = Endpoint("POST", "/companies/list", (("data", list),))
    CONVERSATION = Endpoint("GET", "/conversations/{id}", (("id", object), ("conversation_parts", dict)))
    CONVERSATION_SEARCH = Endpoint("POST", "/conversations/search", (("conversations", list),))
    CONVERSATIONS_DELETED = Endpoint("GET", "/conversations/deleted", (("conversations", list),))


@dataclass(frozen=True, slots=True)
class Call:
    """One read with its arguments.

    Raises:
        ResourceMissingError: the id cannot be one of Intercom's, so there is nothing under it.
    """

    read: Read
    id: str | None = None
    query: Mapping[str, str | int] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if "{id}" in self.read.value.path and not _ID.fullmatch(self.id or ""):
            raise ResourceMissingError(f"{(self.id or '')[:40]!r} is no id that Intercom gives.")

    @property
    def method(self) -> str:
        return self.read.value.method

    @property
    def path(self) -> str:
        return self.read.value.path.replace("{id}", self.id or "")


_ALLOWED = tuple(
    (read.value.method, re.compile(read.value.path.replace("{id}", _ID.pattern))) for read in Read
)


def is_read(method: str, path: str) -> bool:
    """Tell whether a request is on the list; the last gate before the network asks this again."""
    return any(method == allowed and pattern.fullmatch(path) for allowed, pattern in _ALLOWED)
