"""The connector's errors as HTTP responses: one table for pages and the JSON API alike."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog
from fastapi import HTTPException

from services.connector.errors import (
    ConnectionConflict,
    ConnectionUnknown,
    ConnectorError,
    HostNotAllowed,
    IntercomRefused,
    IntercomUnreachable,
    OAuthRefused,
    SettingRefused,
)
from shared.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOG = structlog.get_logger(__name__)

SHOWN_ERRORS = (ConnectorError, IntercomUnreachable, ConfigurationError)
"""Errors whose message is shown to the person who asked."""

_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (ConnectionUnknown, 404),
    (ConnectionConflict, 409),
    (SettingRefused, 422),
    (HostNotAllowed, 422),
    (OAuthRefused, 400),
    (IntercomRefused, 422),
    (IntercomUnreachable, 503),
    (ConnectorError, 400),
    (ConfigurationError, 503),
)


def status_of(error: Exception) -> int:
    """Return the HTTP status for one of `SHOWN_ERRORS`."""
    if isinstance(error, ConfigurationError):
        _LOG.error("a setting has to be mended", reason=str(error))
    return next(status for kind, status in _STATUS if isinstance(error, kind))


@contextmanager
def errors_as_responses() -> Iterator[None]:
    """Turn the connector's errors into `HTTPException`s with the same words."""
    try:
        yield
    except SHOWN_ERRORS as error:
        raise HTTPException(status_of(error), str(error)) from error
