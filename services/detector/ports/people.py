"""How many conversations people take part in, counted apart from the handling of records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class DuePerson:
    """A person, by key, whose conversations must be counted; `marks` is how often that was requested."""

    organization_id: str
    key: str
    marks: int | None


class PeopleCounts(Protocol):
    """Whose conversations must be counted, and the counts.

    A person who is new in the mirror is marked in the write that stores the person.
    """

    async def participants(
        self, organization_id: str, conversation_keys: Collection[str]
    ) -> dict[str, frozenset[str]]:
        """Return by key the people who take part in these conversations as they are stored."""
        ...

    async def mark(self, organization_id: str, keys: Collection[str], at: datetime) -> None:
        """Have these people's conversations counted from then on, or sooner if requested earlier."""
        ...

    async def due(self, now: datetime, limit: int, *, after: str = "") -> list[DuePerson]:
        """Return people of one organization whose conversations must be counted now, longest waiting first.

        The organization is the first after `after` in which anybody waits; after the last one, the first
        follows.
        """
        ...

    async def count(self, organization_id: str, keys: Collection[str]) -> dict[str, int]:
        """Count each of these people's conversations; people without any may be left out."""
        ...

    async def save(self, organization_id: str, counted: Sequence[tuple[DuePerson, int]]) -> None:
        """Store these counts, except for people who were marked again meanwhile."""
        ...

    async def put_off(self, organization_id: str, people: Sequence[DuePerson], until: datetime) -> None:
        """Have these counted from then on; those marked again meanwhile are due as before."""
        ...
