"""The language model, the questions put to it, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from services.detector.domain.asking import Prompt
    from services.detector.domain.question import Question


class Questions(Protocol):
    """Questions to the language model with their outcomes. They hold offsets and digests, never words."""

    async def of(
        self, organization_id: str, conversation_keys: Collection[str]
    ) -> dict[str, dict[str, Question]]:
        """Return the questions of these conversations by conversation and id, in any state."""
        ...

    async def ask(self, questions: Collection[Question]) -> None:
        """Store new questions; a question whose id exists is left unchanged."""
        ...

    async def claim(self, owner: str, now: datetime, lease_seconds: float) -> Question | None:
        """Lease the oldest unsettled question of any organization that nobody works on, for that long.

        A claim that ends later than any of so long may was made by a clock that was ahead; it is over.
        """
        ...

    async def keep(self, question: Question) -> None:
        """Store a question's outcome; do nothing if the question was deleted meanwhile."""
        ...

    async def forget(self, organization_id: str, question_ids: Collection[str]) -> int: ...

    async def forget_words(
        self, organization_id: str, conversation_key: str, part_ids: Collection[str] | None
    ) -> int:
        """Delete questions about these parts, or about the whole conversation."""
        ...

    async def remove(self, organization_id: str, connection_id: str) -> int: ...


@dataclass(frozen=True, slots=True)
class Spent:
    """Requests and tokens that the language model took on one day."""

    requests: int = 0
    tokens: int = 0


class ModelUse(Protocol):
    """Which detectors an organization has switched the language model on for, and what it costs per day."""

    async def chosen(self, organization_id: str) -> frozenset[str]:
        """Return the detectors it is switched on for; by default, none."""
        ...

    async def choose(
        self, organization_id: str, detectors: Collection[str], by: str, at: datetime
    ) -> None: ...

    async def spend(self, organization_id: str, day: str, tokens: int, most: Spent) -> bool:
        """Count one request of at most so many tokens; return False if the budget has no room for it."""
        ...

    async def correct(self, organization_id: str, day: str, tokens: int) -> None:
        """Add the difference between a request's estimated and actual tokens; it may be negative."""
        ...

    async def spent(self, organization_id: str, day: str) -> Spent: ...


@dataclass(frozen=True, slots=True)
class Answered:
    """A language model's answer; `tokens` is its own count for both directions, if it gave one."""

    content: str
    tokens: int | None = None


class LanguageModel(Protocol):
    """A chat model reached over the network."""

    @property
    def name(self) -> str: ...

    async def answer(self, prompt: Prompt) -> Answered:
        """Return the model's answer, bounded in time and size.

        Raises:
            NoAnswerError: there is no usable answer; its outcome says why. Nothing is tried twice.
        """
        ...
