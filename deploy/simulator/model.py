"""What an Intercom workspace is made of, as immutable records, and the workspace that holds them.

Nothing here knows HTTP, JSON shapes or the clock: `representations` turns records into answers,
`mutations` is the only place that changes a workspace, and every `now` is passed in (Unix seconds).

Two functions of `deploy.simulator.demo` are built against this module:

    build_demo_workspace(seed: int, now: int) -> Workspace
        The same arguments always give the same workspace (same ids, same words). `now` is the moment the
        workspace was first started; nothing in it lies after `now`.

    next_happening(workspace: Workspace, rng: random.Random, now: int) -> Mutation | None
        What happens next in a living workspace; None when nothing does this time. It only chooses: the
        caller applies it with `mutations.apply(workspace, mutation, now)` and journals it, so that the same
        workspace can be rebuilt after a restart.

A story is told by calling the functions of `mutations` with the `now` of each step (oldest first), or by
putting records in directly: `workspace.contacts.put(Contact(...))`,
`workspace.add_conversation(conversation, parts)`. Ids come from `workspace.new_id(kind)`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from deploy.simulator.collection import Collection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Scalar = str | int | float | bool | None
Attributes = dict[str, Scalar]
State = Literal["open", "closed", "snoozed"]
Priority = Literal["none", "low", "medium", "high", "urgent"]
Role = Literal["user", "lead"]
Kind = Literal["admin", "team", "tag", "segment", "contact", "company", "conversation"]

#: Where numeric ids start: each kind in a range of its own, so that a reader of a log sees what an id is.
FIRST_IDS: dict[str, int] = {
    "admin": 814_000,
    "team": 5_017_000,
    "tag": 9_300_000,
    "conversation": 215_470_000_000,
    "part": 30_000_000_000,
    "source": 2_700_000_000,
    "notification": 1,
}


@dataclass(frozen=True, slots=True)
class Person:
    """Who wrote or did something: `type` is user, lead, admin, bot or team."""

    type: str
    id: str
    name: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Admin:
    id: str
    name: str
    email: str
    job_title: str = ""
    role: str = "member"
    has_inbox_seat: bool = True
    away_mode_enabled: bool = False
    away_mode_reassign: bool = False
    team_ids: tuple[str, ...] = ()
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class Team:
    id: str
    name: str
    admin_ids: tuple[str, ...] = ()
    distribution_method: str | None = "round_robin"


@dataclass(frozen=True, slots=True)
class Tag:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class AppliedTag:
    """A tag on a conversation; `by` is the admin's id."""

    tag_id: str
    at: int
    by: str


@dataclass(frozen=True, slots=True)
class Segment:
    id: str
    name: str
    created_at: int
    updated_at: int
    person_type: Literal["user", "contact"] = "user"


@dataclass(frozen=True, slots=True)
class DataAttribute:
    """A standard or custom attribute of contacts, companies or conversations."""

    name: str
    model: Literal["contact", "company", "conversation"]
    data_type: Literal["string", "integer", "float", "boolean", "date"] = "string"
    label: str = ""
    custom: bool = True


