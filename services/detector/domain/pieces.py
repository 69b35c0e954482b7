"""The pieces in which a text model reads a message: windows of whole clauses, alone and in context.

Names of rivals and openers are taken out of what the model reads, never out of what is quoted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from services.detector.domain.conversation import AuthorType
from services.detector.domain.text.openers import without_opener
from services.detector.domain.text.rivals import with_rivals_unnamed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.detector.domain.conversation import Message
    from services.detector.domain.dialogue import Turns

WINDOW_CHARACTERS = 500
"""About a hundred words: what the model reads at once, and a paragraph or two of a letter."""
WINDOWS_LIMIT = 6
"""Of a longer letter, the beginning and the end are scored, where people say what they want."""
_LAST_WINDOWS = 2
BEFORE_CHARACTERS = 160
AFTER_CHARACTERS = 240
"""A sentence or three: a reply says at its beginning what it replies to."""
_AGENT = " || Agent: "
_CUSTOMER = " || Customer: "
"""What precedes each side's words, in training as here."""
_FRAGMENT_WORDS = 6
"""A next message of so few words that asks nothing ("my appointment on Friday") belongs to the one before."""
_EXPLAINING = re.compile(
    r"\b(?:mean|means|meant|sorry|wrong|actually|wait|oops|ignore|scratch|never ?mind|not (?:the|our|your|my)"
    r"|talking about|that is|as in|i\.e)\b",
    re.IGNORECASE,
)
"""Words with which people correct or explain what they just wrote."""


def windows(message: Message, left_out: frozenset[int] = frozenset()) -> list[str]:
    """The author's words in windows of whole clauses; at most WINDOWS_LIMIT of them.

    Greetings and openers are left out: the model finds the same matter behind each of them. So are the
    clauses whose index is in `left_out`, and the names of rivals.
    """
    passages: list[str] = []
    for clause in message.clauses:
        if clause.index in left_out:
            continue
        text = message.text[clause.start : clause.end]
        if passages and len(passages[-1]) + len(text) < WINDOW_CHARACTERS:
            passages[-1] = f"{passages[-1]} {text}"
        else:
            passages.append(text)
    if len(passages) > WINDOWS_LIMIT:
        passages = [*passages[: WINDOWS_LIMIT - _LAST_WINDOWS], *passages[-_LAST_WINDOWS:]]
    return (
        [
            with_rivals_unnamed(text, message.own_product)
            for text in (without_opener(passages[0]), *passages[1:])
        ]
        if passages
        else []
    )


def exchanges(message: Message, turns: Turns) -> list[str]:
    """The windows of a message, each with what an agent said before and what was said after it.

    Empty if nothing was said around it. Of what came before, the end is used, where an offer or a question
    stands; of what came after, the beginning.
    """
    before, after = _around(message, turns)
    return _in_context(message, before, after)


def exchanges_to_score(message: Message, turns: Turns, left_out: frozenset[int] = frozenset()) -> list[str]:
    """The exchanges of a message, and again without other matters that the customer went on to.

    The next message may be about something else ("We won't be renewing." - "How do I export our data?") and
    must not hide this one; the stronger score of both counts. One that explains it ("the newsletter, I
    mean") stays with it. Empty where nothing was said around it but other matters of the customer's.
    """
    before, after = _around(message, turns)
    if any(author is AuthorType.CUSTOMER and _explains(said) for author, said in after):
        return _in_context(message, before, after, left_out)
    agents = [(author, said) for author, said in after if author is AuthorType.AGENT]
    if not before and not agents:
        return []
    texts = [
        *_in_context(message, before, after, left_out),
        *_in_context(message, before, agents, left_out),
    ]
    return list(dict.fromkeys(texts))


def _explains(said: str) -> bool:
    """Whether a customer's next message is likely to say what the one before it meant."""
    is_fragment = len(said.split()) <= _FRAGMENT_WORDS and not said.endswith("?")
    return is_fragment or _EXPLAINING.search(said) is not None


_Said = tuple[AuthorType, str]


def _around(message: Message, turns: Turns) -> tuple[str, list[_Said]]:
    """The end of what an agent said before a message, and what each one said after it."""
    before = _words(turns.offers(message))[-BEFORE_CHARACTERS:]
    following = ((other.author_type, _words((other,))) for other in turns.following(message))
    return before, [(author, said) for author, said in following if said]


def _in_context(
    message: Message, before: str, after: Sequence[_Said], left_out: frozenset[int] = frozenset()
) -> list[str]:
    if not before and not after:
        return []
    lead = f"{_AGENT}{before}{_CUSTOMER}" if before else ""
    rest = "".join(f"{_AGENT if author is AuthorType.AGENT else _CUSTOMER}{said}" for author, said in after)
    return [f"{lead}{window}{rest[:AFTER_CHARACTERS]}" for window in windows(message, left_out)]


def _words(messages: Sequence[Message]) -> str:
    return " ".join(message.text[part.start : part.end] for message in messages for part in message.clauses)


def clause_text(message: Message, index: int) -> str:
    """One clause as the model reads it."""
    clause = message.clauses[index]
    return with_rivals_unnamed(without_opener(message.text[clause.start : clause.end]), message.own_product)
