"""Feature requests: what is asked for, by whom, worth how much?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, StreamingResponse

from services.detector.api.answers import AnsweringRoute
from services.detector.domain.wishes import REQUEST_STATES, RequestState
from services.detector.errors import InvalidRequestError
from services.detector.pages.cards import state_of
from services.detector.pages.export import MOST_ROWS, PORTION, REQUEST_HEADING, csv_answer, request_row
from shared.auth.dependencies import Member, csrf_protect
from shared.http.paging import CursorText, decode_cursor, encode_cursor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from services.detector.lists import Lists, RequestSort
    from services.detector.ports import Connections
    from services.detector.use_cases.review import Review
    from services.detector.use_cases.show import Show
    from shared.web.pages import Pages

ROWS = 50
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
Word = Annotated[str, Query(max_length=300)]


@dataclass(frozen=True)
class RequestParts:
    """What the request pages stand on."""

    pages: Pages
    lists: Lists
    show: Show
    review: Review
    connections: Connections


def known_state(value: str) -> RequestState | None:
    """Return a state by its name, or None for anything else."""
    return next((state for state in REQUEST_STATES if state == value), None)


def known_order(value: str) -> RequestSort:
    """Return a known order; anything else means most customers first."""
    orders: tuple[RequestSort, ...] = ("-spend", "-last", "title")
    return next((order for order in orders if order == value), "-customers")


def request_pages(parts: RequestParts) -> APIRouter:
    """Return the routes of /requests."""
    router = APIRouter(include_in_schema=False, route_class=AnsweringRoute)
    pages, lists = parts.pages, parts.lists

    @router.get("/requests")
    async def requests(
        request: Request,
        identity: Member,
        q: Word = "",
        state: Word = "",
        sort: Word = "",
        cursor: CursorText = None,
    ) -> HTMLResponse:
        organization = identity.organization_id
        found = await lists.requests(
            organization,
            state=known_state(state),
            words=q,
            sort=known_order(sort),
            position=decode_cursor(cursor),
            limit=ROWS,
        )
        return pages.render(
            request,
            "requests.html",
            identity=identity,
            rows=found.items,
            count=await lists.count_requests(organization, state=known_state(state), words=q),
            next_cursor=encode_cursor(found.next) if found.next else None,
            sort=known_order(sort),
            words=STATE_WORDS,
            tones=STATE_TONES,
            filters=[
                {"name": "q", "label": "Words", "value": q, "type": "search"},
                {
                    "name": "state",
                    "label": "State",
                    "value": state,
                    "options": [("", "any"), *STATE_WORDS.items()],
                },
            ],
            filtered=bool(q or state),
            connected=any(view.state != "removed" for view in await parts.connections.all_of(organization)),
            csv_url=f"/requests/export.csv?{request.url.query}",
        )

    @router.get("/requests/export.csv")
    async def export(identity: Member, q: Word = "", state: Word = "", sort: Word = "") -> StreamingResponse:
        async def portions() -> AsyncIterator[list[Sequence[object]]]:
            position: dict[str, Any] | None = None
            for _ in range(MOST_ROWS // PORTION):
                found = await lists.requests(
                    identity.organization_id,
                    state=known_state(state),
                    words=q,
                    sort=known_order(sort),
                    position=position,
                    limit=PORTION,
                )
                yield [request_row(row) for row in found.items]
                position = found.next
                if position is None:
                    return

        return csv_answer("requests.csv", REQUEST_HEADING, portions())

    @router.get("/requests/{request_id}")
    async def one_request(request: Request, request_id: str, identity: Member) -> HTMLResponse:
        view = await parts.show.request(identity.organization_id, request_id)
        return pages.render(
            request,
            "request.html",
            identity=identity,
            row=view.row,
            wish=view.row.request,
            asked=[(signal, state_of(signal)) for signal in view.signals if signal.proofs],
            words=STATE_WORDS,
            tones=STATE_TONES,
        )

    @router.post("/requests/{request_id}/state", dependencies=[Depends(csrf_protect)])
    async def set_state(
        request_id: str, identity: Member, state: Annotated[str, Form(max_length=20)] = ""
    ) -> RedirectResponse:
        wanted = known_state(state)
        if wanted is None:
            raise InvalidRequestError("Choose one of the states.")
        await parts.review.decide_request(identity.organization_id, request_id, wanted, by=identity.email)
        return RedirectResponse(f"/requests/{request_id}", 303)

    return router
