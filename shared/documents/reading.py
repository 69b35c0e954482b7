"""Reading many documents, one of which may be such that nobody can read it: all others are read.

Lists and pages show what can be read. Work that decides something must not do so without a document that is
there, and fails instead, for that one alone.
"""

from __future__ import annotations

from pathlib import Path
from traceback import extract_tb
from typing import TYPE_CHECKING, Protocol, TypeVar

import structlog
from pydantic import ValidationError

from shared.documents.collection import ORGANIZATION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shared.documents.database import Document

T = TypeVar("T")

_LOG = structlog.get_logger(__name__)


def uncounted(_: str) -> None:
    """Count nowhere, as tests and tools do that have no metrics."""


class Door(Protocol):
    """What the documents of one collection are read through."""

    def each(self, documents: Iterable[Document], read: Callable[[Document], T]) -> list[T]:
        """Return what `read` makes of the documents, in their order."""
        ...


class AllOrNothing:
    """The door of work that must not go on without one of its documents: what is wrong with one is raised."""

    def each(self, documents: Iterable[Document], read: Callable[[Document], T]) -> list[T]:
        return [read(one) for one in documents]


def door(collection: str, left_out: Callable[[str], None] | None) -> Door:
    """Return a door that leaves out what cannot be read and tells `left_out`, or, without one, raises."""
    return AllOrNothing() if left_out is None else Reading(collection, left_out)


class Reading:
    """The door through which the documents of one collection are read, each on its own.

    What cannot be read is left out, logged with its id, and counted by `count`, which is given the
    collection's name. The log quotes nothing of it.
    """

    def __init__(self, collection: str, count: Callable[[str], None] = uncounted) -> None:
        self._collection = collection
        self._count = count

    def each(
        self,
        documents: Iterable[Document],
        read: Callable[[Document], T],
        unreadable: Callable[[Document], object] = lambda _: None,
    ) -> list[T]:
        """Return what `read` makes of the documents, in their order, but of those that it cannot read.

        The latter are handed to `unreadable`.
        """
        readable: list[T] = []
        for document in documents:
            try:
                readable.append(read(document))
            except Exception as error:  # noqa: BLE001 - whatever it is about one of them, all others are read
                _LOG.error(
                    "a document cannot be read and is left out",
                    collection=self._collection,
                    document_id=str(document.get("_id")),
                    organization_id=str(document.get(ORGANIZATION)),
                    reason=why_unreadable(error),
                )
                self._count(self._collection)
                unreadable(document)
        return readable


def why_unreadable(error: Exception) -> str:
    """Return what went wrong with a document and where, by names of errors, fields and lines of code alone.

    The words of an error may quote what it was about, which may be a customer's.
    """
    words = type(error).__name__
    if isinstance(error, ValidationError):
        # Deeper than the first, a place may be a name that somebody gave.
        problems = {(str(one["loc"][0]) if one["loc"] else "", one["type"]) for one in error.errors()}
        words += ": " + ", ".join(f"{field} ({kind})".strip() for field, kind in sorted(problems))
    if frames := extract_tb(error.__traceback__):
        words += f", at {Path(frames[-1].filename).name}:{frames[-1].lineno}"
    return words
