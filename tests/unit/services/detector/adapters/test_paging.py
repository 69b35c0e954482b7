"""Cursors that somebody made up are refused before the database is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import bson
import pytest

from services.detector.adapters.paging import portion_of
from services.detector.errors import InvalidRequestError

if TYPE_CHECKING:
    from shared.documents.collection import ScopedCollection


class Three:
    """A collection that has the same three documents, whatever is asked for."""

    async def find(self, _: dict[str, Any], **__: object) -> list[Any]:
        return [{"_id": name, "spend": 5} for name in "abc"]


class Encoding:
    """A collection that only does what the driver does first."""

    async def find(self, query: dict[str, Any], **_: object) -> list[Any]:
        bson.encode(query)
        return []


@pytest.mark.parametrize(
    ("value", "is_moment"),
    [
        (2**64 - 1, False),
        (None, False),
        ({"$gt": ""}, False),
        ("0001-01-01T00:00:00+14:00", True),
        ("9999-12-31T23:59:59-14:00", True),
        ("soon", True),
    ],
)
async def test_what_no_database_takes_is_refused(value: object, is_moment: bool) -> None:
    """The driver would raise over it, as if the fault were ours."""
    collection = cast("ScopedCollection", Encoding())
    position = {"f": "spend", "d": True, "v": value, "t": is_moment, "i": "x"}
    with pytest.raises(InvalidRequestError):
        await portion_of(collection, {}, field="spend", descending=True, position=position, limit=1)


@pytest.mark.parametrize("descending", [True, False])
async def test_a_place_of_the_opposite_order_is_refused(descending: bool) -> None:
    """It would lead back over what was shown, and never to what was not."""
    three = cast("ScopedCollection", Three())
    place = (await portion_of(three, {}, field="spend", descending=descending, position=None, limit=2)).next
    assert place is not None
    await portion_of(three, {}, field="spend", descending=descending, position=place, limit=2)
    with pytest.raises(InvalidRequestError):
        await portion_of(three, {}, field="spend", descending=not descending, position=place, limit=2)
