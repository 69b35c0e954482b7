"""Signals for machines: the list, one signal, and what people may do with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.detector.api.route import DetectorRoute
from services.detector.api.signal_models import SignalOut
from services.detector.domain.corrections import Label
from services.detector.domain.identity import as_address
from services.detector.lists import SignalFilter
from shared.auth.dependencies import Member, csrf_protect
from shared.contracts.signals import SignalKind
from shared.http.paging import CursorText, Instant, Page, PageSize, decode_cursor, encode_cursor

if TYPE_CHECKING:
    from services.detector.lists import Lists
    from services.detector.use_cases.review import Review
    from services.detector.use_cases.show import Show


class Dismissal(BaseModel):
    """Why a signal is wrong; `label` is what the words really say, if it is known."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(
        min_length=1,
        max_length=500,
        examples=["they renewed last week"],
        description="Why, in plain words; people read it on the signal.",
    )
    label: Label | None = Field(
        default=None, description="What the words really are; null if that is not known."
    )


class Assignment(BaseModel):
    """Who looks after a signal."""

    model_config = ConfigDict(extra="forbid")

    to: str = Field(
        max_length=254,
        description="E-mail address; empty to give it to nobody.",
        examples=["dana@example.com"],
    )


def signal_routes(*, lists: Lists, show: Show, review: Review) -> APIRouter:
    """Return the routes under /api/v1/signals."""
    router = APIRouter(prefix="/api/v1/signals", tags=["signals"], route_class=DetectorRoute)

    @router.get("")
    async def list_signals(
        identity: Member,
        kind: Annotated[SignalKind | None, Query(description="Of this kind.")] = None,
        state: Annotated[Literal["open", "cleared", "any"], Query(description="How they stand.")] = "open",
        customer: Annotated[str | None, Query(max_length=300, description="A customer's id.")] = None,
        tag: Annotated[str | None, Query(max_length=300, description="A tag's present name.")] = None,
        owner: Annotated[str | None, Query(max_length=300, description="The customer's owner.")] = None,
        assigned_to: Annotated[
            str | None, Query(max_length=300, description="E-mail address of who looks after it.")
        ] = None,
        request: Annotated[str | None, Query(max_length=300, description="A feature request's id.")] = None,
        person: Annotated[str | None, Query(max_length=300, description="A person's id.")] = None,
        since: Annotated[Instant | None, Query(description="Newest evidence from this moment on.")] = None,
        until: Annotated[Instant | None, Query(description="Newest evidence before this moment.")] = None,
        min_confidence: Annotated[float | None, Query(ge=0, le=1, description="At least this sure.")] = None,
        sort: Annotated[
            Literal["newest", "confidence", "spend"], Query(description="What comes first.")
        ] = "newest",
        limit: PageSize = 50,
        cursor: CursorText = None,
    ) -> Page[SignalOut]:
        """List signals, newest evidence first."""
        wanted = SignalFilter(
            state=state,
            kind=kind,
            customer_id=customer,
            tag=tag,
            owner=owner,
            assigned_to=None if assigned_to is None else as_address(assigned_to),
            request_id=request,
            person=person,
            since=since,
            until=until,
            min_confidence=min_confidence,
        )
        portion = await lists.signals(
            identity.organization_id, wanted, sort=sort, position=decode_cursor(cursor), limit=limit
        )
        return Page(
            items=[SignalOut.of(signal) for signal in portion.items],
            next_cursor=encode_cursor(portion.next) if portion.next else None,
            count=await lists.count_signals(identity.organization_id, wanted),
        )

    @router.get("/{signal_id}")
    async def get_signal(signal_id: str, identity: Member, response: Response) -> SignalOut:
        """Return one signal. Its revision is its ETag."""
        signal = await show.signal(identity.organization_id, signal_id)
        response.headers["ETag"] = f'"{signal.signal_id}-{signal.revision}"'
        return SignalOut.of(signal)

    @router.post("/{signal_id}/confirm", dependencies=[Depends(csrf_protect)])
    async def confirm(signal_id: str, identity: Member) -> SignalOut:
        """Note that a person finds the signal right."""
        return SignalOut.of(await review.confirm(identity.organization_id, signal_id, by=identity.known_by))

    @router.post("/{signal_id}/dismiss", dependencies=[Depends(csrf_protect)])
    async def dismiss(signal_id: str, body: Dismissal, identity: Member) -> SignalOut:
        """Close the signal; the same evidence never opens it again."""
        return SignalOut.of(
            await review.dismiss(
                identity.organization_id, signal_id, body.reason, by=identity.known_by, label=body.label
            )
        )

    @router.post("/{signal_id}/undo-dismissal", dependencies=[Depends(csrf_protect)])
    async def undo_dismissal(signal_id: str, identity: Member) -> SignalOut:
        """Open a dismissed signal again; nobody is alerted, and asking twice changes nothing more.

        A 409 says that another signal of its kind is open with the customer by now, a 422 that its evidence
        is gone or its occasion is over.
        """
        return SignalOut.of(
            await review.undo_dismissal(identity.organization_id, signal_id, by=identity.known_by)
        )

    @router.post("/{signal_id}/assign", dependencies=[Depends(csrf_protect)])
    async def assign(signal_id: str, body: Assignment, identity: Member) -> SignalOut:
        """Give the signal to a person."""
        return SignalOut.of(
            await review.assign(identity.organization_id, signal_id, body.to, by=identity.known_by)
        )

    return router
