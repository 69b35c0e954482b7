"""Open cursors are bounded in number, in time and in what one batch holds."""

from __future__ import annotations

import pytest

from deploy.local.documents.commands.cursors import CursorStore, OpenCursor
from deploy.local.documents.errors import CommandError


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def cursor(documents: int = 10, size: int = 10) -> OpenCursor:
    return OpenCursor("d.c", None, iter([b"x" * size] * documents))


def test_batches_add_up() -> None:
    """Batches follow each other without a gap, and the last one knows that it is the last."""
    one = cursor(10)
    sizes = []
    has_more = True
    while has_more:
        batch, has_more = one.batch(4)
        sizes.append(len(batch))
    assert sizes == [4, 4, 2]


def test_a_batch_stops_at_its_size_and_holds_at_least_one() -> None:
    """Large documents are spread over batches; one alone always goes."""
    one = cursor(3, size=9_000_000)
    assert [len(one.batch(None)[0]) for _ in range(3)] == [1, 1, 1]


def test_idle_cursors_expire() -> None:
    """A cursor left alone beyond its time is forgotten; one in use is not."""
    clock = Clock()
    store = CursorStore(clock, timeout_seconds=10, maximum=10)
    idle, busy = store.add(cursor()), store.add(cursor())
    store.take(busy, "d.c")
    clock.seconds = 11
    store.expire()
    assert len(store) == 1
    with pytest.raises(CommandError) as caught:
        store.take(idle, "d.c")
    assert caught.value.code == 43


def test_the_oldest_gives_way() -> None:
    """Beyond the maximum the cursor left alone longest is dropped."""
    clock = Clock()
    store = CursorStore(clock, timeout_seconds=100, maximum=2)
    first = store.add(cursor())
    clock.seconds = 1
    second = store.add(cursor())
    clock.seconds = 2
    third = store.add(cursor())
    assert not store.kill(first)
    assert store.kill(second)
    assert store.kill(third)


def test_a_cursor_serves_its_namespace_and_one_request() -> None:
    """Another collection's getMore, or a second one at the same time, is refused."""
    store = CursorStore(Clock(), timeout_seconds=100, maximum=2)
    number = store.add(cursor())
    with pytest.raises(CommandError):
        store.take(number, "d.other")
    store.take(number, "d.c")
    with pytest.raises(CommandError):
        store.take(number, "d.c")
    store.give_back(number, is_open=False)
    assert len(store) == 0
