"""Feature requests: what is asked for, by whom, worth how much?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from services.detector.api.route import DetectorRoute
from services.detector.domain.standing import asked_by_month, first_asked
from services.detector.domain.wishes import REQUEST_STATES, RequestState
from services.detector.errors import InvalidRequestError
from services.detector.pages.cards import state_of
from services.detector.pages.connected import present_connections
from services.detector.pages.export import (
    ASKED_HEADING,
    REQUEST_HEADING,
    asked_rows,
    in_portions,
    request_row,
)
from services.detector.pages.filters import (
    OFFERED,
    Word,
    narrowed_by,
    one_of,
    owner_choice,
    period_choice,
    tag_choice,
)
from shared.auth.dependencies import Member, csrf_protect
from shared.http.paging import CursorText, decode_cursor, encode_cursor
from shared.web.csv_files import csv_response

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from services.detector.lists import Lists, RequestSort, RequestStateFilter, Topics
    from services.detector.pages.under_way import UnderWay
    from services.detector.ports import Connections
    from services.detector.use_cases.regroup import Regroup
    from services.detector.use_cases.review import Review
    from services.detector.use_cases.show import Show
    from shared.auth.identity import Identity
    from shared.clock import Clock
    from shared.web.pages import Pages

ROWS = 50
_OFFERED = 20
"""Requests offered for a merge; others are found by their words."""
_MOST_SPLIT = 500
STATE_WORDS: dict[RequestState, str] = {
    "new": "New",
    "under_review": "Under review",
    "planned": "Planned",
    "shipped": "Shipped",
    "declined": "Declined",
}
STATE_TONES: dict[RequestState, str] = {
    "new": "busy",
    "under_review": "attention",
    "planned": "attention",
    "shipped": "good",
    "declined": "off",
}
_DONE_WORDS = {
    "decided": "Saved.",
    "merged": "Merged. Everybody who asked for the other is counted here.",
    "split": "Split off. This is the new request.",
}
_ANY = "any"
_STATES = ((_ANY, "all states"), *STATE_WORDS.items())


@dataclass(frozen=True, slots=True)
class SplitForm:
    """What somebody asked to be split, and why that was refused."""

    signals: tuple[str, ...] = ()
    title: str = ""
    error: str = ""


_UNFILLED = SplitForm()


@dataclass(frozen=True)
class RequestParts:
    """What the request pages depend on."""

    pages: Pages
    lists: Lists
    topics: Topics
    show: Show
    review: Review
    regroup: Regroup
    connections: Connections
    under_way: UnderWay
    clock: Clock


def known_state(value: str) -> RequestState | None:
    """Return a state by its name, or None for anything else."""
    return next((state for state in REQUEST_STATES if state == value), None)


def asked_states(value: str) -> RequestStateFilter:
    """Return the state that an address asks for: a known one, any, or else the undecided ones."""
    return None if value == _ANY else known_state(value) or "unsettled"


def known_order(value: str) -> RequestSort:
    """Return a known order; anything else means most customers first."""
    orders: tuple[RequestSort, ...] = ("-spend", "-last", "title")
    return next((order for order in orders if order == value), "-customers")


def request_pages(parts: RequestParts) -> APIRouter:
    """Return the routes of the list of requests."""
    router = APIRouter(include_in_schema=False, route_class=DetectorRoute)
    pages, lists = parts.pages, parts.lists

    @router.get("/requests")
    async def requests(
        request: Request,
        identity: Member,
        q: Word = "",
        state: Word = "",
        tag: Word = "",
        owner: Word = "",
        period: Word = "",
        sort: Word = "",
        cursor: CursorText = None,
    ) -> HTMLResponse:
        organization = identity.organization_id
        narrowed = narrowed_by(now=parts.clock.now(), tag=tag, owner=owner, period=period)
        wanted = asked_states(state)
        portion = await lists.requests(
            organization,
            state=wanted,
            words=q,
            sort=known_order(sort),
            position=decode_cursor(cursor),
            limit=ROWS,
            narrowed=narrowed,
        )
        return pages.render(
            request,
            "requests.html",
            identity=identity,
            rows=portion.items,
            count=await lists.count_requests(organization, state=wanted, words=q, narrowed=narrowed),
            next_cursor=encode_cursor(portion.next) if portion.next else None,
            sort=known_order(sort),
            words=STATE_WORDS,
            tones=STATE_TONES,
            filters=[
                {"name": "q", "label": "Words", "value": q, "type": "search"},
                one_of("state", "State", state, _STATES, "new, under review or planned"),
                tag_choice(tag, await parts.topics.names(organization, OFFERED)),
                owner_choice(owner, await lists.customer_owners(organization), identity.email),
                period_choice(period),
            ],
            filtered=bool(q or wanted != "unsettled" or not narrowed.is_empty),
            settled=wanted == "unsettled"
            and not portion.items
            and await lists.count_requests(organization, state=None, words=q, narrowed=narrowed) != 0,
            work=await parts.under_way.of(organization),
            connected=bool(await present_connections(parts.connections, organization)),
            csv_url=f"/requests/export.csv?{request.url.query}",
        )

    @router.get("/requests/export.csv")
    async def export(
        identity: Member,
        q: Word = "",
        state: Word = "",
        tag: Word = "",
        owner: Word = "",
        period: Word = "",
        sort: Word = "",
    ) -> StreamingResponse:
        ask = partial(
            lists.requests,
            identity.organization_id,
            state=asked_states(state),
            words=q,
            sort=known_order(sort),
            narrowed=narrowed_by(now=parts.clock.now(), tag=tag, owner=owner, period=period),
        )
        return csv_response(
            "requests.csv", REQUEST_HEADING, in_portions(ask, partial(request_row, currency=pages.currency))
        )

    return router


def one_request_pages(parts: RequestParts) -> APIRouter:
    """Return the routes of one request: what is known of it, and what a person may decide."""
    router = APIRouter(include_in_schema=False, route_class=DetectorRoute)

    @router.get("/requests/{request_id}")
    async def one_request(
        request: Request, request_id: str, identity: Member, find: Word = "", done: Word = ""
    ) -> Response:
        return await _one_request(parts, request, identity, request_id, find=find, done=done)

    @router.post("/requests/{request_id}/state", dependencies=[Depends(csrf_protect)])
    async def set_state(
        request_id: str, identity: Member, state: Annotated[str, Form(max_length=20)] = ""
    ) -> RedirectResponse:
        wanted = known_state(state)
        if wanted is None:
            raise InvalidRequestError("Choose one of the states.")
        await parts.review.decide_request(identity.organization_id, request_id, wanted, by=identity.known_by)
        return RedirectResponse(f"/requests/{request_id}?done=decided", 303)

    return router


def regrouping_pages(parts: RequestParts) -> APIRouter:
    """Return the routes for telling those who asked, merging and splitting."""
    router = APIRouter(include_in_schema=False, route_class=DetectorRoute)

    @router.get("/requests/{request_id}/asked.csv")
    async def asked(request_id: str, identity: Member) -> StreamingResponse:
        view = await parts.show.request(identity.organization_id, request_id)

        async def rows() -> AsyncIterator[list[Sequence[object]]]:
            yield [row for signal in view.signals for row in asked_rows(signal, parts.pages.currency)]

        return csv_response("asked.csv", ASKED_HEADING, rows())

    @router.post("/requests/{request_id}/merge", dependencies=[Depends(csrf_protect)])
    async def merge(
        request_id: str, identity: Member, into: Annotated[str, Form(max_length=100)] = ""
    ) -> RedirectResponse:
        merged = await parts.regroup.merge(identity.organization_id, request_id, into, by=identity.known_by)
        return RedirectResponse(f"/requests/{merged.request_id}?done=merged", 303)

    @router.post("/requests/{request_id}/split", dependencies=[Depends(csrf_protect)])
    async def split(
        request: Request,
        request_id: str,
        identity: Member,
        signal: Annotated[list[str] | None, Form()] = None,
        title: Annotated[str, Form(max_length=300)] = "",
    ) -> Response:
        chosen = (signal or [])[:_MOST_SPLIT]
        try:
            made = await parts.regroup.split(
                identity.organization_id, request_id, chosen, title, by=identity.known_by
            )
        except InvalidRequestError as error:
            again = SplitForm(tuple(chosen), title, str(error))
            return await _one_request(parts, request, identity, request_id, split=again)
        return RedirectResponse(f"/requests/{made.request_id}?done=split", 303)

    return router


async def _one_request(
    parts: RequestParts,
    request: Request,
    identity: Identity,
    request_id: str,
    *,
    find: str = "",
    done: str = "",
    split: SplitForm = _UNFILLED,
) -> Response:
    organization = identity.organization_id
    view = await parts.show.request(organization, request_id)
    if view.row.request.request_id != request_id:
        return RedirectResponse(f"/requests/{view.row.request.request_id}", 303)
    others = await parts.lists.requests(
        organization, state=None, words=find, sort="-customers", position=None, limit=_OFFERED + 1
    )
    offered = [one for one in others.items if one.request.request_id != request_id][:_OFFERED]
    return parts.pages.render(
        request,
        "request.html",
        identity=identity,
        done=_DONE_WORDS.get(done),
        status_code=422 if split.error else 200,
        row=view.row,
        wish=view.row.request,
        first_at=first_asked(view.signals) or view.row.request.created_at,
        asked=[(signal, state_of(signal)) for signal in view.signals if signal.proofs],
        words=STATE_WORDS,
        tones=STATE_TONES,
        find=find,
        offered_options=[(one.request.request_id, one.request.title) for one in offered],
        offered=offered,
        merged=view.merged,
        trend=asked_by_month(view.signals, parts.clock.now()),
        split=split,
    )
