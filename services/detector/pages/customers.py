"""Customers: who needs me; how are they, since when, and why?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, get_args

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from services.detector.api.answers import AnsweringRoute
from services.detector.lists import CustomerSort
from services.detector.pages.cards import card_of
from services.detector.pages.export import CUSTOMER_HEADING, customer_row
from services.detector.pages.filters import OFFERED, kind_choice, narrowed_by, owner_choice, tag_choice
from services.detector.pages.health import health_shown
from shared.auth.dependencies import Member
from shared.http.paging import CursorText, decode_cursor, encode_cursor
from shared.web.charts import Dot, Point, SignalMark
from shared.web.csv_files import MOST_ROWS, PORTION, csv_answer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from services.detector.lists import Lists, Topics
    from services.detector.pages.under_way import UnderWay
    from services.detector.ports import Connections
    from services.detector.use_cases.show import CustomerView, Show
    from shared.clock import Clock
    from shared.web.pages import Pages

ROWS = 50
_TIMELINE_DAYS = 540
"""As far back as a renewal and a half; older conversations are in their list."""

_LEAST_DAYS = 30
_POINTS = 40
"""Points of the sentiment line; more would hide what it shows."""

Word = Annotated[str, Query(max_length=300)]


@dataclass(frozen=True)
class CustomerParts:
    """What the customer pages stand on."""

    pages: Pages
    lists: Lists
    topics: Topics
    show: Show
    connections: Connections
    under_way: UnderWay
    clock: Clock


def customer_sort(wanted: str) -> CustomerSort:
    """Return a known order; anything else means those who need somebody first."""
    for known in get_args(CustomerSort):
        if known == wanted:
            return known  # type: ignore[no-any-return] # get_args gives the literals of CustomerSort
    return "-attention"


def customer_pages(parts: CustomerParts) -> APIRouter:
    """Return the routes of /customers."""
    router = APIRouter(include_in_schema=False, route_class=AnsweringRoute)
    pages, lists = parts.pages, parts.lists

    @router.get("/customers")
    async def customers(
        request: Request,
        identity: Member,
        q: Word = "",
        owner: Word = "",
        known: Word = "",
        tag: Word = "",
        kind: Word = "",
        sort: Word = "",
        cursor: CursorText = None,
    ) -> HTMLResponse:
        organization = identity.organization_id
        only_known = {"yes": True, "no": False}.get(known)
        narrowed = narrowed_by(now=parts.clock.now(), tag=tag, kind=kind)
        found = await lists.customers(
            organization,
            words=q,
            owner=owner or None,
            known=only_known,
            sort=customer_sort(sort),
            position=decode_cursor(cursor),
            limit=ROWS,
            narrowed=narrowed,
        )
        owners = await lists.customer_owners(organization)
        return pages.render(
            request,
            "customers.html",
            identity=identity,
            rows=found.items,
            count=await lists.count_customers(
                organization, words=q, owner=owner or None, known=only_known, narrowed=narrowed
            ),
            next_cursor=encode_cursor(found.next) if found.next else None,
            sort=customer_sort(sort),
            work=await parts.under_way.of(organization),
            filters=[
                {"name": "q", "label": "Name", "value": q, "type": "search"},
                kind_choice(kind),
                tag_choice(tag, await parts.topics.names(organization, OFFERED)),
                owner_choice(owner, owners, identity.email),
                {
                    "name": "known",
                    "label": "On your list",
                    "value": known,
                    "options": [("", "any"), ("yes", "yes"), ("no", "not yet")],
                },
            ],
            filtered=bool(q or owner or known or tag or kind),
            has_list=bool(await lists.count_customers(organization, words=None, owner=None, known=True)),
            connected=any(view.state != "removed" for view in await parts.connections.all_of(organization)),
            csv_url=f"/customers/export.csv?{request.url.query}",
        )

    @router.get("/customers/export.csv")
    async def export(
        identity: Member,
        q: Word = "",
        owner: Word = "",
        known: Word = "",
        tag: Word = "",
        kind: Word = "",
        sort: Word = "",
    ) -> StreamingResponse:
        async def portions() -> AsyncIterator[list[Sequence[object]]]:
            position: dict[str, Any] | None = None
            for _ in range(MOST_ROWS // PORTION):
                found = await lists.customers(
                    identity.organization_id,
                    words=q,
                    owner=owner or None,
                    known={"yes": True, "no": False}.get(known),
                    sort=customer_sort(sort),
                    position=position,
                    limit=PORTION,
                    narrowed=narrowed_by(now=parts.clock.now(), tag=tag, kind=kind),
                )
                yield [customer_row(row) for row in found.items]
                position = found.next
                if position is None:
                    return

        return csv_answer("customers.csv", CUSTOMER_HEADING, portions())

    @router.get("/customers/{customer_id}")
    async def customer(request: Request, customer_id: str, identity: Member) -> Response:
        now = parts.clock.now()
        view = await parts.show.customer(
            identity.organization_id, customer_id, now - timedelta(days=_TIMELINE_DAYS)
        )
        if view.row.customer.customer_id != customer_id:
            return RedirectResponse(f"/customers/{view.row.customer.customer_id}", 307)
        wishes = [one for one in view.signals if one.slot.request_id and one.is_open]
        others = [one for one in view.signals if not one.slot.request_id]
        return pages.render(
            request,
            "customer.html",
            identity=identity,
            customer=view.row.customer,
            view=view,
            open_cards=[card_of(one) for one in others if one.is_open],
            closed_cards=[card_of(one) for one in others if not one.is_open][:10],
            wishes=wishes,
            chart=_timeline(view, parts.clock) if view.conversations else None,
            health=health_shown(view.row.customer.name, view.health, now),
        )

    return router


def _timeline(view: CustomerView, clock: Clock) -> dict[str, Any]:
    now = clock.now()
    first = min(one.record.created_at for one in view.conversations)
    start = max(min(first, now - timedelta(days=_LEAST_DAYS)), now - timedelta(days=_TIMELINE_DAYS))
    start -= timedelta(days=2)
    return {
        "title": f"{view.row.customer.name} over time",
        "start": start,
        "end": now,
        "conversations": [
            Dot(
                one.record.created_at,
                view.titles[one.key],
                f"/conversations/{one.key}",
            )
            for one in view.conversations
            if one.record.created_at >= start
        ],
        "signals": [
            SignalMark(
                one.occurred_at or one.opened_at,
                one.slot.kind,
                one.title,
                f"/insights/{one.signal_id}",
                cleared=not one.is_open,
            )
            for one in view.signals
            if (one.occurred_at or one.opened_at) >= start
        ],
        "sentiment": _sentiment(view),
    }


def _sentiment(view: CustomerView) -> list[Point]:
    """Return the mood per conversation, joined in groups where there are more than a line can show."""
    scored = [
        (
            max(point.at for point in one.analysis.moods),
            sum(point.score for point in one.analysis.moods) / len(one.analysis.moods),
            one,
        )
        for one in view.conversations
        if one.analysis and one.analysis.moods
    ]
    scored.sort(key=lambda each: each[0])
    size = max(1, -(-len(scored) // _POINTS))
    points = []
    for begin in range(0, len(scored), size):
        group = scored[begin : begin + size]
        at, _, last = group[-1]
        label = view.titles[last.key] if size == 1 else f"{len(group)} conversations"
        url = f"/conversations/{last.key}"
        points.append(Point(at, sum(score for _, score, _ in group) / len(group), label, url))
    return points
