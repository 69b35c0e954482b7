"""What a conversation is called where several stand in a list."""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING

from services.detector.domain.finding import on_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from services.detector.domain.mirror import MirroredConversation
    from shared.contracts.resources import ConversationChanged

_CHARACTERS = 70


def title_of(record: ConversationChanged, opening: str | None) -> str:
    """Return the title that it was given, else its first words, else its day."""
    begun = shorten(opening, _CHARACTERS, placeholder="…") if opening else ""
    return record.title or begun or f"Conversation of {on_day(record.created_at)}"


def untitled(conversations: Iterable[MirroredConversation]) -> set[str]:
    """Return the keys of those that were given no title, whose first words are wanted."""
    return {one.key for one in conversations if not one.record.title}


def titles_of(conversations: Iterable[MirroredConversation], openings: Mapping[str, str]) -> dict[str, str]:
    """Return by key what each is called; `openings` holds first words, as the mirror returns them."""
    return {one.key: title_of(one.record, openings.get(one.key)) for one in conversations}
