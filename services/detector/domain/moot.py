"""What the two sides make moot between them: a wish that was there all along, an offer that is declined.

Both speak: an agent shows where it is, or names the price, and the customer's next words take it so. The
words before were meant, and are moot now; a model that reads them still hears a wish.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from services.detector.domain.conversation import AuthorType
from services.detector.domain.cues.moot import (
    AGREED,
    ANOTHER_OFFERED,
    ASKED_WHETHER_LEAVING,
    DECLINED,
    DENIED,
    HELD_BACK,
    HELD_ON_TO,
    SHOWN,
    STILL_LEAVING,
    TAKEN,
    UNMET,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from services.detector.domain.conversation import Conversation, Message
    from services.detector.domain.learned import Learned
    from services.detector.domain.message_scoring import Scores
    from services.detector.domain.rules import RuleBook
    from services.detector.domain.text.sentences import Clause


REACH_MESSAGES = 3
"""How many of the same person's earlier messages are taken back by one."""


@dataclass(frozen=True, slots=True)
class _Exchange:
    """A customer's last words, by position, what agents answered, and the answer to that."""

    before: int
    said: tuple[Clause, ...]
    replied: tuple[Clause, ...]


def found_there(conversation: Conversation) -> frozenset[int]:
    """Positions in `readable_messages` of what an agent showed to be there and its author took for an answer.

    Not where the agent holds anything back, or the author is left wanting.
    """
    return frozenset(
        one.before
        for one in _exchanges(conversation)
        if _any(SHOWN, one.said) and _any(TAKEN, one.replied)
        if not (_any(HELD_BACK, one.said) or _any(UNMET, one.replied))
    )


def declined(conversation: Conversation) -> frozenset[int]:
    """Positions in `readable_messages` of what its author let be after an agent's answer.

    Not where the agent had done it, and offered something beside it.
    """
    return frozenset(
        one.before
        for one in _exchanges(conversation)
        if _any(DECLINED, one.replied)
        if not (_any(ANOTHER_OFFERED, one.said) or _any(AGREED, one.replied))
    )


def denied(conversation: Conversation) -> frozenset[int]:
    """Positions in `readable_messages` of what an agent took for leaving and its author says is not.

    Not where the agent tries to keep who leaves, or the author leaves all the same.
    """
    return frozenset(
        one.before
        for one in _exchanges(conversation)
        if _any(ASKED_WHETHER_LEAVING, one.said) and _any(DENIED, one.replied)
        if not (_any(HELD_ON_TO, one.said) or _any(STILL_LEAVING, one.replied))
    )


def heard_moot(conversation: Conversation, scores: Scores, learned: Learned) -> frozenset[int]:
    """Positions in `readable_messages` of what its author makes moot later on, as the model hears it.

    No list holds the words in which a matter turns out to be a mix-up, a joke or another's.
    """
    messages = conversation.readable_messages
    taken: set[int] = set()
    for position, message in enumerate(messages):
        heard = scores.get(message.part_id)
        if heard is not None and learned.makes_moot(heard):
            taken.update(earlier_of_author(messages, position))
    return frozenset(taken)


def earlier_of_author(messages: Sequence[Message], position: int) -> list[int]:
    """The positions of what the author of a message said before it; of much, the latest."""
    own = [at for at in range(position) if messages[at].author_id == messages[position].author_id]
    return own[-REACH_MESSAGES:]


def _any(book: RuleBook, clauses: Sequence[Clause]) -> bool:
    return any(book.hits(clause) for clause in clauses)


def _exchanges(conversation: Conversation) -> Iterator[_Exchange]:
    """Each time that agents answer a person who then speaks again."""
    position = {id(message): at for at, message in enumerate(conversation.readable_messages)}
    talk = [
        message
        for message in conversation.messages
        if id(message) in position or (message.author_type is AuthorType.AGENT and not message.internal)
    ]
    turns = [tuple(turn) for _, turn in groupby(talk, key=lambda one: one.author_type is AuthorType.AGENT)]
    for before, said, replied in zip(turns, turns[1:], turns[2:], strict=False):
        if said[0].author_type is AuthorType.AGENT and before[-1].author_id == replied[0].author_id:
            yield _Exchange(
                position[id(before[-1])],
                tuple(clause for one in said for clause in one.clauses),
                tuple(clause for one in replied for clause in one.clauses),
            )
