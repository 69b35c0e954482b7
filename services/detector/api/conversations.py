"""Conversations for machines: the list, and one with its messages and highlighted passages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query

from services.detector.api.conversation_models import ConversationOut, MarkOut, MessageOut
from services.detector.api.narrowing import Narrowed
from services.detector.api.route import DetectorRoute
from services.detector.domain.identity import Subject
from services.detector.domain.mood import MoodRules, roll_up
from services.detector.domain.spoken import author_type, contact_keys
from services.detector.lists import (
    SEARCHED,
    WAITING_AMONG,
    WRITTEN_AMONG,
    ConversationFilter,
    ConversationState,
)
from shared.auth.dependencies import Member
from shared.http.paging import CursorText, Page, PageSize, decode_cursor, encode_cursor

if TYPE_CHECKING:
    from services.detector.domain.mirror import MirroredConversation
    from services.detector.lists import Conversations
    from services.detector.use_cases.show import ConversationView, Show

_COUNTED = 10_000
"""Conversations that are counted for one page of them."""


def conversation_routes(*, conversations: Conversations, show: Show, moods: MoodRules) -> APIRouter:
    """Return the routes under /api/v1/conversations."""
    router = APIRouter(prefix="/api/v1/conversations", tags=["conversations"], route_class=DetectorRoute)

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
        portion = await meant.portion(position=decode_cursor(cursor), limit=limit)
        count = await meant.count(_COUNTED)
        return Page(
            items=[_conversation(item, moods) for item in portion.items],
            next_cursor=encode_cursor(portion.next) if portion.next else None,
            count=count.number if count.is_all else None,
        )

    @router.get("/{conversation_id}")
    async def get_conversation(conversation_id: str, identity: Member) -> ConversationOut:
        """Return one conversation with its messages and their telling places."""
        view = await show.conversation(identity.organization_id, conversation_id)
        conversation = _conversation(view.mirrored, moods)
        return conversation.model_copy(update={"url": view.url, "messages": _messages(view)})

    return router


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
