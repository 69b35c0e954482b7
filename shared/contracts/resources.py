"""Resources as the syncer read them: normalised once, so that no reader parses Intercom's bodies again.

The identity of a resource is (organization, workspace id, type, id): Intercom's ids repeat across workspaces
(FACTS §1), and two organizations may have connected one workspace, each with a mirror of its own.
`version` is a hash of the content; it changes when anything a reader can see changes.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.contracts.event import Event, Identifier, LongText, Moment, Record, ShortText
from shared.contracts.topics import (
    RESOURCES_ADMINS,
    RESOURCES_COMPANIES,
    RESOURCES_CONTACTS,
    RESOURCES_CONVERSATIONS,
    RESOURCES_TAGS,
    RESOURCES_TEAMS,
    Topic,
)

Scalar = str | int | float | bool | None
Attributes = Annotated[dict[str, Scalar], Field(max_length=500)]
"""Custom attributes: flat, as Intercom keeps them; nested values are dropped by the syncer."""


def record_key(organization_id: str, workspace_id: str, resource: str, *ids: str) -> str:
    """Return the Kafka key of a resource, as "organization/workspace/type/id".

    A part has its conversation's id before its own. A slash within one of them is written "%2F", so that no
    organization can take a name under which another one's things are kept.
    """
    segments = (organization_id, workspace_id, resource, *ids)
    key = "/".join(segments)
    # Hardly any id holds either sign, and each event's key is asked for several times.
    if key.count("/") == len(segments) - 1 and "%" not in key:
        return key
    return "/".join(map(_segment, segments))


def _segment(text: str) -> str:
    return text if "/" not in text and "%" not in text else text.replace("%", "%25").replace("/", "%2F")


class ResourceEvent(Event):
    """What all resource events share."""

    RESOURCE: ClassVar[str]

    connection_id: Identifier
    workspace_id: Identifier
    id: Identifier
    version: Identifier
    observed_at: Moment = Field(description="When the syncer read it; not part of the version.")

    def key(self) -> str:
        return record_key(self.organization_id, self.workspace_id, self.RESOURCE, self.id)

    def fact(self) -> str:
        # With the connection: what is read again after its data was removed is told anew.
        return f"{self.connection_id}\n{self.key()}\n{self.version}"


class AdminChanged(ResourceEvent):
    """A teammate of the workspace as it is now."""

    TYPE: ClassVar[str] = "earshot.admin.changed.v1"
    TOPIC: ClassVar[Topic] = RESOURCES_ADMINS
    RESOURCE: ClassVar[str] = "admin"

    name: ShortText
    email: ShortText | None = None
    job_title: ShortText | None = None
    has_inbox_seat: bool = False
    away: bool = False
    team_ids: tuple[Identifier, ...] = ()

    def partition_key(self) -> str:
        return self.workspace_id


class TeamChanged(ResourceEvent):
    """A team of the workspace as it is now."""

    TYPE: ClassVar[str] = "earshot.team.changed.v1"
    TOPIC: ClassVar[Topic] = RESOURCES_TEAMS
    RESOURCE: ClassVar[str] = "team"

    name: ShortText
    admin_ids: tuple[Identifier, ...] = ()

    def partition_key(self) -> str:
        return self.workspace_id


class TagChanged(ResourceEvent):
    """A tag of the workspace as it is now."""

    TYPE: ClassVar[str] = "earshot.tag.changed.v1"
    TOPIC: ClassVar[Topic] = RESOURCES_TAGS
    RESOURCE: ClassVar[str] = "tag"

    name: ShortText

    def partition_key(self) -> str:
        return self.workspace_id


class CompanyChanged(ResourceEvent):
    """A company as it is now, with its plan, spend and attributes."""

    TYPE: ClassVar[str] = "earshot.company.changed.v1"
    TOPIC: ClassVar[Topic] = RESOURCES_COMPANIES
    RESOURCE: ClassVar[str] = "company"

    company_id: ShortText | None = Field(default=None, description="The organization's own id for it.")
    name: ShortText | None = None
    plan: ShortText | None = None
    monthly_spend: float | None = None
    user_count: int | None = None
    session_count: int | None = None
    size: int | None = None
    website: ShortText | None = None
    industry: ShortText | None = None
    tag_ids: tuple[Identifier, ...] = ()
    created_at: Moment | None = None
    remote_created_at: Moment | None = None
    updated_at: Moment | None = None
    last_request_at: Moment | None = None
    custom_attributes: Attributes = Field(default_factory=dict)


class ContactChanged(ResourceEvent):
    """A user or lead as it is now, with its companies and tags."""

    TYPE: ClassVar[str] = "earshot.contact.changed.v1"
    TOPIC: ClassVar[Topic] = RESOURCES_CONTACTS
    RESOURCE: ClassVar[str] = "contact"

    role: ShortText = "user"
    external_id: ShortText | None = None
    name: ShortText | None = None
    email: ShortText | None = None
    phone: ShortText | None = None
    owner_id: Identifier | None = None
    company_ids: tuple[Identifier, ...] = Field(default=(), description="Intercom ids of its companies.")
    tag_ids: tuple[Identifier, ...] = ()
    created_at: Moment | None = None
    updated_at: Moment | None = None
    signed_up_at: Moment | None = None
    last_seen_at: Moment | None = None
    last_replied_at: Moment | None = None
    last_contacted_at: Moment | None = None
    custom_attributes: Attributes = Field(default_factory=dict)


class Author(Record):
    """Who wrote a part. Types are Intercom's: user, lead, admin, bot, team; others may appear."""

    type: ShortText
    id: Identifier | None = None
    name: ShortText | None = None
    email: ShortText | None = None
    from_ai_agent: bool = False


