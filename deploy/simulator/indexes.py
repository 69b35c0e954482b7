"""The search index: what a search sees, in order of time, and how late it sees it.

An index holds a version of each thing that may be older than the thing itself. Changes wait until their lag
has passed. What was generated and never changed is not held at all: it lies in order of its index, so a place
in it is found by bisection.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right, insort
from collections import OrderedDict
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from deploy.simulator.collection import Thing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deploy.simulator.collection import Collection

TIME_FIELDS = ("updated_at", "created_at")
"""Fields in whose order an index can be walked without sorting."""

REMEMBERED_COUNTS = 64
"""So many queries keep their total up to date; a poller asks the same few again and again."""

Row = TypeVar("Row")
Place = tuple[int, str]
Bounds = tuple[int, int]


class Predicate(Protocol):
    """A compiled query."""

    @property
    def key(self) -> str:
        """The same for equal queries."""
        ...

    @property
    def light(self) -> bool:
        """Whether the summary of a generated thing is enough to judge it."""
        ...

    @property
    def only_bounds(self) -> bool:
        """Whether the bounds say all there is to say."""
        ...

    def bounds(self, field: str) -> Bounds:
        """Smallest and largest value of a time field that can match."""
        ...

    def matches(self, thing: Any) -> bool: ...


@dataclass
class _Count:
    predicate: Predicate
    total: int


class SearchIndex(Generic[Thing]):
    """What searches and lists see of one collection. `shown` says whether a thing appears at all."""

    def __init__(
        self,
        collection: Collection[Thing],
        shown: Callable[[Thing], bool],
        summary: Callable[[int], Any] | None = None,
    ) -> None:
        self._collection = collection
        self._shown = shown
        self._base = collection.base
        self._summary = summary
        self._held: dict[str, Thing] = {}
        self._order: dict[str, list[Place]] = {field: [] for field in TIME_FIELDS}
        self._hidden_base: set[int] = set()
        self._waiting: list[tuple[float, int, str, Thing | None]] = []
        self._number = 0
        self._newest: dict[str, int] = {}
        self._counts: OrderedDict[str, _Count] = OrderedDict()
        for thing_id in collection.changed_ids():
            self._apply(thing_id, collection.get(thing_id))

    def change(self, thing_id: str, version: Thing | None, visible_at: float) -> None:
        """Note a new version (None: gone), to be seen from `visible_at` on."""
        self._number += 1
        heapq.heappush(self._waiting, (visible_at, self._number, thing_id, version))

    def settle(self, now: float) -> None:
        """Let everything whose lag has passed be seen."""
        while self._waiting and self._waiting[0][0] <= now:
            _, number, thing_id, version = heapq.heappop(self._waiting)
            # Where lags vary, an older version may be due after a newer one; it does not take its place.
            if number > self._newest.get(thing_id, 0):
                self._newest[thing_id] = number
                self._apply(thing_id, version)

    @property
    def waiting(self) -> int:
        """How many changes are not visible yet."""
        return len(self._waiting)

    def _current(self, thing_id: str) -> Thing | None:
        held = self._held.get(thing_id)
        if held is not None:
            return held
        index = self._collection.base_index(thing_id)
        if self._base is None or index is None or index in self._hidden_base:
            return None
        return self._base.derive(index)

    def _apply(self, thing_id: str, version: Thing | None) -> None:
        before = self._current(thing_id)
        after = version if version is not None and self._shown(version) else None
        if thing_id in self._held:
            for field, order in self._order.items():
                place = (getattr(self._held[thing_id], field), thing_id)
                del order[bisect_left(order, place)]
            del self._held[thing_id]
        index = self._collection.base_index(thing_id)
        if index is not None:
            self._hidden_base.add(index)
        if after is not None:
            self._held[thing_id] = after
            for field, order in self._order.items():
                insort(order, (getattr(after, field), thing_id))
        for count in self._counts.values():
            was = before is not None and count.predicate.matches(before)
            count.total += (after is not None and count.predicate.matches(after)) - was

    def walk(
        self, predicate: Predicate, field: str, *, descending: bool, after: Place | None = None
    ) -> Iterator[tuple[Place, Thing]]:
        """Matching things in order of a time field (ties by id), from the place after `after`."""
        low, high = predicate.bounds(field)
        order = self._order[field]
        start, stop = bisect_left(order, (low, "")), bisect_right(order, (high, "￿"))
        if after is not None and descending:
            stop = min(stop, bisect_left(order, after))
        elif after is not None:
            start = max(start, bisect_right(order, after))
        places = order[start:stop]
        if descending:
            places.reverse()
        held = ((place, self._held[place[1]]) for place in places)
        kept = ((place, thing) for place, thing in held if predicate.matches(thing))
        generated = self._walk_base(predicate, field, (low, high), after, descending=descending)
        return heapq.merge(kept, generated, key=lambda each: each[0], reverse=descending)

    def _walk_base(
        self, predicate: Predicate, field: str, bounds: Bounds, after: Place | None, *, descending: bool
    ) -> Iterator[tuple[Place, Thing]]:
        base = self._base
        if base is None:
            return
        start, stop = self._base_range(field, bounds)
        if after is not None:
            read = attrgetter(field)
            places = range(base.count)

            def place_of(index: int) -> Place:
                return (read(self._light(index)), base.id_of(index))

            if descending:
                stop = min(stop, bisect_left(places, after, key=place_of))
            else:
                start = max(start, bisect_right(places, after, key=place_of))
        for index in range(stop - 1, start - 1, -1) if descending else range(start, stop):
            if index in self._hidden_base:
                continue
            if predicate.light and not predicate.matches(self._light(index)):
                continue
            thing = base.derive(index)
            if predicate.light or predicate.matches(thing):
                yield (getattr(thing, field), thing.id), thing

    def _light(self, index: int) -> Any:
        if self._summary is not None:
            return self._summary(index)
        if self._base is None:
            raise IndexError(index)
        return self._base.derive(index)

    def _base_range(self, field: str, bounds: Bounds) -> tuple[int, int]:
        if self._base is None:
            return 0, 0
        places = range(self._base.count)
        read = attrgetter(field)

        def value(index: int) -> int:
            return int(read(self._light(index)))

        return bisect_left(places, bounds[0], key=value), bisect_right(places, bounds[1], key=value)

    def count(self, predicate: Predicate) -> int:
        """How many things match: exact, and kept up to date for the queries asked lately."""
        remembered = self._counts.get(predicate.key)
        if remembered is not None:
            self._counts.move_to_end(predicate.key)
            return remembered.total
        total = sum(1 for thing in self._held.values() if predicate.matches(thing))
        total += self._count_base(predicate)
        self._counts[predicate.key] = _Count(predicate, total)
        if len(self._counts) > REMEMBERED_COUNTS:
            self._counts.popitem(last=False)
        return total

    def _count_base(self, predicate: Predicate) -> int:
        if self._base is None:
            return 0
        ranges = [self._base_range(field, predicate.bounds(field)) for field in TIME_FIELDS]
        start, stop = max(each[0] for each in ranges), min(each[1] for each in ranges)
        if predicate.only_bounds:
            hidden = sum(1 for index in self._hidden_base if start <= index < stop)
            return max(0, stop - start) - hidden
        look = self._light if predicate.light else self._base.derive
        return sum(
            1
            for index in range(start, stop)
            if index not in self._hidden_base and predicate.matches(look(index))
        )

    def all_matching(self, predicate: Predicate) -> list[Thing]:
        """Everything that matches, unordered; for sorting by a field that has no order of its own."""
        return [thing for _, thing in self.walk(predicate, "updated_at", descending=True)]
