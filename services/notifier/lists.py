"""How positions in the notifier's lists, and their order, travel in addresses."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import HTTPException, Query

from services.notifier.ports import Place
from shared.http.paging import decode_cursor, encode_cursor, in_utc

Word = Annotated[str, Query(max_length=20)]
OLDEST = "oldest"
"""The order of a list that begins with its oldest; any other word means the newest first."""


def sort_choice(chosen: str) -> dict[str, Any]:
    """Return the filter bar's choice of the order."""
    options = [("", "newest first"), (OLDEST, "oldest first")]
    return {"name": "sort", "label": "Sort", "value": chosen, "options": options}


def cursor_of(place: Place | None) -> str | None:
    return encode_cursor({"at": place.at.isoformat(), "id": place.id}) if place else None


def place_of(cursor: str | None) -> Place | None:
    """Return the place in a cursor. Raises HTTPException 400 when it is not one of these lists'."""
    position = decode_cursor(cursor or None)
    if position is None:
        return None
    try:
        at = datetime.fromisoformat(position["at"])
        place = Place(in_utc(at), str(position["id"]))
    except (KeyError, TypeError, ValueError) as error:
        raise HTTPException(
            400, "The cursor belongs to another list; begin again from its first page."
        ) from error
    if at.tzinfo is None:
        raise HTTPException(400, "The cursor is not one of ours; begin again from the first page.")
    return place
