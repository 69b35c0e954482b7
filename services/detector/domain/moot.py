"""Finds messages that the exchange made moot: they were meant when written, and no longer call for anything.

Four exchanges do so: an agent shows that the wished-for thing exists, and the customer accepts that; a
customer declines what an agent offers; a customer denies that they are leaving when an agent asks; one who
was leaving takes what an agent offers to keep them. Both sides must speak. A text model that scores the
earlier message alone still finds a wish in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from services.detector.domain.conversation import AuthorType
from services.detector.domain.cues.moot import (
    ACCEPTED,
    AGREED,
    ANOTHER_OFFERED,
    ASKED_WHETHER_LEAVING,
    DECLINED,
    DENIED,
    HELD_BACK,
    HELD_ON_TO,
    KEEPING_OFFERED,
    REFUSED,
    SHOWN,
    STILL_LEAVING,
    TAKEN,
    UNMET,
)
from services.detector.domain.finding import Kind
from services.detector.domain.model_scores import CHURN_RISK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from services.detector.domain.conversation import Conversation, Message
    from services.detector.domain.learned import Learned
    from services.detector.domain.message_scoring import Scores
    from services.detector.domain.rules import RuleBook
    from services.detector.domain.text.sentences import Clause


_STAND = frozenset({Kind.CHURN_RISK, Kind.FEATURE_REQUEST})
"""What holds although its author goes on about leaving; an order for more does not."""
REACH_MESSAGES = 3
"""How many earlier messages of the same person one message can make moot."""


@dataclass(frozen=True, slots=True)
class _Exchange:
    """A customer's last message by position, what agents replied, what the customer said next, and where."""

    before: int
    said: tuple[Clause, ...]
    replied: tuple[Clause, ...]
    after: tuple[int, ...]


def found_there(conversation: Conversation) -> frozenset[int]:
    """Positions in `readable_messages` of wishes for something that exists, as the customer has accepted.

    Not where the agent makes a reservation, or the customer says that something is still missing.
    """
    return frozenset(
        exchange.before
        for exchange in _exchanges(conversation)
        if _any(SHOWN, exchange.said) and _any(TAKEN, exchange.replied)
        if not (_any(HELD_BACK, exchange.said) or _any(UNMET, exchange.replied))
    )


def declined(conversation: Conversation) -> frozenset[int]:
    """Positions in `readable_messages` of matters that their author declined to pursue after a reply.

    A reply that begins with a no to the offer is one of them: what it goes on to say gives the reason. Not
    where the agent had done it already, and offered something in addition.
    """
    let_be = [
        exchange
        for exchange in _exchanges(conversation)
        if _any(DECLINED, exchange.replied)
        if not (_any(ANOTHER_OFFERED, exchange.said) or _any(AGREED, exchange.replied))
    ]
    refusing = (exchange.after[0] for exchange in let_be if _any(REFUSED, exchange.replied[:1]))
    return frozenset(exchange.before for exchange in let_be).union(refusing)


def denied(conversation: Conversation) -> frozenset[int]:
    """Positions in `readable_messages` of what an agent took for leaving and its author says is not.

    Not where the agent tries to keep a customer who is leaving, or the customer leaves all the same.
    """
    return frozenset(
        exchange.before
        for exchange in _exchanges(conversation)
        if _any(ASKED_WHETHER_LEAVING, exchange.said) and _any(DENIED, exchange.replied)
        if not (_any(HELD_ON_TO, exchange.said) or _any(STILL_LEAVING, exchange.replied))
    )


def kept(conversation: Conversation) -> frozenset[int]:
    """Positions in `readable_messages` of notice whose author takes what an agent offers to keep them.

    Not where they leave all the same.
    """
    return frozenset(
        exchange.before
        for exchange in _exchanges(conversation)
        if _any(KEEPING_OFFERED, exchange.said) and _any(ACCEPTED, exchange.replied)
        if not (_any(REFUSED, exchange.replied) or _any(STILL_LEAVING, exchange.replied))
    )


def _refusals(conversation: Conversation) -> frozenset[int]:
    """Positions in `readable_messages` of what customers reply who refuse an offer that would keep them."""
    return frozenset(
        position
        for exchange in _exchanges(conversation)
        if _any(HELD_ON_TO, exchange.said) or _any(KEEPING_OFFERED, exchange.said)
        if _any(REFUSED, exchange.replied)
        for position in exchange.after
    )


def heard_moot(conversation: Conversation, scores: Scores, learned: Learned, kind: Kind) -> frozenset[int]:
    """Positions in `readable_messages` that a later message of their author makes moot, by the model.

    No list of phrases covers the ways in which a matter turns out to be a mix-up, a joke or another's. "No,
    thanks" to a better price is none of them, though it sounds alike. Nor does who goes on about leaving take
    back that they leave, or a wish.
    """
    messages = conversation.readable_messages
    retracting = {
        position
        for position, message in enumerate(messages)
        if (heard := scores.get(message.part_id)) is not None and learned.makes_moot(heard)
        if kind not in _STAND or not heard.tells(CHURN_RISK)
    }
    if retracting:
        retracting -= _refusals(conversation)
    return frozenset(earlier for position in retracting for earlier in earlier_of_author(messages, position))


def earlier_of_author(messages: Sequence[Message], position: int) -> list[int]:
    """The positions of the same author's messages before this one; if there are many, the latest."""
    own = [at for at in range(position) if messages[at].author_id == messages[position].author_id]
    return own[-REACH_MESSAGES:]


def _any(book: RuleBook, clauses: Sequence[Clause]) -> bool:
    return any(book.hits(clause) for clause in clauses)


def _exchanges(conversation: Conversation) -> Iterator[_Exchange]:
    """Each time that agents reply to a person who then writes again."""
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
                tuple(clause for message in said for clause in message.clauses),
                tuple(clause for message in replied for clause in message.clauses),
                tuple(position[id(message)] for message in replied),
            )
