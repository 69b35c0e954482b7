"""One customer: how are they, since when, why, and which companies are theirs?"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from services.detector.api.route import DetectorRoute
from services.detector.domain.identity import resource_key
from services.detector.pages.cards import card_of
from services.detector.pages.companies import OFFERED, company_url
from services.detector.pages.company_words import in_short, why_matched
from services.detector.pages.filters import Word
from services.detector.pages.health import health_shown
from shared.auth.dependencies import Admin, Member, csrf_protect
from shared.web.charts import Dot, Point, SignalMark

if TYPE_CHECKING:
    from services.detector.pages.customers import CustomerParts
    from services.detector.use_cases.show import CustomerView
    from services.detector.use_cases.show_companies import CompanyRow
    from shared.clock import Clock

_TIMELINE_DAYS = 540
"""A renewal period and a half; older conversations are in their list."""

_COMPANIES = 50
"""Companies of a customer that its page shows."""

_LOOKED_THROUGH = 1_000
"""Companies with a matching name that are searched for those that are not the customer's yet."""

_AT_ONCE = 200
"""How many of these one query takes."""

_LEAST_DAYS = 30
_POINTS = 40
"""Points of the sentiment line; more would hide what it shows."""


def one_customer_pages(parts: CustomerParts) -> APIRouter:
    """Return the routes of one customer: how they are, and which companies are theirs."""
    router = APIRouter(include_in_schema=False, route_class=DetectorRoute)

    @router.post("/customers/{customer_id}/companies", dependencies=[Depends(csrf_protect)])
    async def match_company(
        customer_id: str, identity: Admin, company: Annotated[str, Form(max_length=600)] = ""
    ) -> RedirectResponse:
        if not company:
            return RedirectResponse(f"/customers/{customer_id}#companies", 303)
        await parts.matches.decide(
            identity.organization_id, company, customer_id, confirmed=True, by=identity.known_by
        )
        return RedirectResponse(f"/customers/{customer_id}?matched=yes", 303)

    @router.get("/customers/{customer_id}")
    async def customer(
        request: Request, customer_id: str, identity: Member, company: Word = "", matched: Word = ""
    ) -> Response:
        now = parts.clock.now()
        view = await parts.show.customer(
            identity.organization_id, customer_id, now - timedelta(days=_TIMELINE_DAYS)
        )
        if view.row.customer.customer_id != customer_id:
            return RedirectResponse(f"/customers/{view.row.customer.customer_id}", 307)
        wishes = [signal for signal in view.signals if signal.slot.request_id and signal.is_open]
        others = [signal for signal in view.signals if not signal.slot.request_id]
        keys = [resource_key(company.workspace_id, company.id) for company in view.companies[:_COMPANIES]]
        theirs = await parts.companies.rows(identity.organization_id, keys)
        offered = await _offered(parts, identity.organization_id, customer_id, company)
        return parts.pages.render(
            request,
            "customer.html",
            identity=identity,
            customer=view.row.customer,
            view=view,
            companies=[_company_shown(theirs[key]) for key in keys if key in theirs],
            find=company,
            offered=[_company_shown(row) for row in offered[:OFFERED]],
            more=len(offered) > OFFERED,
            matched=matched == "yes",
            work=await parts.under_way.of(identity.organization_id),
            open_cards=[card_of(other) for other in others if other.is_open],
            closed_cards=[card_of(other) for other in others if not other.is_open][:10],
            wishes=wishes,
            chart=_timeline(view, parts.clock) if view.conversations else None,
            health=health_shown(view.row.customer.name, view.health, now),
        )

    return router


async def _offered(
    parts: CustomerParts, organization_id: str, customer_id: str, words: str
) -> list[CompanyRow]:
    """Return found companies that are not this customer's yet, at most one more than are offered."""
    offered: list[CompanyRow] = []
    if not words.strip():
        return offered
    position: dict[str, Any] | None = None
    for _ in range(_LOOKED_THROUGH // _AT_ONCE):
        portion = await parts.companies.page(
            organization_id, words=words, matched_by=None, position=position, limit=_AT_ONCE
        )
        offered += [item for item in portion.items if item.company.customer_id != customer_id]
        position = portion.next
        if position is None or len(offered) > OFFERED:
            break
    return offered[: OFFERED + 1]


def _company_shown(row: CompanyRow) -> dict[str, Any]:
    record = row.company.record
    return {
        "key": row.company.key,
        "url": company_url(row.company.key),
        "name": record.name or record.id,
        "external_id": record.company_id,
        "customer": row.customer.name if row.customer else None,
        "is_matched": row.is_matched,
        "why": why_matched(row),
        "by": in_short(row),
        "decided_at": row.decided.at if row.decided else None,
    }


def _timeline(view: CustomerView, clock: Clock) -> dict[str, Any]:
    now = clock.now()
    first = min(conversation.record.created_at for conversation in view.conversations)
    start = max(min(first, now - timedelta(days=_LEAST_DAYS)), now - timedelta(days=_TIMELINE_DAYS))
    start -= timedelta(days=2)
    return {
        "title": f"{view.row.customer.name} over time",
        "start": start,
        "end": now,
        "conversations": [
            Dot(
                conversation.record.created_at,
                view.titles[conversation.key],
                f"/conversations/{conversation.key}",
            )
            for conversation in view.conversations
            if conversation.record.created_at >= start
        ],
        "signals": [
            SignalMark(
                signal.occurred_at or signal.opened_at,
                signal.slot.kind,
                signal.title,
                f"/insights/{signal.signal_id}",
                cleared=not signal.is_open,
            )
            for signal in view.signals
            if (signal.occurred_at or signal.opened_at) >= start
        ],
        "sentiment": _sentiment(view),
    }


def _sentiment(view: CustomerView) -> list[Point]:
    """Return the mood per conversation, joined in groups where there are more than a line can show."""
    scored = [
        (
            max(point.at for point in conversation.analysis.moods),
            sum(point.score for point in conversation.analysis.moods) / len(conversation.analysis.moods),
            conversation,
        )
        for conversation in view.conversations
        if conversation.analysis and conversation.analysis.moods
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
