"""How many things of one kind are held: derived from their index until changed, then kept.

A collection has a generated base of `base_count` things, each computed from its index whenever it is
asked for, and an overlay of the things that were added or changed. So a million conversations cost
nothing until one of them is touched. An authored workspace simply has no base.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    import random
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
        self._added: dict[str, None] = {}
        self._removed: set[int] = set()

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
            self._removed.discard(index)
        else:
            self._added[thing.id] = None
        self._kept[thing.id] = thing

    def remove(self, thing_id: str) -> None:
        index = self.base_index(thing_id)
        if index is not None:
            self._removed.add(index)
        self._kept.pop(thing_id, None)
        self._added.pop(thing_id, None)

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
        return base_count - len(self._removed) + len(self._added)

    def ids(self) -> Iterator[str]:
        """Every id: the generated ones in order of their index, then the added ones in order of adding."""
        if self.base is not None:
            for index in range(self.base.count):
                if index not in self._removed:
                    yield self.base.id_of(index)
        # A copy, so that a reader who is paused between two things may meet changes in the meantime.
        yield from tuple(self._added)

    def newest_ids(self) -> Iterator[str]:
        """Every id, the newest first. It looks at no more of them than are taken."""
        yield from reversed(self._added)
        if self.base is not None:
            for index in range(self.base.count - 1, -1, -1):
                if index not in self._removed:
                    yield self.base.id_of(index)

    def some_id(self, rng: random.Random) -> str | None:
        """Any id, as likely as any other; None where there is none. The time it takes does not grow."""
        base_count = 0 if self.base is None else self.base.count
        # Picked like this, an added one is as likely as a generated one; a removed one is picked again.
        while len(self):
            position = rng.randrange(base_count + len(self._added))
            if self.base is None or position >= base_count:
                return next(islice(self._added, position - base_count, None))
            if position not in self._removed:
                return self.base.id_of(position)
        return None

    def __iter__(self) -> Iterator[Thing]:
        for thing_id in self.ids():
            thing = self.get(thing_id)
            if thing is not None:
                yield thing
