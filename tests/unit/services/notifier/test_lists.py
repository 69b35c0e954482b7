"""Places in lists travel in addresses, where anybody may write what they like."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from fastapi import HTTPException

from services.notifier.lists import cursor_of, place_of
from services.notifier.ports import Place
from shared.http.paging import encode_cursor


def test_a_place_comes_back_as_it_went() -> None:
    """Encoding and decoding are each other's reverse."""
    place = Place(datetime(2026, 6, 1, tzinfo=UTC), "sig-1")
    assert place_of(cursor_of(place)) == place


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "soon", 7, None])
def test_a_moment_that_no_database_takes_is_refused(at: object) -> None:
    """The driver would raise over it, as if the fault were ours."""
    with pytest.raises(HTTPException) as refused:
        place_of(encode_cursor({"at": at, "id": "sig-1"}))
    assert refused.value.status_code == 400