class Attachment(Record):
    name: ShortText | None = None
    content_type: ShortText | None = None
    url: Annotated[str, Field(max_length=8_192)] | None = None


class ConversationPartChanged(ResourceEvent):
    """One message or happening in a conversation.

    The opening message, which Intercom keeps in `source` only (FACTS §7), is the part whose id is
    `source-<conversation id>` and whose type is "source".
    """

    TYPE: ClassVar[str] = "earshot.conversation-part.changed.v1"
    TOPIC: ClassVar[Topic] = RESOURCES_CONVERSATIONS
    RESOURCE: ClassVar[str] = "conversation_part"

    conversation_id: Identifier
    part_type: ShortText
    author: Author
    text: LongText = Field(default="", description="Plain text; offsets in evidence count its characters.")
    text_truncated: bool = False
    internal: bool = Field(default=False, description="A note that customers never see.")
    redacted: bool = False
    attachments: tuple[Attachment, ...] = ()
    created_at: Moment
    updated_at: Moment | None = None

    def key(self) -> str:
        # Part ids are unique in a workspace only together with their conversation as far as anyone knows.
        return record_key(
            self.organization_id, self.workspace_id, self.RESOURCE, self.conversation_id, self.id
        )

    def partition_key(self) -> str:
        return f"{self.workspace_id}/{self.conversation_id}"


class Rating(Record):
    rating: int = Field(ge=1, le=5)
    remark: ShortText | None = None
    created_at: Moment | None = None


class ConversationChanged(ResourceEvent):
    """A conversation's own record, sent after all of its changed parts.

    A reader holds the whole when it has `part_count` parts of it at this version.
    """

    TYPE: ClassVar[str] = "earshot.conversation.changed.v1"
    TOPIC: ClassVar[Topic] = RESOURCES_CONVERSATIONS
    RESOURCE: ClassVar[str] = "conversation"

    title: ShortText | None = None
    state: ShortText = "open"
    open: bool = True
    priority: ShortText | None = None
    channel: ShortText | None = None
    delivered_as: ShortText | None = None
    contact_ids: tuple[Identifier, ...] = ()
    company_id: Identifier | None = Field(default=None, description="Intercom id of the company, if told.")
    tag_ids: tuple[Identifier, ...] = ()
    admin_assignee_id: Identifier | None = None
    team_assignee_id: Identifier | None = None
    teammate_ids: tuple[Identifier, ...] = ()
    rating: Rating | None = None
    created_at: Moment
    updated_at: Moment
    waiting_since: Moment | None = None
    snoozed_until: Moment | None = None
    url: Annotated[str, Field(max_length=8_192)] | None = Field(
        default=None, description="Where a teammate opens it in Intercom."
    )
    part_count: int = Field(ge=0, description="Parts published for it, the opening message included.")
    source_part_count: int | None = Field(
        default=None, ge=0, description="Intercom's own count; greater than held means older parts were cut."
    )

    def partition_key(self) -> str:
        return f"{self.workspace_id}/{self.id}"


class ResourceDeleted(Event):
    """A resource is gone at the source; a tombstone with the same key follows.

    For a conversation, its parts' tombstones follow too. `successor_id` names what it was merged into.
    """

    TYPE: ClassVar[str] = "earshot.resource.deleted.v1"
    # The topic is that of the resource that went; see `topic_of`.
    TOPIC: ClassVar[Topic] = RESOURCES_CONVERSATIONS

    connection_id: Identifier
    workspace_id: Identifier
    resource: Literal["admin", "team", "tag", "contact", "company", "conversation", "conversation_part"]
    id: Identifier
    conversation_id: Identifier | None = Field(default=None, description="Set for a conversation part.")
    reason: Literal["deleted", "merged", "archived", "absent"]
    successor_id: Identifier | None = None
    observed_at: Moment

    def key(self) -> str:
        ids = (self.conversation_id, self.id) if self.resource == "conversation_part" else (self.id,)
        return record_key(
            self.organization_id,
            self.workspace_id,
            self.resource,
            *(identifier for identifier in ids if identifier is not None),
        )

    def partition_key(self) -> str:
        if self.resource in {"admin", "team", "tag"}:
            return self.workspace_id
        if self.resource == "conversation":
            return f"{self.workspace_id}/{self.id}"
        if self.resource == "conversation_part":
            return f"{self.workspace_id}/{self.conversation_id}"
        return self.key()

    def fact(self) -> str:
        return f"{self.key()}\n{self.reason}\n{self.observed_at.isoformat()}"


_TOPIC_OF_RESOURCE: dict[str, Topic] = {
    "admin": RESOURCES_ADMINS,
    "team": RESOURCES_TEAMS,
    "tag": RESOURCES_TAGS,
    "contact": RESOURCES_CONTACTS,
    "company": RESOURCES_COMPANIES,
    "conversation": RESOURCES_CONVERSATIONS,
    "conversation_part": RESOURCES_CONVERSATIONS,
}


def topic_of(event: Event) -> Topic:
    """Return the topic an event is published on; a deletion goes where its resource lives."""
    if isinstance(event, ResourceDeleted):
        return _TOPIC_OF_RESOURCE[event.resource]
    return event.TOPIC
