"""The titles of conversations in lists."""

from __future__ import annotations

import re
from textwrap import shorten
from typing import TYPE_CHECKING, NamedTuple

from services.detector.domain.finding import on_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from services.detector.domain.mirror import MirroredConversation
    from shared.contracts.resources import ConversationChanged

_CHARACTERS = 70
_WORDS_CHARACTERS = 160
"""Characters of the first words beside a title; two lines of a list."""
_BEFORE_CHARACTERS = 60
"""Characters shown before the words that were searched for: enough to tell what they are about."""
_MORE = "…"


class Passage(NamedTuple):
    """The words that were found in a message, as they were written, and some of the text around them."""

    before: str
    words: str
    after: str


def title_of(record: ConversationChanged, opening: str | None) -> str:
    """Return the subject that the conversation was given, else its first words, else its day."""
    return record.title or _begun(opening or "") or f"Conversation of {on_day(record.created_at)}"


def _begun(opening: str, most: int = _CHARACTERS) -> str:
    begun = shorten(opening, most, placeholder=_MORE)
    if begun != _MORE:
        return begun
    # The first word alone is too long: an address, or a language without spaces.
    return " ".join(opening.split())[: most - len(_MORE)] + _MORE


def first_words(opening: str) -> str:
    """Return how a conversation began, cut between words; empty if it began without any."""
    return _begun(opening, _WORDS_CHARACTERS)


def passage_of(text: str, words: str) -> Passage | None:
    """Return the passage with these words, in any case and cut between words; None if there is none."""
    match = re.search(re.escape(words), text, re.IGNORECASE) if words else None
    if match is None:
        return None
    before, after = " ".join(text[: match.start()].split()), " ".join(text[match.end() :].split())
    if len(before) > _BEFORE_CHARACTERS:
        cut = before[-_BEFORE_CHARACTERS:]
        before = _MORE + (cut.partition(" ")[2] or cut)
    if len(after) > _WORDS_CHARACTERS:
        cut = after[:_WORDS_CHARACTERS]
        after = (cut.rpartition(" ")[0] or cut) + _MORE
    space_before = " " if text[: match.start()][-1:].isspace() else ""
    space_after = " " if text[match.end() :][:1].isspace() else ""
    return Passage(before + space_before, " ".join(match.group().split()), space_after + after)


def untitled(conversations: Iterable[MirroredConversation]) -> set[str]:
    """Return the keys of conversations without a subject, whose first words are needed."""
    return {conversation.key for conversation in conversations if not conversation.record.title}


def titles_of(conversations: Iterable[MirroredConversation], openings: Mapping[str, str]) -> dict[str, str]:
    """Return each conversation's title by key; `openings` has first words, as the mirror returns them."""
    return {
        conversation.key: title_of(conversation.record, openings.get(conversation.key))
        for conversation in conversations
    }
