"""Cursors go out and come back, and nothing else is taken for one."""

from __future__ import annotations

import pytest
from fastapi import HTTPException
from hypothesis import given
from hypothesis import strategies as st

from shared.http.paging import decode_cursor, encode_cursor

positions = st.dictionaries(
    st.text(max_size=10), st.one_of(st.text(max_size=20), st.integers(-(2**53), 2**53), st.none()), max_size=4
)


@given(positions)
def test_a_cursor_comes_back_as_it_went(position: dict[str, object]) -> None:
    """Encoding and decoding are each other's reverse."""
    assert decode_cursor(encode_cursor(position)) == position


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


@pytest.mark.parametrize("text", ["", "!", "W10", "x" * 2_000])
def test_what_is_no_object_is_refused(text: str) -> None:
    """Lists, numbers and endless texts are no positions."""
    with pytest.raises(HTTPException):
        decode_cursor(text)
