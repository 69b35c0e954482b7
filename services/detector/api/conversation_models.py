"""How the API shows people, and conversations with what was said in them.

Fields are added, never renamed or removed, within /api/v1.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

_PERSON_EXAMPLE: dict[str, Any] = {
    "id": "ws1:65f0",
    "name": "Dana Ruiz",
    "email": "dana@northwind.example",
    "role": "user",
    "external_id": "u-311",
    "last_seen_at": "2026-03-02T08:55:00Z",
    "last_contact_at": "2026-03-02T09:12:00Z",
    "conversations": 7,
    "customer_ids": ["c5d1"],
    "mood": -0.31,
    "mood_messages": 18,
}
_CONVERSATION_EXAMPLE: dict[str, Any] = {
    "id": "ws1:215468",
    "title": "Our contract",
    "state": "open",
    "waiting_since": "2026-03-02T10:40:00Z",
    "customer_id": "c5d1",
    "person_ids": ["ws1:65f0"],
    "created_at": "2026-03-02T09:12:00Z",
    "updated_at": "2026-03-02T10:40:00Z",
    "rating": None,
    "parts_held": 2,
    "parts_at_source": 2,
    "mood": -0.42,
    "url": "https://app.intercom.com/a/inbox/ws1/inbox/conversation/215468",
    "messages": [
        {
            "id": "source-215468",
            "author": "customer",
            "author_name": "Dana Ruiz",
            "author_id": "65f0",
            "internal": False,
            "at": "2026-03-02T09:12:00Z",
            "text": "Hi, we won't be renewing once the contract ends in March.",
            "marks": [
                {
                    "kind": "churn_risk",
                    "start": 0,
                    "end": 57,
                    "confidence": 0.94,
                    "detector": "churn_risk 1",
                    "note": "explicit",
                }
            ],
        }
    ],
}


class PersonOut(BaseModel):
    """Somebody on a customer's side; `id` holds the workspace's id and Intercom's."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PERSON_EXAMPLE]})

    id: str = Field(description="The workspace's id and Intercom's, as `workspace:contact`.")
    name: str | None = Field(description="Null if Intercom knows none.")
    email: str | None = Field(description="Null if Intercom knows none.")
    role: str = Field(description="`user` or `lead`, as Intercom tells it.")
    external_id: str | None = Field(
        description="The organization's own id of the person; null if Intercom knows none."
    )
    last_seen_at: datetime | None = Field(description="When they last used the product; null if unknown.")
    last_contact_at: datetime | None = Field(
        description="When they last wrote or were written to, as Intercom tells; null if never."
    )
    conversations: int = Field(
        description="How many conversations they take part in; follows new ones within seconds."
    )
    customer_ids: list[str] = Field(
        default_factory=list, description="The customers they belong to; empty where no company is known."
    )
    mood: float | None = Field(
        default=None,
        description="Decayed mean of their messages' moods, -1 to 1; null without any. Only on the "
        "person's own address.",
    )
    mood_messages: int | None = Field(
        default=None, description="How many messages the mood is of. Only on the person's own address."
    )


class MarkOut(BaseModel):
    """A telling place in a message: `text[start:end]`."""

    kind: str = Field(description="What the words mean.")
    start: int = Field(description="Where they begin, in characters of `text`.")
    end: int = Field(description="Where they end, in characters of `text`; not included.")
    confidence: float = Field(description="0 to 1.")
    detector: str = Field(description="Name and version of what found it.")
    note: str = Field(description="More about it, as the wish or `explicit`; may be empty.")


class MessageOut(BaseModel):
    id: str = Field(description="Intercom's id of the part; `source-…` for the opening message.")
    author: str = Field(description="Which side wrote it: `customer`, `agent` or `bot`.")
    author_name: str | None = Field(description="Null if Intercom tells none.")
    author_id: str | None = Field(description="Intercom's id of the author; null if it tells none.")
    internal: bool = Field(description="A note that customers never see.")
    at: datetime = Field(description="When it was written.")
    text: str = Field(description="Plain text; empty once it is redacted.")
    marks: list[MarkOut] = Field(description="The telling places in it.")


class ConversationOut(BaseModel):
    """A conversation as the mirror holds it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_CONVERSATION_EXAMPLE]})

    id: str = Field(description="The workspace's id and Intercom's, as `workspace:conversation`.")
    title: str | None = Field(description="Null if it has none.")
    state: str = Field(description="`open`, `closed` or `snoozed`, as Intercom tells it.")
    waiting_since: datetime | None = Field(
        default=None,
        description="Since when the customer waits for an answer; null if nobody does, or it is not open.",
    )
    customer_id: str | None = Field(
        description="Whose it is; null where no customer is known, or it was not read yet."
    )
    person_ids: list[str] = Field(description="The people who take part, by id.")
    created_at: datetime = Field(description="When it began.")
    updated_at: datetime = Field(description="When it last moved in Intercom.")
    rating: int | None = Field(description="The customer's mark, 1 (bad) to 5 (good); null without one.")
    parts_held: int = Field(description="Messages and happenings that were read; 0 until it was read.")
    parts_at_source: int | None = Field(
        description="How many Intercom counts, or null where it does not tell; older ones may be cut."
    )
    mood: float | None = Field(description="Decayed mean of its messages' moods, -1 to 1; null without any.")
    url: str | None = Field(description="Where a teammate opens it in Intercom; null if unknown.")
    messages: list[MessageOut] | None = Field(
        default=None, description="Only on the conversation's own address."
    )
