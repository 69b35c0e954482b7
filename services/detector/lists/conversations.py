"""The list of conversations: its filters, and its port."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from services.detector.lists.filters import ANY

if TYPE_CHECKING:
    from collections.abc import Collection

    from services.detector.domain.mirror import MirroredConversation
    from services.detector.domain.signal import Signal
    from services.detector.lists.filters import Narrowing
    from services.detector.lists.rows import Counted, Portion

ConversationState = Literal["open", "waiting", "snoozed", "closed"]
"""`waiting`: open, and the customer waits for a reply; the others are Intercom's own states."""

SEARCHED = 5_000
"""Conversations that are searched for words: of those that the other filters leave, the ones that moved
last. There is no index of words, so each is looked at; searching more would keep people waiting."""

WRITTEN_AMONG = 1_000
"""Conversations whose messages are searched for words: the first of `SEARCHED`, since each has many
messages."""

WAITING_AMONG = 2_000
"""Open conversations that are checked for customers waiting for a reply: those that moved last."""


@dataclass(frozen=True, slots=True)
class ConversationFilter:
    """Which conversations to list; None means no restriction.

    `words` are searched for, as one phrase and in any case, in the title, in the names of the people and the
    customer, and in the messages.
    """

    narrowed: Narrowing = ANY
    person: str | None = None
    state: ConversationState | None = None
    words: str | None = None

    @property
    def sought(self) -> str:
        """Return the trimmed words; empty if nothing is searched for.

        The character 0 is removed: no database accepts it in a pattern, and no name contains it.
        """
        return (self.words or "").replace("\0", "").strip()


class FoundConversations(Protocol):
    """The conversations that a filter finds: computed once, then listed, counted and exported."""

    async def portion(self, *, position: dict[str, Any] | None, limit: int) -> Portion[MirroredConversation]:
        """Return conversations, last updated first. `position` is the `next` of an earlier portion.

        There may be fewer than `limit` before the end.
        """
        ...

    async def count(self, most: int) -> Counted:
        """Return how many there are, counting up to `most`, or fewer where counting is expensive."""
        ...


class Conversations(Protocol):
    """Lists conversations."""

    async def find(self, organization_id: str, wanted: ConversationFilter) -> FoundConversations:
        """Work out which conversations a filter finds."""
        ...

    async def written(
        self, organization_id: str, conversation_keys: Collection[str], words: str
    ) -> dict[str, str]:
        """Return by conversation the text of a message that contains the words, if there is one."""
        ...

    async def open_signals(
        self, organization_id: str, conversation_keys: Collection[str]
    ) -> dict[str, list[Signal]]:
        """Return by conversation the open signals that rest on it, surest first; bounded."""
        ...
