"""The connector's errors as HTTP answers: one table, used by pages and the JSON API alike."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from fastapi import HTTPException

from services.connector.errors import (
    ConnectionConflict,
    ConnectionUnknown,
    ConnectorError,
    HostNotAllowed,
    IntercomRefused,
    IntercomUnreachable,
    OAuthRefused,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (ConnectionUnknown, 404),
    (ConnectionConflict, 409),
    (HostNotAllowed, 422),
    (OAuthRefused, 400),
    (IntercomRefused, 422),
    (IntercomUnreachable, 503),
    (ConnectorError, 400),
)


def status_of(error: Exception) -> int:
    """Return the HTTP status for one of the connector's errors."""
    return next(status for kind, status in _STATUS if isinstance(error, kind))


@contextmanager
def as_answers() -> Iterator[None]:
    """Turn the connector's errors into `HTTPException`s with the same words."""
    try:
        yield
    except (ConnectorError, IntercomUnreachable) as error:
        raise HTTPException(status_of(error), str(error)) from error
