"""Aggregation expressions: field paths, variables, literals and operators, compiled once per command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bson.decimal128 import Decimal128

from deploy.local.documents.paths import MISSING

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploy.local.documents.codec import Document


def is_true(value: Any) -> bool:
    """What MongoDB takes for true: everything but false, null, nothing and zero."""
    if value is None or value is MISSING or value is False:
        return False
    if isinstance(value, Decimal128):
        return value.to_decimal() != 0
    return not (isinstance(value, int | float) and value == 0)


def compile_expression(expression: Any) -> Callable[[Document], Any]:
    raise NotImplementedError