@dataclass(frozen=True, slots=True)
class Company:
    """`id` is Intercom's (24 hex), `company_id` the customer's own. `archived` is what a deletion leaves."""

    id: str
    company_id: str
    name: str
    created_at: int
    updated_at: int
    remote_created_at: int | None = None
    last_request_at: int | None = None
    monthly_spend: int | None = None
    session_count: int = 0
    user_count: int = 0
    size: int | None = None
    website: str | None = None
    industry: str | None = None
    plan: str | None = None
    tag_ids: tuple[str, ...] = ()
    segment_ids: tuple[str, ...] = ()
    custom_attributes: Attributes = field(default_factory=dict)
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Contact:
    """A user or lead. Archived and merged contacts stay here; a deleted one is gone."""

    id: str
    role: Role
    created_at: int
    updated_at: int
    external_id: str | None = None
    email: str | None = None
    phone: str | None = None
    name: str | None = None
    owner_id: str | None = None
    signed_up_at: int | None = None
    last_seen_at: int | None = None
    last_replied_at: int | None = None
    last_contacted_at: int | None = None
    city: str | None = None
    country: str | None = None
    browser: str | None = None
    os: str | None = None
    language: str | None = None
    unsubscribed_from_emails: bool = False
    tag_ids: tuple[str, ...] = ()
    company_ids: tuple[str, ...] = ()
    segment_ids: tuple[str, ...] = ()
    custom_attributes: Attributes = field(default_factory=dict)
    archived: bool = False
    merged_into: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One entry of a conversation's history. `part_type` is an open set (FACTS §7); `body` is HTML."""

    id: str
    part_type: str
    author: Person
    created_at: int
    updated_at: int
    body: str | None = None
    assigned_to: Person | None = None
    state: State = "open"
    redacted: bool = False
    tags: tuple[AppliedTag, ...] = ()
    event_details: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """The opening message: it is here and never among the parts (FACTS §7)."""

    id: str
    author: Person
    body: str
    subject: str = ""
    type: str = "conversation"
    delivered_as: str = "customer_initiated"
    url: str | None = None
    redacted: bool = False


@dataclass(frozen=True, slots=True)
class Statistics:
    """The facts from which a conversation's `statistics` are computed; times are Unix seconds."""

    count_parts: int = 0
    count_reopens: int = 0
    count_assignments: int = 0
    first_contact_reply_at: int | None = None
    first_admin_reply_at: int | None = None
    first_assignment_at: int | None = None
    first_close_at: int | None = None
    last_contact_reply_at: int | None = None
    last_admin_reply_at: int | None = None
    last_assignment_at: int | None = None
    last_close_at: int | None = None
    last_closed_by_id: str | None = None


