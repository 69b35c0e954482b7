"""Cursors go out and come back, and nothing else is taken for one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from fastapi import HTTPException
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.http.paging import CursorText, Instant, decode_cursor, encode_cursor

positions = st.dictionaries(
    st.text(max_size=10), st.one_of(st.text(max_size=20), st.integers(-(2**53), 2**53), st.none()), max_size=4
)


@given(positions)
def test_a_cursor_comes_back_as_it_went(position: dict[str, object]) -> None:
    """Encoding and decoding are each other's reverse."""
    assert decode_cursor(encode_cursor(position)) == position


@pytest.mark.parametrize("letter", ["n", "Ж", "名", "🦊"])
def test_a_list_goes_on_behind_the_longest_name(letter: str) -> None:
    """The cursor holds the last item's name and id, in whatever letters."""
    position = {"f": "name_folded", "d": False, "v": letter * 2_000, "t": False, "i": f"acme/{'c' * 300}"}
    cursor = encode_cursor(position)
    assert decode_cursor(TypeAdapter(CursorText).validate_python(cursor)) == position


def test_no_cursor_is_the_first_page() -> None:
    """Nothing given means the beginning."""
    assert decode_cursor(None) is None


@given(st.text(max_size=60))
def test_rubbish_is_refused_not_raised_over(text: str) -> None:
    """Any text is either a cursor or a 400."""
    status = 200
    try:
        decode_cursor(text)
    except HTTPException as refused:
        status = refused.status_code
    assert status in {200, 400}


@pytest.mark.parametrize("text", ["", "!", "W10", "x" * 13_000])
def test_what_is_no_object_is_refused(text: str) -> None:
    """Lists, numbers and endless texts are no positions."""
    with pytest.raises(HTTPException):
        decode_cursor(text)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_beyond_the_calendar_is_refused(text: str) -> None:
    """A query that names it gets a 422, and the database is not asked."""
    with pytest.raises(ValidationError):
        TypeAdapter(Instant).validate_python(text)


def test_moments_are_asked_for_in_utc() -> None:
    """An offset is worked in; without one it is UTC already."""
    told = TypeAdapter(Instant)
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    assert told.validate_python("2026-06-01T14:00:00+02:00") == noon
    assert told.validate_python("2026-06-01T12:00:00") == noon
