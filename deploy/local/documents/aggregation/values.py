"""What all expression functions share: truth, nothingness, and errors without their operator's name."""

from __future__ import annotations

from typing import Any, Final

from bson.decimal128 import Decimal128

from deploy.local.documents.keys import encode_key
from deploy.local.documents.paths import MISSING

_MISSING_KEY: Final = b"\x04"
"""Nothing at all sorts before null where expressions compare."""


class ExpressionError(Exception):
    """A function refused its arguments; the caller puts the operator's name before the message."""

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(message)
        self.code = code


def is_true(value: Any) -> bool:
    """What MongoDB takes for true: everything but false, null, nothing and zero."""
    if value is None or value is MISSING or value is False:
        return False
    if isinstance(value, Decimal128):
        return value.to_decimal() != 0
    return not (isinstance(value, int | float) and value == 0)


def is_nothing(value: Any) -> bool:
    return value is None or value is MISSING


def comparison_key(value: Any) -> bytes:
    """Bytes that order all values as expressions compare them."""
    return _MISSING_KEY if value is MISSING else encode_key(value)
