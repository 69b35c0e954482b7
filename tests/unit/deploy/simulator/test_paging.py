"""Cursors and page sizes."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.simulator import paging
from deploy.simulator.responses import ApiError


@given(st.integers(-(2**53), 2**53) | st.text(max_size=40), st.text(max_size=30), st.integers(1, 10_000))
def test_a_cursor_comes_back_as_it_was_made(value: int | str, row_id: str, page: int) -> None:
    """What `encode` wrote, `decode` reads."""
    cursor = paging.Cursor(value, row_id, page, "updated_at")
    assert paging.decode(cursor.encode()) == cursor


@given(st.text(max_size=600) | st.none() | st.integers() | st.lists(st.integers()))
def test_rubbish_is_never_a_cursor(text: object) -> None:
    """Anything else is refused with parameter_invalid, never with another error."""
    with pytest.raises(ApiError) as caught:
        paging.decode(text)
    assert (caught.value.status, caught.value.code) == (400, "parameter_invalid")


@pytest.mark.parametrize("items", ["[]", "[1,2,3,4]", '[true,"1",1,"f"]', '[1,"1",true,"f"]', "{}", "[1]"])
def test_a_list_of_the_wrong_things_is_no_cursor(items: str) -> None:
    """Well encoded JSON with the wrong types is refused too."""
    with pytest.raises(ApiError):
        paging.decode(base64.b64encode(items.encode()).decode())


@pytest.mark.parametrize("value", [151, -1, "x", True, [], 1.5])
def test_a_page_size_out_of_range_is_an_error(value: object) -> None:
    """A page that is too big is refused, not cut down."""
    with pytest.raises(ApiError) as caught:
        paging.per_page(value, 20)
    assert caught.value.code == "invalid_per_page"


def test_a_page_size_may_be_left_out_or_come_as_text() -> None:
    """Query parameters are strings; nothing means the default."""
    assert paging.per_page(None, 20) == 20
    assert paging.per_page("150", 20) == 150


def test_the_last_page_has_no_next() -> None:
    """Cursor lists leave `next` out, numbered lists say null."""
    assert "next" not in paging.cursor_pages(3, 20, 60, None)
    assert paging.numbered_pages(3, 20, 60, None)["next"] is None
    assert paging.cursor_pages(1, 20, 0, None)["total_pages"] == 0


@pytest.mark.parametrize("value", ["0", "-1", "x", "²", ""])
def test_a_page_number_must_be_positive(value: str) -> None:
    """Numbered lists start at one."""
    with pytest.raises(ApiError):
        paging.page_number(value)
