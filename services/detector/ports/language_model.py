"""The language model, what it is asked, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from services.detector.domain.asking import Prompt
    from services.detector.domain.question import Question


class Questions(Protocol):
    """Questions to the language model with their outcomes. They hold places and digests, never words."""

    async def of(
        self, organization_id: str, conversation_keys: Collection[str]
    ) -> dict[str, dict[str, Question]]:
        """Return the questions of these conversations by conversation and id, whatever became of them."""
        ...

    async def ask(self, questions: Collection[Question]) -> None:
        """Keep new questions; one whose id is held stays as it is."""
        ...

    async def claim(self, owner: str, now: datetime, lease_seconds: float) -> Question | None:
        """Take the oldest unsettled question of any organization that nobody works on, for that long."""
        ...

    async def keep(self, question: Question) -> None:
        """Keep a question's outcome; nothing happens where it was forgotten meanwhile."""
        ...

    async def forget(self, organization_id: str, question_ids: Collection[str]) -> int: ...

    async def forget_words(
        self, organization_id: str, conversation_key: str, part_ids: Collection[str] | None
    ) -> int:
        """Forget what was asked about these parts, or about the whole conversation."""
        ...

    async def remove(self, organization_id: str, connection_id: str) -> int: ...


@dataclass(frozen=True, slots=True)
class Spent:
    """What was asked of the language model on one day."""

    requests: int = 0
    tokens: int = 0


class ModelUse(Protocol):
    """For which detectors an organization lets the language model be asked, and what that costs a day."""

    async def chosen(self, organization_id: str) -> frozenset[str]:
        """Return the detectors it is switched on for; nobody is switched on by default."""
        ...

    async def choose(
        self, organization_id: str, detectors: Collection[str], by: str, at: datetime
    ) -> None: ...

    async def spend(self, organization_id: str, day: str, tokens: int, most: Spent) -> bool:
        """Count one request of at most so many tokens in one guarded write, unless the budget has no room."""
        ...

    async def correct(self, organization_id: str, day: str, tokens: int) -> None:
        """Add what a request took beyond its estimate; negative where it took less."""
        ...

    async def spent(self, organization_id: str, day: str) -> Spent: ...


@dataclass(frozen=True, slots=True)
class Answered:
    """What a language model answered; `tokens` is its own count of both directions, where it told any."""

    content: str
    tokens: int | None = None


class LanguageModel(Protocol):
    """A chat model somewhere else."""

    @property
    def name(self) -> str: ...

    async def answer(self, prompt: Prompt) -> Answered:
        """Return what the model says; bounded in time and size.

        Raises:
            NoAnswerError: whatever went wrong, by its outcome. Nothing is tried twice.
        """
        ...
