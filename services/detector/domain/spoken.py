"""Turns the mirror's records into what a detector looks at: who spoke, when, and in which words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.domain.conversation import AuthorType, Conversation, Message
from services.detector.domain.identity import resource_key
from services.detector.domain.message_scoring import is_manners

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from shared.contracts.resources import (
        Author,
        ContactChanged,
        ConversationChanged,
        ConversationPartChanged,
    )

_CUSTOMERS = frozenset({"user", "lead", "contact", "visitor"})


def author_type(author: Author) -> AuthorType:
    """Return which side an author is on; Intercom's AI agent and unknown types are bots, on neither side."""
    if author.from_ai_agent:
        return AuthorType.BOT
    if author.type in _CUSTOMERS:
        return AuthorType.CUSTOMER
    return AuthorType.AGENT if author.type in {"admin", "team"} else AuthorType.BOT


def words_of(part: ConversationPartChanged) -> str:
    """Return a part's text; empty once it is redacted."""
    return "" if part.redacted else part.text


def as_conversation(
    record: ConversationChanged,
    parts: Sequence[ConversationPartChanged],
    tags: Sequence[str],
    own_product: str = "",
) -> Conversation:
    """Return the conversation with every part that has text, oldest first; redacted parts have none.

    `own_product` is the organization's own one where it is well known (`own_product.py`).
    """
    messages = tuple(
        Message(
            part_id=part.id,
            author_type=author_type(part.author),
            at=part.created_at,
            text=words_of(part),
            author_id=part.author.id or "",
            author_name=part.author.name or "",
            author_email=part.author.email or "",
            internal=part.internal,
            from_ai_agent=part.author.from_ai_agent,
            own_product=own_product,
        )
        for part in parts
    )
    return Conversation(
        organization_id=record.organization_id,
        workspace_id=record.workspace_id,
        id=record.id,
        messages=messages,
        title=record.title or "",
        state=record.state,
        created_at=record.created_at,
        updated_at=record.updated_at,
        tags=tuple(tags),
        rating=record.rating.rating if record.rating else None,
        rating_remark=(record.rating.remark or "") if record.rating else "",
        contact_ids=record.contact_ids,
        company_ids=(record.company_id,) if record.company_id else (),
        assignee_id=record.admin_assignee_id or "",
        team_id=record.team_assignee_id or "",
    )


def last_asked_at(conversation: Conversation) -> datetime | None:
    """Return when a customer last wrote something that wants a reply.

    Mere thanks, greetings and automatic replies want none. A message without text does, since it may be a
    picture.
    """
    return next(
        (message.at for message in reversed(conversation.customer_messages) if _wants_answer(message)), None
    )


def _wants_answer(message: Message) -> bool:
    return not message.text or not (is_manners(message) or message.machine_written)


def last_answered_at(conversation: Conversation) -> datetime | None:
    """Return when a teammate last acted visibly to the customer, or the AI agent last wrote to them."""
    return next((message.at for message in reversed(conversation.messages) if _answers(message)), None)


def _answers(message: Message) -> bool:
    # The AI agent's parts without text hand the conversation over, after which the customer still waits.
    by_agent = message.author_type is AuthorType.AGENT or (message.from_ai_agent and message.text != "")
    return by_agent and not message.internal


def in_order(parts: Iterable[ConversationPartChanged]) -> list[ConversationPartChanged]:
    """Return parts oldest first; within one moment the opening message, then by Intercom's growing ids."""
    return sorted(
        parts, key=lambda part: (part.created_at, not part.id.startswith("source-"), len(part.id), part.id)
    )


def contact_keys(record: ConversationChanged) -> tuple[str, ...]:
    """Return the keys of a conversation's contacts, in Intercom's order."""
    return tuple(resource_key(record.workspace_id, contact_id) for contact_id in record.contact_ids)


def teammate_keys(record: ConversationChanged) -> tuple[str, ...]:
    """Return the keys of the teammates who took part or are assigned, in order."""
    ids = {*record.teammate_ids, *filter(None, (record.admin_assignee_id,))}
    return tuple(sorted(resource_key(record.workspace_id, identifier) for identifier in ids))


def last_contact_of(contact: ContactChanged) -> datetime | None:
    """Return when the person last wrote or was last written to, by Intercom's record; None if unknown."""
    moments = (contact.last_replied_at, contact.last_contacted_at)
    return max((one for one in moments if one is not None), default=None)
