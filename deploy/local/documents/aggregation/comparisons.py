"""Comparison, boolean and type functions of expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from deploy.local.documents.aggregation.values import comparison_key, is_true
from deploy.local.documents.paths import MISSING
from deploy.local.documents.query.operators import TYPE_NUMBERS, type_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _compare(left: Any, right: Any) -> int:
    one, other = comparison_key(left), comparison_key(right)
    return (one > other) - (one < other)


def type_name(value: Any) -> str:
    if value is MISSING:
        return "missing"
    number = type_number(value)
    return next(name for name, code in TYPE_NUMBERS.items() if code == number)


FUNCTIONS: Final[Mapping[str, tuple[int, int, Callable[..., Any]]]] = {
    "$eq": (2, 2, lambda left, right: _compare(left, right) == 0),
    "$ne": (2, 2, lambda left, right: _compare(left, right) != 0),
    "$gt": (2, 2, lambda left, right: _compare(left, right) > 0),
    "$gte": (2, 2, lambda left, right: _compare(left, right) >= 0),
    "$lt": (2, 2, lambda left, right: _compare(left, right) < 0),
    "$lte": (2, 2, lambda left, right: _compare(left, right) <= 0),
    "$cmp": (2, 2, _compare),
    "$not": (1, 1, lambda value: not is_true(value)),
    "$type": (1, 1, type_name),
}
"""Name to least and most arguments, and the function."""
