"""Feature requests for machines: the list, one request, and what people may decide about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from services.detector.api.narrowing import Narrowed, Words
from services.detector.api.request_models import MergeIn, RequestOut, SplitIn
from services.detector.api.route import DetectorRoute
from services.detector.domain.standing import asked_by_month
from services.detector.domain.wishes import RequestState
from shared.auth.dependencies import Member, csrf_protect
from shared.http.paging import CursorText, Page, PageSize, decode_cursor, encode_cursor

if TYPE_CHECKING:
    from services.detector.lists import Lists
    from services.detector.use_cases.regroup import Regroup
    from services.detector.use_cases.review import Review
    from services.detector.use_cases.show import Show
    from shared.clock import Clock


class StateChange(BaseModel):
    """Where a request stands from now on."""

    model_config = ConfigDict(extra="forbid")

    state: RequestState = Field(
        examples=["planned"], description="`shipped` and `declined` settle the signals of all who asked."
    )


def request_routes(*, lists: Lists, show: Show, review: Review, regroup: Regroup, clock: Clock) -> APIRouter:
    """Return the routes under /api/v1/requests."""
    router = APIRouter(prefix="/api/v1/requests", tags=["requests"], route_class=DetectorRoute)

    async def shown(organization_id: str, request_id: str) -> RequestOut:
        view = await show.request(organization_id, request_id)
        return RequestOut.of(view.row, asked_by_month(view.signals, clock.now()))

    @router.get("")
    async def list_requests(
        identity: Member,
        narrowed: Narrowed,
        state: Annotated[RequestState | None, Query(description="Where they stand.")] = None,
        q: Words = None,
        sort: Annotated[
            Literal["-customers", "-spend", "-last", "title"],
            Query(description="What comes first; with a minus, the most."),
        ] = "-customers",
        limit: PageSize = 50,
        cursor: CursorText = None,
    ) -> Page[RequestOut]:
        """List feature requests, those that most customers ask for first."""
        portion = await lists.requests(
            identity.organization_id,
            state=state,
            words=q,
            sort=sort,
            position=decode_cursor(cursor),
            limit=limit,
            narrowed=narrowed,
        )
        return Page(
            items=[RequestOut.of(row) for row in portion.items],
            next_cursor=encode_cursor(portion.next) if portion.next else None,
            count=await lists.count_requests(
                identity.organization_id, state=state, words=q, narrowed=narrowed
            ),
        )

    @router.get("/{request_id}")
    async def get_request(request_id: str, identity: Member) -> RequestOut:
        """Return one request; its signals are those at /api/v1/signals with its id as `request`."""
        return await shown(identity.organization_id, request_id)

    @router.post("/{request_id}/state", dependencies=[Depends(csrf_protect)])
    async def set_state(request_id: str, body: StateChange, identity: Member) -> RequestOut:
        """Say where a request stands; shipping or declining it settles its signals."""
        await review.decide_request(identity.organization_id, request_id, body.state, by=identity.known_by)
        return await shown(identity.organization_id, request_id)

    @router.post("/{request_id}/merge", dependencies=[Depends(csrf_protect)])
    async def merge(request_id: str, body: MergeIn, identity: Member) -> RequestOut:
        """Say that this request is the same as another one; return that one with all who asked."""
        merged = await regroup.merge(identity.organization_id, request_id, body.into, by=identity.known_by)
        return await shown(identity.organization_id, merged.request_id)

    @router.post("/{request_id}/split", dependencies=[Depends(csrf_protect)])
    async def split(request_id: str, body: SplitIn, identity: Member) -> RequestOut:
        """Make a request of its own of some who asked; return the new one."""
        request = await regroup.split(
            identity.organization_id, request_id, body.signals, body.title, by=identity.known_by
        )
        return await shown(identity.organization_id, request.request_id)

    return router
