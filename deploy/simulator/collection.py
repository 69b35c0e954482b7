"""How many things of one kind are held: derived from their index until changed, then kept.

A collection has a generated base of `base_count` things, each computed from its index whenever it is
asked for, and an overlay of the things that were added or changed. So a million conversations cost
nothing until one of them is touched. An authored workspace simply has no base.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Identified(Protocol):
    """Anything with an id that is unique in its collection."""

    @property
    def id(self) -> str: ...


Thing = TypeVar("Thing", bound=Identified)


@dataclass(frozen=True)
class Base(Generic[Thing]):
    """The generated part of a collection: `derive(index)` must be pure, and `index_of` its inverse by id."""

    count: int
    derive: Callable[[int], Thing]
    index_of: Callable[[str], int | None]
    id_of: Callable[[int], str]


class Collection(Generic[Thing]):
    """Things by id, in order of creation. A thing never changes; a change puts a new version under its id."""

    def __init__(self, base: Base[Thing] | None = None) -> None:
        self.base = base
        self._kept: dict[str, Thing] = {}
        self._removed: set[int] = set()
        self._changed: set[int] = set()

    def get(self, thing_id: str) -> Thing | None:
        kept = self._kept.get(thing_id)
        if kept is not None:
            return kept
        index = self.base_index(thing_id)
        if self.base is None or index is None or index in self._removed:
            return None
        return self.base.derive(index)

    def __getitem__(self, thing_id: str) -> Thing:
        thing = self.get(thing_id)
        if thing is None:
            raise KeyError(thing_id)
        return thing

    def __contains__(self, thing_id: str) -> bool:
        if thing_id in self._kept:
            return True
        index = self.base_index(thing_id)
        return index is not None and index not in self._removed

    def put(self, thing: Thing) -> None:
        index = self.base_index(thing.id)
        if index is not None:
            self._changed.add(index)
            self._removed.discard(index)
        self._kept[thing.id] = thing

    def remove(self, thing_id: str) -> None:
        index = self.base_index(thing_id)
        if index is not None:
            self._removed.add(index)
            self._changed.discard(index)
        self._kept.pop(thing_id, None)

    def base_index(self, thing_id: str) -> int | None:
        """The index in the generated base, or None for a thing that was added later (or never existed)."""
        return None if self.base is None else self.base.index_of(thing_id)

    def changed_ids(self) -> tuple[str, ...]:
        """Every id that no longer is as it was generated: added, changed or removed."""
        if self.base is None:
            return tuple(self._kept)
        return (*self._kept, *(self.base.id_of(index) for index in self._removed))

    def __len__(self) -> int:
        base_count = 0 if self.base is None else self.base.count
        added = len(self._kept) - len(self._changed)
        return base_count - len(self._removed) + added

    def ids(self) -> Iterator[str]:
        """Every id: the generated ones in order of their index, then the added ones in order of adding."""
        if self.base is not None:
            for index in range(self.base.count):
                if index not in self._removed:
                    yield self.base.id_of(index)
        changed = {self.base.id_of(index) for index in self._changed} if self.base else set()
        # A copy, so that a reader who is paused between two things may meet changes in the meantime.
        for thing_id in tuple(self._kept):
            if thing_id not in changed:
                yield thing_id

    def __iter__(self) -> Iterator[Thing]:
        for thing_id in self.ids():
            thing = self.get(thing_id)
            if thing is not None:
                yield thing