@dataclass(frozen=True, slots=True)
class Rating:
    rating: int
    created_at: int
    contact_id: str
    teammate_id: str | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation without its parts, which `Workspace.parts` holds. Priority words are those of 2.16."""

    id: str
    created_at: int
    updated_at: int
    source: Source
    contact_ids: tuple[str, ...]
    title: str | None = None
    state: State = "open"
    read: bool = False
    waiting_since: int | None = None
    snoozed_until: int | None = None
    priority: Priority = "none"
    admin_assignee_id: str | None = None
    team_assignee_id: str | None = None
    company_id: str | None = None
    teammate_ids: tuple[str, ...] = ()
    tags: tuple[AppliedTag, ...] = ()
    rating: Rating | None = None
    statistics: Statistics = Statistics()
    custom_attributes: Attributes = field(default_factory=dict)
    linked_conversation_ids: tuple[str, ...] = ()
    channel: str = "messenger"
    ai_agent_participated: bool = False


@dataclass(frozen=True, slots=True)
class Deletion:
    """A row of the deleted-conversations list."""

    id: str
    deleted_at: int
    metrics_retained: bool = True


@dataclass(frozen=True, slots=True)
class Merge:
    """A contact that became part of another."""

    source_id: str
    source_role: Role
    into_id: str
    merged_at: int


@dataclass(frozen=True, slots=True)
class Mutation:
    """A change that is asked for: the name of a function in `mutations` and its arguments (JSON only)."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """Something a webhook tells: the topic, the thing it is about, and what that topic adds."""

    topic: str
    kind: str
    id: str
    at: int
    details: Mapping[str, Any] = field(default_factory=dict)


class Workspace:
    """One Intercom workspace: every record, and the log of what was touched since it was last read.

    `parts_of_base(index)` gives the parts of a generated conversation. `touched` is drained by whoever
    keeps search indexes; records are immutable, so an index may keep an old version as a snapshot.
    """

    def __init__(
        self,
        *,
        id_code: str,
        name: str,
        region: Literal["US", "EU", "AU"] = "US",
        timezone: str = "UTC",
        created_at: int = 0,
        contacts: Collection[Contact] | None = None,
        companies: Collection[Company] | None = None,
        conversations: Collection[Conversation] | None = None,
        parts_of_base: Callable[[int], tuple[Part, ...]] | None = None,
        first_ids: Mapping[str, int] | None = None,
    ) -> None:
        self.id_code = id_code
        self.name = name
        self.region = region
        self.timezone = timezone
        self.created_at = created_at
        self.admins: dict[str, Admin] = {}
        self.teams: dict[str, Team] = {}
        self.tags: dict[str, Tag] = {}
        self.segments: dict[str, Segment] = {}
        self.attributes: list[DataAttribute] = []
        self.contacts: Collection[Contact] = Collection() if contacts is None else contacts
        self.companies: Collection[Company] = Collection() if companies is None else companies
        self.conversations: Collection[Conversation] = (
            Collection() if conversations is None else conversations
        )
        self.deleted_conversations: list[Deletion] = []
        self.merges: list[Merge] = []
        self.touched: list[tuple[Kind, str]] = []
        #: What a search needs most of a generated conversation, cheaper than the whole record.
        self.conversation_summary: Callable[[int], Any] | None = None
        self._parts_of_base = parts_of_base
        self._parts: dict[str, tuple[Part, ...]] = {}
        self._next_ids = {**FIRST_IDS, **(first_ids or {})}
        self._next_hex = self._next_ids.pop("hex", 1)

    def parts(self, conversation_id: str) -> tuple[Part, ...]:
        """All parts in order of creation; empty for a conversation that does not exist."""
        kept = self._parts.get(conversation_id)
        if kept is not None:
            return kept
        index = self.conversations.base_index(conversation_id)
        if self._parts_of_base is None or index is None or conversation_id not in self.conversations:
            return ()
        return self._parts_of_base(index)

    def add_conversation(self, conversation: Conversation, parts: tuple[Part, ...] = ()) -> None:
        """Put in a whole conversation as it stands (no webhook, no change to its times)."""
        self._parts[conversation.id] = parts
        self.put_conversation(conversation)

    def put_conversation(self, conversation: Conversation, parts: tuple[Part, ...] | None = None) -> None:
        """Store a new version; `parts` replaces the history when given."""
        if parts is not None:
            self._parts[conversation.id] = parts
        self.conversations.put(conversation)
        self.touched.append(("conversation", conversation.id))

    def remove_conversation(self, conversation_id: str) -> None:
        self._parts.pop(conversation_id, None)
        self.conversations.remove(conversation_id)
        self.touched.append(("conversation", conversation_id))

    def put_contact(self, contact: Contact) -> None:
        self.contacts.put(contact)
        self.touched.append(("contact", contact.id))

    def remove_contact(self, contact_id: str) -> None:
        self.contacts.remove(contact_id)
        self.touched.append(("contact", contact_id))

    def put_company(self, company: Company) -> None:
        self.companies.put(company)
        self.touched.append(("company", company.id))

    def new_id(self, kind: str) -> str:
        """The next id of a kind: numeric for the kinds in FIRST_IDS, 24 hexadecimal digits otherwise."""
        if kind in self._next_ids:
            self._next_ids[kind] += 1
            return str(self._next_ids[kind])
        self._next_hex += 1
        return hex_id(kind, self._next_hex)


#: The first eight hex digits of an id say its kind, so that a human reading a log sees what it is.
HEX_PREFIXES = {"contact": "67f0c0de", "company": "531ee472", "segment": "56203d25"}


def hex_id(kind: str, number: int) -> str:
    """A 24-digit hexadecimal id as contacts and companies have; the same input gives the same id."""
    return f"{HEX_PREFIXES.get(kind, '6000f00d')}{number:016x}"
