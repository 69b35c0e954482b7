"""Requests, people and conversations for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from services.detector.api.answers import AnsweringRoute
from services.detector.api.conversation_models import ConversationOut, MarkOut, MessageOut, PersonOut
from services.detector.api.narrowing import Narrowed
from services.detector.api.request_models import MergeIn, RequestOut, SplitIn
from services.detector.domain.identity import Subject, resource_key
from services.detector.domain.mood import MoodRules, roll_up
from services.detector.domain.spoken import author_type, contact_keys, last_contact_of
from services.detector.domain.standing import asked_by_month
from services.detector.domain.wishes import RequestState
from services.detector.lists import (
    SEARCHED,
    WAITING_AMONG,
    WRITTEN_AMONG,
    ConversationFilter,
    ConversationState,
    PersonRow,
    PersonSort,
)
from shared.auth.dependencies import Member, csrf_protect
from shared.http.paging import CursorText, Page, PageSize, decode_cursor, encode_cursor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.detector.domain.customer import Customer
    from services.detector.domain.mirror import MirroredConversation
    from services.detector.lists import Conversations, Lists
    from services.detector.use_cases.regroup import Regroup
    from services.detector.use_cases.review import Review
    from services.detector.use_cases.show import ConversationView, Show
    from shared.clock import Clock

_COUNTED = 10_000
"""Conversations that are counted for one page of them."""

Words = Annotated[str | None, Query(max_length=300, description="Words to look for.")]


class StateChange(BaseModel):
    """Where a request stands from now on."""

    model_config = ConfigDict(extra="forbid")

    state: RequestState = Field(
        examples=["planned"], description="`shipped` and `declined` settle the signals of all who asked."
    )


def request_routes(*, lists: Lists, show: Show, review: Review, regroup: Regroup, clock: Clock) -> APIRouter:
    """Return the routes under /api/v1/requests."""
    router = APIRouter(prefix="/api/v1/requests", tags=["requests"], route_class=AnsweringRoute)

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
        found = await lists.requests(
            identity.organization_id,
            state=state,
            words=q,
            sort=sort,
            position=decode_cursor(cursor),
            limit=limit,
            narrowed=narrowed,
        )
        return Page(
            items=[RequestOut.of(row) for row in found.items],
            next_cursor=encode_cursor(found.next) if found.next else None,
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
        kept = await regroup.merge(identity.organization_id, request_id, body.into, by=identity.known_by)
        return await shown(identity.organization_id, kept.request_id)

    @router.post("/{request_id}/split", dependencies=[Depends(csrf_protect)])
    async def split(request_id: str, body: SplitIn, identity: Member) -> RequestOut:
        """Make a request of its own of some who asked; return the new one."""
        made = await regroup.split(
            identity.organization_id, request_id, body.signals, body.title, by=identity.known_by
        )
        return await shown(identity.organization_id, made.request_id)

    return router


def people_routes(*, lists: Lists, show: Show) -> APIRouter:
    """Return the routes under /api/v1/people."""
    router = APIRouter(prefix="/api/v1/people", tags=["people"], route_class=AnsweringRoute)

    @router.get("")
    async def list_people(
        identity: Member,
        narrowed: Narrowed,
        q: Words = None,
        sort: Annotated[
            PersonSort,
            Query(
                description="What comes first: `last` the longest without contact, `conversations` the "
                "fewest; with a minus, the latest and the most. Who was never in contact is last either way."
            ),
        ] = "id",
        limit: PageSize = 50,
        cursor: CursorText = None,
    ) -> Page[PersonOut]:
        """List the people of all customers, each with the customers they belong to."""
        found = await lists.people(
            identity.organization_id,
            words=q,
            sort=sort,
            position=decode_cursor(cursor),
            limit=limit,
            narrowed=narrowed,
        )
        people = [row.contact for row in found.items]
        customers = await show.customers_of(identity.organization_id, people)
        return Page(
            items=[_person(row, customers) for row in found.items],
            next_cursor=encode_cursor(found.next) if found.next else None,
            count=await lists.count_people(identity.organization_id, words=q, narrowed=narrowed),
        )

    @router.get("/{person_id}")
    async def get_person(person_id: str, identity: Member) -> PersonOut:
        """Return one person with the customers they belong to."""
        view = await show.person(identity.organization_id, person_id)
        row = await lists.person(identity.organization_id, person_id)
        answer = _person(row or PersonRow(view.contact, 0), {person_id: view.customers})
        mood = view.mood
        felt = {"mood": round(mood.mean, 4) if mood else None, "mood_messages": mood.messages if mood else 0}
        return answer.model_copy(update=felt)

    return router


def conversation_routes(*, conversations: Conversations, show: Show, moods: MoodRules) -> APIRouter:
    """Return the routes under /api/v1/conversations."""
    router = APIRouter(prefix="/api/v1/conversations", tags=["conversations"], route_class=AnsweringRoute)

    @router.get("")
    async def list_conversations(
        identity: Member,
        narrowed: Narrowed,
        person: Annotated[str | None, Query(max_length=300, description="A person's id.")] = None,
        state: Annotated[
            ConversationState | None,
            Query(
                description="How they stand; `waiting` are the open ones in which the customer waits for an "
                f"answer, of the {WAITING_AMONG:,} open ones that moved last."
            ),
        ] = None,
        q: Annotated[
            str | None,
            Query(
                max_length=300,
                description="Words to look for, as one piece and in any case: in titles and names of people "
                f"and customers of the {SEARCHED:,} that moved last of what the other filters leave, and in "
                f"the messages of the first {WRITTEN_AMONG:,} of them.",
            ),
        ] = None,
        limit: PageSize = 50,
        cursor: CursorText = None,
    ) -> Page[ConversationOut]:
        """List conversations, the last updated first.

        Of more than 10,000 there is no `count`. Where an open signal is asked for that more than 10,000
        conversations have, a page may hold fewer than `limit` though there is a next one.
        """
        wanted = ConversationFilter(narrowed=narrowed, person=person, state=state, words=q)
        meant = await conversations.find(identity.organization_id, wanted)
        found = await meant.portion(position=decode_cursor(cursor), limit=limit)
        count = await meant.count(_COUNTED)
        return Page(
            items=[_conversation(one, moods) for one in found.items],
            next_cursor=encode_cursor(found.next) if found.next else None,
            count=count.number if count.is_all else None,
        )

    @router.get("/{conversation_id}")
    async def get_conversation(conversation_id: str, identity: Member) -> ConversationOut:
        """Return one conversation with its messages and their telling places."""
        view = await show.conversation(identity.organization_id, conversation_id)
        answer = _conversation(view.mirrored, moods)
        return answer.model_copy(update={"url": view.url, "messages": _messages(view)})

    return router


def _person(row: PersonRow, customers: Mapping[str, list[Customer]]) -> PersonOut:
    contact = row.contact
    key = resource_key(contact.workspace_id, contact.id)
    return PersonOut(
        id=key,
        name=contact.name,
        email=contact.email,
        role=contact.role,
        external_id=contact.external_id,
        last_seen_at=contact.last_seen_at,
        last_contact_at=last_contact_of(contact),
        conversations=row.conversations,
        customer_ids=[one.customer_id for one in customers[key]],
    )


def _conversation(one: MirroredConversation, moods: MoodRules) -> ConversationOut:
    record, analysis = one.record, one.analysis
    mood = roll_up(analysis.moods, moods) if analysis else None
    return ConversationOut(
        id=one.key,
        title=record.title,
        state=record.state,
        waiting_since=one.summary.waits_since,
        customer_id=Subject.from_key(one.subject).customer_id if one.subject else None,
        person_ids=list(contact_keys(record)),
        created_at=record.created_at,
        updated_at=record.updated_at,
        rating=record.rating.rating if record.rating else None,
        parts_held=analysis.held_parts if analysis else 0,
        parts_at_source=record.source_part_count,
        mood=round(mood.mean, 4) if mood else None,
        url=record.url,
    )


def _messages(view: ConversationView) -> list[MessageOut]:
    marks = view.mirrored.analysis.marks if view.mirrored.analysis else ()
    return [
        MessageOut(
            id=part.id,
            author=author_type(part.author).value,
            author_name=part.author.name,
            author_id=part.author.id,
            internal=part.internal,
            at=part.created_at,
            text=part.text,
            marks=[
                MarkOut(
                    kind=mark.kind,
                    start=mark.start,
                    end=mark.end,
                    confidence=mark.confidence,
                    detector=mark.detector,
                    note=mark.note,
                )
                for mark in marks
                if mark.part_id == part.id
            ],
        )
        for part in view.parts
        if part.text or part.redacted
    ]
