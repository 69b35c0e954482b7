"""Paging by cursor: opaque, bounded, and the same for every list of every service."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

import orjson
from fastapi import HTTPException, Query
from pydantic import AfterValidator, BaseModel, Field

_MOST_CURSOR_CHARACTERS = 12_288
"""The cursor of a list by name contains a name: 2,000 characters at most, of four bytes each, in base64."""
PageSize = Annotated[int, Query(ge=1, le=200, description="Items a page.")]
CursorText = Annotated[
    str | None,
    Query(max_length=_MOST_CURSOR_CHARACTERS, description="`next_cursor` of the page before; opaque."),
]

T = TypeVar("T")


def in_utc(moment: datetime) -> datetime:
    """Return a moment in UTC; one without an offset is taken to be in UTC.

    Raises:
        ValueError: UTC has no such year.
    """
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError as error:
        raise ValueError("no calendar has this moment in UTC") from error


Instant = Annotated[datetime, AfterValidator(in_utc)]
"""A moment in a query that the database can compare with."""


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T] = Field(description="In the order that was asked for.")
    next_cursor: str | None = Field(default=None, description="None on the last page.")
    count: int | None = Field(default=None, ge=0, description="All items that match, where it is known.")


def encode_cursor(position: dict[str, Any]) -> str:
    """Return a position as an opaque cursor."""
    return base64.urlsafe_b64encode(orjson.dumps(position)).decode().rstrip("=")


def decode_cursor(cursor: str | None) -> dict[str, Any] | None:
    """Return the position in a cursor, or None for the first page.

    Raises:
        HTTPException: 400 when it is not a cursor that `encode_cursor` made.
    """
    if cursor is None:
        return None
    try:
        if len(cursor) > _MOST_CURSOR_CHARACTERS:
            raise ValueError("too long")  # noqa: TRY301 - one way out for all that is no cursor
        padded = cursor + "=" * (-len(cursor) % 4)
        position = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if not isinstance(position, dict):
            raise ValueError("no object")  # noqa: TRY301, TRY004 - see above
    except (binascii.Error, ValueError) as error:
        raise HTTPException(400, "The cursor is not one of ours; begin again from the first page.") from error
    return position
