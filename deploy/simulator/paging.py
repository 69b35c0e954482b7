"""Pages: how many rows, from where, and what the next page is called.

A cursor is base64 of a JSON list [sort value, last id, page number, sort field]; observed ones are lists of
the first three (FACTS §5). It names a place between two rows, so that rows may come and go around it.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import orjson

from deploy.simulator.responses import ApiError

LARGEST_PAGE = 150
LONGEST_CURSOR = 500
CURSOR_ITEMS = 4


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place after the row with this sort value and id, where page number `page` ended."""

    value: int | str
    id: str
    page: int
    field: str

    def encode(self) -> str:
        return base64.b64encode(orjson.dumps([self.value, self.id, self.page, self.field])).decode()


def decode(text: object) -> Cursor:
    """Read a cursor back. ApiError 400 `parameter_invalid` for anything that was not made by `encode`."""
    items = _items(text)
    if items is not None and len(items) == CURSOR_ITEMS:
        value, row_id, page, field = items
        # A bool passes for an int in Python, never in a cursor.
        typed = type(value) in (int, str) and type(page) is int
        if typed and isinstance(row_id, str) and isinstance(field, str):
            return Cursor(value, row_id, page, field)
    raise ApiError(400, "parameter_invalid", "starting_after is not a valid cursor")


def _items(text: object) -> list[Any] | None:
    if not isinstance(text, str) or len(text) > LONGEST_CURSOR:
        return None
    try:
        items = orjson.loads(base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error):
        return None
    return items if isinstance(items, list) else None


def per_page(value: object, default: int, largest: int = LARGEST_PAGE) -> int:
    """The page size asked for; over the largest is an error, never cut down (FACTS §5)."""
    if value is None:
        return default
    try:
        number = int(value) if isinstance(value, int | str) and not isinstance(value, bool) else -1
    except ValueError:
        number = -1
    if not 0 <= number <= largest:
        raise ApiError(400, "invalid_per_page", f"must be an integer between 0 and {largest}")
    return number or default


def page_number(value: str | None) -> int:
    if value is None:
        return 1
    if not value.isdecimal() or not value.isascii() or int(value) < 1:
        raise ApiError(400, "parameter_invalid", "page must be a positive integer")
    return int(value)


def cursor_pages(page: int, size: int, total: int, following: Cursor | None) -> dict[str, Any]:
    """The `pages` of a cursor list; `next` is absent on the last page (FACTS §5)."""
    pages: dict[str, Any] = {
        "type": "pages",
        "page": page,
        "per_page": size,
        "total_pages": -(-total // size),
    }
    if following is not None:
        pages["next"] = {"page": page + 1, "starting_after": following.encode()}
    return pages


def numbered_pages(page: int, size: int, total: int, following: str | None) -> dict[str, Any]:
    """The `pages` of a numbered list; `next` is an address or null (FACTS §5)."""
    return {
        "type": "pages",
        "page": page,
        "per_page": size,
        "total_pages": -(-total // size),
        "next": following,
    }
