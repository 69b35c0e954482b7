"""Topics: what do conversations go by, in the words of the teams' own tags?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, StreamingResponse

from services.detector.api.route import DetectorRoute
from services.detector.pages.connected import present_connections
from services.detector.pages.export import TOPIC_HEADING, in_portions, topic_row
from services.detector.pages.filters import Word, one_of, period_choice, period_start
from shared.auth.dependencies import Member
from shared.http.paging import CursorText, decode_cursor, encode_cursor
from shared.web.csv_files import csv_response

if TYPE_CHECKING:
    from services.detector.lists import TopicRow, Topics, TopicSort
    from services.detector.ports import Connections
    from shared.clock import Clock
    from shared.web.pages import Pages

ROWS = 50
_SORTS: tuple[tuple[TopicSort, str], ...] = (
    ("-name", "name, Z to A"),
    ("-conversations", "most conversations first"),
    ("conversations", "fewest conversations first"),
    ("-last", "newest change first"),
    ("last", "oldest change first"),
)
"""What the list may be sorted by beside its first order."""


@dataclass(frozen=True)
class TopicParts:
    """What the page of topics stands on."""

    pages: Pages
    topics: Topics
    connections: Connections
    clock: Clock


def topic_sort(wanted: str) -> TopicSort:
    """Return a known order; anything else means by name."""
    return next((known for known, _ in _SORTS if known == wanted), "name")


def topic_pages(parts: TopicParts) -> APIRouter:
    """Return the routes of /topics."""
    router = APIRouter(include_in_schema=False, route_class=DetectorRoute)

    @router.get("/topics")
    async def topics(
        request: Request, identity: Member, period: Word = "", sort: Word = "", cursor: CursorText = None
    ) -> HTMLResponse:
        organization = identity.organization_id
        found = await parts.topics.topics(
            organization,
            sort=topic_sort(sort),
            since=period_start(period, parts.clock.now()),
            until=None,
            position=decode_cursor(cursor),
            limit=ROWS,
        )
        return parts.pages.render(
            request,
            "topics.html",
            identity=identity,
            rows=[(row, addresses_of(row, period)) for row in found.items],
            count=await parts.topics.count(organization),
            next_cursor=encode_cursor(found.next) if found.next else None,
            sort=topic_sort(sort),
            filters=[period_choice(period), one_of("sort", "Sort", sort, _SORTS, "name, A to Z")],
            connected=bool(await present_connections(parts.connections, organization)),
            csv_url=f"/topics/export.csv?{request.url.query}",
        )

    @router.get("/topics/export.csv")
    async def export(identity: Member, period: Word = "", sort: Word = "") -> StreamingResponse:
        since = period_start(period, parts.clock.now())

        ask = partial(
            parts.topics.topics, identity.organization_id, sort=topic_sort(sort), since=since, until=None
        )
        return csv_response("topics.csv", TOPIC_HEADING, in_portions(ask, topic_row))

    return router


def addresses_of(row: TopicRow, period: str) -> dict[str, str]:
    """Return where a topic's numbers lead: to the lists that they count, of the same period if they can."""
    whole = urlencode({"tag": row.tag})
    within = urlencode({"tag": row.tag, "period": period}) if period else whole
    return {
        "conversations": f"/conversations?{within}",
        "customers": f"/customers?{whole}",
        "signals": f"/insights?{within}",
    }
