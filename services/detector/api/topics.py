"""Topics for machines: the tags of the workspaces, with how much carries each."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from services.detector.api.route import DetectorRoute
from services.detector.lists import TopicSort
from shared.auth.dependencies import Member
from shared.http.paging import CursorText, Instant, Page, PageSize, decode_cursor, encode_cursor

if TYPE_CHECKING:
    from services.detector.lists import TopicRow, Topics

_EXAMPLE: dict[str, Any] = {
    "tag": "Billing",
    "conversations": 41,
    "customers": 17,
    "signals": 5,
    "last_at": "2026-03-02T09:12:00Z",
}


class TopicOut(BaseModel):
    """A tag by its present name; with a period, counts are of what moved or was said in it.

    `conversations` bear the tag themselves, and `customers` had them. Open `signals` bear it through their
    conversation, its people or their company. The same name in two workspaces is one topic.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    tag: str = Field(description="The tag's present name.")
    conversations: int = Field(description="Conversations that bear the tag themselves.")
    customers: int = Field(description="Customers who had these conversations.")
    signals: int = Field(description="Open signals that bear it.")
    last_at: datetime | None = Field(description="When the newest such conversation moved; null without any.")

    @classmethod
    def of(cls, row: TopicRow) -> TopicOut:
        return cls(
            tag=row.tag,
            conversations=row.conversations,
            customers=row.customers,
            signals=row.signals,
            last_at=row.last_at,
        )


def topic_routes(*, topics: Topics) -> APIRouter:
    """Return the route /api/v1/topics."""
    router = APIRouter(prefix="/api/v1/topics", tags=["topics"], route_class=DetectorRoute)

    @router.get("")
    async def list_topics(
        identity: Member,
        since: Annotated[Instant | None, Query(description="From this moment on.")] = None,
        until: Annotated[Instant | None, Query(description="Before this moment.")] = None,
        sort: Annotated[TopicSort, Query(description="What comes first; with a minus, the most.")] = "name",
        limit: PageSize = 50,
        cursor: CursorText = None,
    ) -> Page[TopicOut]:
        """List topics; each is a value for `tag` in every other list."""
        found = await topics.topics(
            identity.organization_id,
            sort=sort,
            since=since,
            until=until,
            position=decode_cursor(cursor),
            limit=limit,
        )
        return Page(
            items=[TopicOut.of(row) for row in found.items],
            next_cursor=encode_cursor(found.next) if found.next else None,
            count=await topics.count(identity.organization_id),
        )

    return router
