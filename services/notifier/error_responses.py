"""The notifier's errors as HTTP responses: one table for pages and the JSON API alike."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from fastapi import HTTPException

from services.notifier.errors import NotThere, RuleInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def errors_as_responses() -> Iterator[None]:
    """Turn the notifier's errors into `HTTPException`s with the same words."""
    try:
        yield
    except NotThere as error:
        raise HTTPException(404, str(error)) from error
    except RuleInvalid as error:
        raise HTTPException(422, str(error)) from error
