"""The list of conversations: what it may be narrowed by, and the port that answers."""

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
"""`waiting`: open, and the customer waits for an answer; the others are Intercom's own."""

SEARCHED = 5_000
"""Conversations among which words are looked for: those that moved last, of what the other filters leave.
There is no index of words, so each is looked at; reading more would keep the reader waiting."""

WRITTEN_AMONG = 1_000
"""Conversations in whose messages words are looked for: the first of `SEARCHED`, since each has many."""

WAITING_AMONG = 2_000
"""Open conversations of which is seen who waits for an answer: those that moved last."""


@dataclass(frozen=True, slots=True)
class ConversationFilter:
    """Which conversations; None means no restriction.

    `words` are looked for, as one piece and in any case, in the title, in the names of the people and the
    customer, and in what was written.
    """

    narrowed: Narrowing = ANY
    person: str | None = None
    state: ConversationState | None = None
    words: str | None = None

    @property
    def sought(self) -> str:
        """Return the words without spaces around them; empty where nothing is looked for.

        The character 0, which no database takes in a pattern, is in no name either.
        """
        return (self.words or "").replace("\0", "").strip()


class FoundConversations(Protocol):
    """What a filter means at one moment: worked out once, then listed, counted and written to a file."""

    async def portion(self, *, position: dict[str, Any] | None, limit: int) -> Portion[MirroredConversation]:
        """Return conversations, the last updated first. `position` is a `Portion.next` that was given out.

        There may be fewer than `limit` before the end.
        """
        ...

    async def count(self, most: int) -> Counted:
        """Return how many there are, counting no further than `most`, and where that costs much, less far."""
        ...


class Conversations(Protocol):
    """Lists conversations."""

    async def find(self, organization_id: str, wanted: ConversationFilter) -> FoundConversations:
        """Work out which conversations are wanted."""
        ...

    async def written(
        self, organization_id: str, conversation_keys: Collection[str], words: str
    ) -> dict[str, str]:
        """Return by conversation the text of a message that holds the words, where there is one."""
        ...

    async def open_signals(
        self, organization_id: str, conversation_keys: Collection[str]
    ) -> dict[str, list[Signal]]:
        """Return by conversation the open signals that rest on it, the surest first; bounded."""
        ...
