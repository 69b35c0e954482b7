"""What a search sees: in which order, how late, and how many."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.simulator.collection import Base, Collection
from deploy.simulator.filters import EVERYTHING, Filter
from deploy.simulator.indexes import SearchIndex


@dataclass(frozen=True)
class Thing:
    id: str
    created_at: int
    updated_at: int
    colour: str = "red"
    shown: bool = True


def derived(index: int) -> Thing:
    return Thing(f"{1000 + index}", index // 2, index // 2 + 10, "red" if index % 3 else "blue")


def index_of(thing_id: str) -> int | None:
    index = int(thing_id) - 1000
    return index if 0 <= index < 20 else None


def collection(base_count: int = 20) -> Collection[Thing]:
    return Collection(Base(base_count, derived, index_of, lambda index: f"{1000 + index}"))


def blue(thing: Any) -> bool:
    return bool(thing.colour == "blue")


BLUE = Filter("blue", light=False, only_bounds=False, times={}, matches=blue)
WINDOW = Filter(
    "window",
    light=True,
    only_bounds=True,
    times={"updated_at": (12, 15)},
    matches=lambda thing: 12 <= thing.updated_at <= 15,
)

changes = st.lists(
    st.tuples(
        st.integers(1000, 1025),
        st.integers(0, 30),
        st.sampled_from(["red", "blue"]),
        st.booleans(),
        st.booleans(),
    ),
    max_size=25,
)


@given(
    changes,
    st.sampled_from([EVERYTHING, BLUE, WINDOW]),
    st.booleans(),
    st.sampled_from(["updated_at", "created_at"]),
)
def test_walking_and_counting_equal_looking_at_everything(
    made: list[tuple[int, int, str, bool, bool]], predicate: Filter, descending: bool, field: str
) -> None:
    """Whatever was changed, removed or hidden: same things, same order, same count, from every place on."""
    things = collection()
    index = SearchIndex(things, lambda thing: thing.shown)
    index.count(predicate)
    for number, at, colour, shown, removed in made:
        thing_id = str(number)
        if removed:
            things.remove(thing_id)
        else:
            things.put(Thing(thing_id, at, at, colour, shown))
        index.change(thing_id, things.get(thing_id), 0)
        index.settle(0)
    wanted = sorted(
        ((getattr(thing, field), thing.id) for thing in things if thing.shown and predicate.matches(thing)),
        reverse=descending,
    )
    found = [place for place, _ in index.walk(predicate, field, descending=descending)]
    assert found == wanted
    assert index.count(predicate) == len(wanted)
    for cut in (0, len(wanted) // 2, len(wanted) - 1):
        if wanted:
            rest = index.walk(predicate, field, descending=descending, after=wanted[cut])
            assert [place for place, _ in rest] == wanted[cut + 1 :]
    assert len(things) == len(list(things))


def test_a_change_is_seen_when_its_lag_has_passed() -> None:
    """Before that the old version is found, afterwards the new one."""
    things = collection()
    index = SearchIndex(things, lambda thing: thing.shown)
    changed = replace(derived(0), updated_at=99)
    things.put(changed)
    index.change(changed.id, changed, visible_at=10.0)
    index.settle(9.9)
    assert next(iter(index.walk(EVERYTHING, "updated_at", descending=True)))[1].updated_at != 99
    assert index.waiting == 1
    index.settle(10.0)
    assert next(iter(index.walk(EVERYTHING, "updated_at", descending=True)))[1] == changed
    assert index.waiting == 0


def test_an_older_version_never_takes_a_newer_ones_place() -> None:
    """With a lag that varies a change may be due before an earlier one, which then is not shown at all."""
    things = collection()
    index = SearchIndex(things, lambda thing: thing.shown)
    index.change("1000", replace(derived(0), updated_at=50), visible_at=20.0)
    index.change("1000", replace(derived(0), updated_at=60), visible_at=10.0)
    index.settle(30.0)
    assert next(iter(index.walk(EVERYTHING, "updated_at", descending=True)))[1].updated_at == 60


def test_an_index_begins_with_what_is_there() -> None:
    """Things that were added before the index was made are found."""
    things: Collection[Thing] = Collection()
    things.put(Thing("1", 1, 2))
    assert SearchIndex(things, lambda thing: thing.shown).count(EVERYTHING) == 1


def test_a_collection_knows_what_it_holds() -> None:
    """Removing and adding again, by id."""
    things = collection()
    things.remove("1003")
    assert "1003" not in things
    with pytest.raises(KeyError):
        things["1003"]
    things.put(derived(3))
    assert things["1003"] == derived(3)
    assert len(things) == 20
