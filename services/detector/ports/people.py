"""How many conversations people take part in, counted apart from the records' way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class DuePerson:
    """A person, by key, whose conversations are to be counted; `marks` says how often that was asked for."""

    organization_id: str
    key: str
    marks: int | None


class PeopleCounts(Protocol):
    """Whose conversations are to be counted, and how many they are.

    A person who is new in the mirror is marked in the write that keeps the person.
    """

    async def participants(
        self, organization_id: str, conversation_keys: Collection[str]
    ) -> dict[str, frozenset[str]]:
        """Return by key which people take part in these conversations, as they are held."""
        ...

    async def mark(self, organization_id: str, keys: Collection[str], at: datetime) -> None:
        """Let the conversations of these people be counted from then on, or from when it was asked before."""
        ...

    async def due(self, now: datetime, limit: int, *, after: str = "") -> list[DuePerson]:
        """Return people of one organization who are to be counted now, those who waited longest first.

        It is the first behind `after` where anybody waits; behind the last one comes the first.
        """
        ...

    async def count(self, organization_id: str, keys: Collection[str]) -> dict[str, int]:
        """Count the conversations of each of these people; who has none may be left out."""
        ...

    async def save(self, organization_id: str, counted: Sequence[tuple[DuePerson, int]]) -> None:
        """Keep these counts, but of those who were marked again since: they stay to be counted."""
        ...

    async def put_off(self, organization_id: str, people: Sequence[DuePerson], until: datetime) -> None:
        """Let these be counted from then on; who was marked again since, or is from now on, as ever."""
        ...
