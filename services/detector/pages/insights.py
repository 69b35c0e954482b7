"""Insights: what happened that I must know?"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from sse_starlette import ServerSentEvent
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse

from services.detector.api.route import DetectorRoute
from services.detector.lists import Narrowing
from services.detector.pages.asked_signals import Asked
from services.detector.pages.cards import card_of
from services.detector.pages.export import SIGNAL_HEADING, in_portions, signal_row
from services.detector.pages.filters import Word, one_of
from shared.auth.dependencies import Member
from shared.http.live_streams import MOST_NEWS, Since
from shared.http.paging import CursorText, decode_cursor, encode_cursor
from shared.web.csv_files import csv_response

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from services.detector.domain.mirror import ConnectionView
    from services.detector.lists import Lists, SignalFilter, SignalSort
    from services.detector.pages.asked_signals import AskedSignals
    from services.detector.pages.live import LiveFeed
    from services.detector.pages.under_way import UnderWay
    from services.detector.ports import Connections
    from services.detector.use_cases.redetect import Redetect
    from shared.clock import Clock
    from shared.http.live_streams import LiveStreams
    from shared.web.pages import Pages

CARDS = 30
_SORTS = (("confidence", "surest first"), ("spend", "most spend first"))
_INTEGRATION = "/settings/organization/integrations/intercom"


@dataclass(frozen=True, slots=True)
class Emptiness:
    """Why a list is empty, and the next step."""

    title: str
    why: str
    next_label: str | None = None
    next_url: str | None = None
    also_label: str | None = None
    also_url: str | None = None


@dataclass(frozen=True)
class InsightParts:
    """What the insight pages stand on."""

    pages: Pages
    lists: Lists
    connections: Connections
    under_way: UnderWay
    redetect: Redetect
    live: LiveFeed
    streams: LiveStreams
    clock: Clock


def insight_pages(parts: InsightParts) -> APIRouter:
    """Return the routes of /insights."""
    router = APIRouter(include_in_schema=False, route_class=DetectorRoute)
    pages, lists = parts.pages, parts.lists

    @router.get("/")
    @router.get("/insights")
    async def insights(
        request: Request,
        identity: Member,
        asked: Asked,
        sort: Word = "",
        cursor: CursorText = None,
    ) -> HTMLResponse:
        drawn_at = parts.clock.now()
        wanted = asked.wanted(drawn_at)
        organization = identity.organization_id
        portion = await lists.signals(
            organization, wanted, sort=_order(sort), position=decode_cursor(cursor), limit=CARDS
        )
        views = await parts.connections.all_of(organization)
        work = await parts.under_way.of(organization)
        return pages.render(
            request,
            "insights.html",
            identity=identity,
            live_url=f"/insights/events?{request.url.query}",
            drawn_at=drawn_at,
            cards=[card_of(signal) for signal in portion.items],
            count=await lists.count_signals(organization, wanted),
            next_cursor=encode_cursor(portion.next) if portion.next else None,
            filters=[
                *asked.choices(await lists.signal_choices(organization), identity),
                one_of("sort", "Sort", sort, _SORTS, "newest first"),
            ],
            unconnected=not (portion.items or asked.narrows or any(not view.is_removed for view in views)),
            empty=None
            if portion.items
            else await _emptiness(parts, organization, views, asked, reading=bool(work.rereads)),
            deaf=[view for view in views if view.state in {"needs_attention", "disconnected"}],
            lifecycle_off=[view for view in views if _is_silent(view)],
            newer_detectors=await parts.redetect.waits_for_decision(organization),
            work=work,
            csv_url=f"/insights/export.csv?{request.url.query}",
        )

    @router.get("/insights/export.csv")
    async def export(identity: Member, asked: Asked, sort: Word = "") -> StreamingResponse:
        wanted = asked.wanted(parts.clock.now())
        ask = partial(lists.signals, identity.organization_id, wanted, sort=_order(sort))
        return csv_response(
            "insights.csv", SIGNAL_HEADING, in_portions(ask, partial(signal_row, currency=pages.currency))
        )

    _add_live(router, parts)
    return router


def _add_live(router: APIRouter, parts: InsightParts) -> None:
    @router.get("/insights/events")
    async def events(identity: Member, asked: Asked) -> Response:
        def wanted() -> SignalFilter:
            # Computed for each signal, since a period moves on while a page stays open.
            return asked.wanted(parts.clock.now())

        async def stream() -> AsyncGenerator[ServerSentEvent]:
            async with aclosing(parts.live.watch(identity.organization_id, wanted)) as news:
                async for line in news:
                    yield ServerSentEvent(event="signal", data=line)

        return parts.streams.open(identity, stream())

    @router.get("/insights/new")
    async def new(identity: Member, asked: Asked, since: Since) -> Response:
        count = await parts.lists.count_opened(
            identity.organization_id, asked.wanted(parts.clock.now()), since=since, at_most=MOST_NEWS
        )
        return PlainTextResponse(str(count), headers={"Cache-Control": "no-store"})


def _order(sort: str) -> SignalSort:
    return "confidence" if sort == "confidence" else "spend" if sort == "spend" else "newest"


def _is_silent(view: ConnectionView) -> bool:
    return view.state not in {"removed", "connecting"} and not view.lifecycle_events


async def _emptiness(
    parts: InsightParts,
    organization_id: str,
    views: Sequence[ConnectionView],
    asked: AskedSignals,
    *,
    reading: bool,
) -> Emptiness:
    living = [view for view in views if not view.is_removed]
    if asked.narrows:
        # The reader may have come for a tag whose conversations have no signal at all.
        quiet = asked.tag and await parts.lists.has_conversations(organization_id, Narrowing(tag=asked.tag))
        return Emptiness(
            "Nothing matches these filters",
            "Take one away, or look further back.",
            "Clear filters",
            "/insights",
            "Conversations with this tag" if quiet else None,
            f"/conversations?{urlencode({'tag': asked.tag})}" if quiet else None,
        )
    if not living:
        return Emptiness(
            "No workspace is connected yet",
            "Earshot listens to your Intercom workspace: connect it, and signals appear while it is read.",
            "Connect Intercom",
            "/settings/organization/integrations",
        )
    if not await parts.lists.has_conversations(organization_id):
        return Emptiness(
            "No conversation has arrived yet",
            "The workspace is connected; its conversations appear here as they are read.",
            "See how far reading is",
            _INTEGRATION,
        )
    if all(_is_silent(view) for view in living):
        return Emptiness(
            "Lifecycle events are off for this connection",
            "Renewals, upsells, expansions, onboarding and churn risk are looked for once they are on.",
            "Turn them on",
            _INTEGRATION,
        )
    if reading:
        return Emptiness(
            "Nothing to tell so far",
            "Past conversations are still being read again; what is found in them appears here.",
        )
    return Emptiness(
        "Nothing to tell right now",
        "Every conversation was read, and none of them holds a sign that is sure enough.",
    )
