"""What a detector may look at: a conversation, the account behind it, and the time of looking.

Everything here is frozen and does no I/O, so a detector that receives nothing else is a pure function. Views
derived from a message (its author's own words, cut into clauses) are computed at most once per message and
shared by all detectors.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from services.detector.domain.machine_written import machine_written
from services.detector.domain.own_product import without_own_product
from services.detector.domain.text.language import guess_language
from services.detector.domain.text.quoting import signed_from
from services.detector.domain.text.sentences import Clause, split_clauses

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from services.detector.domain.model_scores import MessageScores


class AuthorType(StrEnum):
    """Who is speaking. Only a customer's words are evidence of what the customer thinks."""

    CUSTOMER = "customer"
    AGENT = "agent"
    BOT = "bot"


@dataclass(frozen=True)
class Message:
    """One part of a conversation as plain text.

    `text` is the text that evidence offsets refer to (code points, HTML already converted to text once). `at`
    must be aware. `internal` marks teammates' notes, which no customer sees. `from_ai_agent` distinguishes
    Intercom's AI agent from other bots; it belongs to neither side, but what it writes counts as a reply.
    `own_product` is the product of those to whom it is written, if it is a well-known one (`own_product.py`):
    it is read as no rival's. It does not make another message of this.
    """

    part_id: str
    author_type: AuthorType
    at: datetime
    text: str
    author_id: str = ""
    author_name: str = ""
    author_email: str = ""
    internal: bool = False
    from_ai_agent: bool = False
    own_product: str = field(default="", compare=False)

    @property
    def from_customer(self) -> bool:
        """Whether a customer wrote this where both sides can read it."""
        return self.author_type is AuthorType.CUSTOMER and not self.internal

    @cached_property
    def clauses(self) -> tuple[Clause, ...]:
        """The author's own words (no quoted mail, signature, code), cut into clauses with offsets."""
        clauses = split_clauses(self.text)
        if self.own_product:
            clauses = tuple(without_own_product(clause, self.own_product) for clause in clauses)
        signed = signed_from(self.text, self.author_name)
        return clauses if signed is None else tuple(clause for clause in clauses if clause.start < signed)

    @cached_property
    def language(self) -> str:
        """`en`, `other`, or `unknown` (too short to tell). Detectors abstain on `other`."""
        return guess_language(clause.raw_words for clause in self.clauses)

    @cached_property
    def machine_written(self) -> bool:
        """Whether no person wrote this: an automatic reply, a bounce, another system's notice."""
        return machine_written(self.clauses)


@dataclass(frozen=True)
class Conversation:
    """A conversation with its parts, oldest first. (workspace_id, id) is its identity."""

    organization_id: str
    workspace_id: str
    id: str
    messages: tuple[Message, ...]
    title: str = ""
    state: str = "open"
    created_at: datetime | None = None
    updated_at: datetime | None = None
    tags: tuple[str, ...] = ()
    rating: int | None = None
    rating_remark: str = ""
    contact_ids: tuple[str, ...] = ()
    company_ids: tuple[str, ...] = ()
    assignee_id: str = ""
    team_id: str = ""

    @cached_property
    def customer_messages(self) -> tuple[Message, ...]:
        """The messages customers wrote, oldest first."""
        return tuple(message for message in self.messages if message.from_customer)

    @cached_property
    def readable_messages(self) -> tuple[Message, ...]:
        """Messages from customers in a language that the detectors know, or too short to tell."""
        return tuple(
            message
            for message in self.customer_messages
            if message.language != "other" and not message.machine_written
        )

    @property
    def other_language_count(self) -> int:
        """How many customer messages every text detector abstained on because of their language."""
        return sum(message.language == "other" for message in self.customer_messages)


@dataclass(frozen=True)
class AccountFacts:
    """What the workspace's attributes say about one customer; None means that it is unknown.

    `monthly_spend` is in the workspace's own currency; `seats` are paid for, `user_count` are people seen.
    """

    customer_id: str = ""
    name: str = ""
    plan: str | None = None
    monthly_spend: float | None = None
    seats: int | None = None
    user_count: int | None = None
    signed_up_at: datetime | None = None
    renewal_date: date | None = None
    last_seen_at: datetime | None = None


@dataclass(frozen=True)
class FactsAt:
    """Account facts as they were at one moment."""

    at: datetime
    facts: AccountFacts


@dataclass(frozen=True)
class ConversationSummary:
    """What an account detector needs to know of one past conversation.

    `last_customer_at` is a customer's newest message, `last_asked_at` the newest one that wants a reply, and
    `last_agent_at` the newest reply, from a teammate or the AI agent; None means never.
    """

    conversation_id: str
    opened_at: datetime
    state: str = "open"
    last_customer_at: datetime | None = None
    last_asked_at: datetime | None = None
    last_agent_at: datetime | None = None
    rating: int | None = None
    rated_at: datetime | None = None

    @property
    def waits_since(self) -> datetime | None:
        """Return since when the customer waits for a reply; None if nothing waits, or it is not open."""
        asked, answered = self.last_asked_at, self.last_agent_at
        if self.state != "open" or asked is None:
            return None
        return asked if answered is None or answered < asked else None


@dataclass(frozen=True)
class AccountHistory:
    """A customer's past: older fact snapshots and its conversations, both oldest first."""

    snapshots: tuple[FactsAt, ...] = ()
    conversations: tuple[ConversationSummary, ...] = ()


@dataclass(frozen=True)
class Context:
    """The time of detection and what is known about the conversation's surroundings.

    `scores` are a text model's scores of the customers' messages by part id; without them detectors go by
    their rules alone.
    """

    now: datetime
    facts: AccountFacts = field(default_factory=AccountFacts)
    scores: Mapping[str, MessageScores] = field(default_factory=dict)
