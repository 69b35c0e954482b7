"""Putting off what fails: each for itself, for a bounded while, and remembered only as long as it matters."""

from __future__ import annotations

from datetime import timedelta

from services.connector.domain.pauses import Pauses
from tests.unit.services.connector.fakes import NOW

SECOND = timedelta(seconds=1)


def test_jitter_spreads_a_pause_over_its_upper_half() -> None:
    """From half of it to all of it."""
    put_off = Pauses()
    put_off.failed("c-soon", NOW, 0.0)
    put_off.failed("c-late", NOW, 0.999)
    assert put_off.now(NOW) == ["c-late", "c-soon"]
    assert put_off.now(NOW + SECOND / 2) == ["c-late"]
    assert put_off.now(NOW + SECOND) == []


def test_a_clock_that_was_ahead_puts_nobody_off() -> None:
    """A time further away than the longest pause is no pause."""
    put_off = Pauses()
    put_off.failed("c-1", NOW + timedelta(days=1), 0.0)
    assert put_off.now(NOW) == []


def test_who_is_due_no_more_is_forgotten() -> None:
    """A connection that was removed leaves nothing; one that is tried on and on keeps its pauses."""
    put_off = Pauses()
    put_off.failed("c-1", NOW, 0.0)
    put_off.forget_old(NOW + timedelta(minutes=10))
    put_off.failed("c-1", NOW, 0.0)
    assert put_off.now(NOW + SECOND / 2) == ["c-1"]
    put_off.forget_old(NOW + timedelta(minutes=11))
    put_off.failed("c-1", NOW, 0.0)
    assert put_off.now(NOW + SECOND / 2) == []


def test_of_more_than_it_keeps_the_first_to_be_due_go() -> None:
    """They are tried too early, and nobody else is held up by more than a query may name."""
    put_off = Pauses(most=2)
    put_off.failed("c-2", NOW, 0.5)
    put_off.failed("c-1", NOW, 0.1)
    put_off.failed("c-3", NOW, 0.9)
    assert put_off.now(NOW) == ["c-2", "c-3"]
