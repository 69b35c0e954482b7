"""Lists that are narrowed by more than a query can name: read in portions, of each of which some are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from services.detector.adapters.paging import place_of
from services.detector.lists import Counted, Portion

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from shared.documents.database import Document

Sieve: TypeAlias = "Callable[[Sequence[Document]], Awaitable[list[Document]]]"
"""Returns those of some documents that are meant, in their order."""

Ask: TypeAlias = "Callable[[dict[str, Any] | None, int], Awaitable[Portion[Document]]]"
"""Returns a portion of a list from a position on, of at most so many."""

_AT_ONCE = 500
"""Documents that are looked at together."""

_MOST_PORTIONS = 40
"""Portions of them that one page takes: 20,000 documents. Who found too few by then goes on from there."""


async def walked(
    ask: Ask,
    sieves: Sequence[Sieve],
    *,
    position: dict[str, Any] | None,
    limit: int,
    field: str,
    descending: bool,
) -> Portion[Document]:
    """Return up to `limit` of those that all sieves let through, in the order of `ask`, which is by `field`.

    Without sieves that is one portion. With them it may be fewer than `limit`, or none, and not be the end.
    """
    if not sieves:
        return await ask(position, limit)
    passed: list[Document] = []
    for _ in range(_MOST_PORTIONS):
        portion = await ask(position, _AT_ONCE)
        passed += await _through(sieves, portion.items)
        position = portion.next
        if len(passed) > limit:
            passed = passed[:limit]
            return Portion(passed, place_of(passed[-1], field, descending=descending))
        if position is None:
            break
    return Portion(passed, position)


async def counted(ask: Ask, sieves: Sequence[Sieve], most: int) -> Counted:
    """Return how many all sieves let through, as far as `most` and the documents that one page takes."""
    number, position = 0, None
    for _ in range(_MOST_PORTIONS):
        portion = await ask(position, _AT_ONCE)
        number += len(await _through(sieves, portion.items))
        position = portion.next
        if number > most:
            return Counted(most, is_all=False)
        if position is None:
            return Counted(number)
    return Counted(number, is_all=False)


async def _through(sieves: Sequence[Sieve], documents: list[Document]) -> list[Document]:
    for sieve in sieves:
        documents = await sieve(documents)
    return documents
