"""Conversations as rows of a list: who wrote, which customer it belongs to, and what was found in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.detector.domain.identity import Subject, resource_key
from services.detector.domain.mood import roll_up
from services.detector.domain.spoken import contact_keys
from services.detector.domain.titles import Passage, first_words, passage_of, title_of
from services.detector.lists import Portion

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from services.detector.domain.customer import Customer
    from services.detector.domain.mirror import MirroredConversation
    from services.detector.domain.mood import Mood, MoodRules
    from services.detector.domain.signal import Signal
    from services.detector.lists import ConversationFilter, Conversations, FoundConversations
    from services.detector.ports import Customers, Mirror
    from shared.contracts.resources import ContactChanged


@dataclass(frozen=True)
class ConversationRow:
    """A conversation in a list.

    Attributes:
        title: its subject, else its first words, else its day.
        words: the first words if there is a subject as well, else empty.
        people: those of its contacts that are known, in Intercom's order.
        signals: the open signals that rest on it, surest first.
        passage: where a message contains the words that were searched for.
    """

    mirrored: MirroredConversation
    title: str
    words: str
    people: list[ContactChanged]
    customer: Customer | None
    tags: list[str]
    mood: Mood | None
    signals: list[Signal]
    passage: Passage | None = None

    @property
    def messages(self) -> int | None:
        """Return how many messages the customer's side wrote; None until the conversation was read."""
        return self.mirrored.analysis.messages if self.mirrored.analysis else None

    @property
    def waits_since(self) -> datetime | None:
        return self.mirrored.summary.waits_since


class ShowConversations:
    """Lists conversations with their ties; each kind of tie costs one query for a whole portion."""

    def __init__(
        self, *, mirror: Mirror, customers: Customers, conversations: Conversations, moods: MoodRules
    ) -> None:
        self._mirror = mirror
        self._customers = customers
        self._conversations = conversations
        self._moods = moods

    async def find(self, organization_id: str, wanted: ConversationFilter) -> FoundConversations:
        """Work out once which conversations are wanted, for their rows and their count."""
        return await self._conversations.find(organization_id, wanted)

    async def rows(
        self,
        organization_id: str,
        conversations: FoundConversations,
        *,
        position: dict[str, Any] | None,
        limit: int,
        sought: str = "",
    ) -> Portion[ConversationRow]:
        """Return rows, last updated first, from a position that an earlier portion gave.

        If words are `sought`, each row has the passage in which a message contains them.
        """
        portion = await conversations.portion(position=position, limit=limit)
        return Portion(await self._rows(organization_id, portion.items, sought), portion.next)

    async def _rows(
        self, organization_id: str, conversations: Sequence[MirroredConversation], sought: str
    ) -> list[ConversationRow]:
        keys = [conversation.key for conversation in conversations]
        openings = await self._mirror.openings(organization_id, keys)
        contacts = await self._mirror.contacts(
            organization_id,
            {key for conversation in conversations for key in contact_keys(conversation.record)},
        )
        tags = await self._mirror.tag_names(organization_id, _tags_of(conversations))
        whose = {conversation.key: _customer_id(conversation) for conversation in conversations}
        customers = await self._customers.by_ids(organization_id, {one for one in whose.values() if one})
        signals = await self._conversations.open_signals(organization_id, keys)
        written = await self._conversations.written(organization_id, keys, sought) if sought else {}
        return [
            ConversationRow(
                mirrored=conversation,
                title=title_of(conversation.record, openings.get(conversation.key)),
                words=first_words(openings.get(conversation.key, "")) if conversation.record.title else "",
                people=[contacts[key] for key in contact_keys(conversation.record) if key in contacts],
                customer=customers.get(whose[conversation.key] or ""),
                tags=sorted({tags[key] for key in _tags_of([conversation]) if key in tags}, key=str.casefold),
                mood=roll_up(conversation.analysis.moods if conversation.analysis else (), self._moods),
                signals=signals.get(conversation.key, []),
                passage=passage_of(written.get(conversation.key, ""), sought),
            )
            for conversation in conversations
        ]


def _tags_of(conversations: Collection[MirroredConversation]) -> set[str]:
    return {
        resource_key(conversation.record.workspace_id, tag)
        for conversation in conversations
        for tag in conversation.record.tag_ids
    }


def _customer_id(one: MirroredConversation) -> str | None:
    return Subject.from_key(one.subject).customer_id if one.subject else None
