"""Arithmetic on BSON numbers: what type the result of two has, and where an integer overflows."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from bson.decimal128 import Decimal128, create_decimal128_context
from bson.int64 import Int64

if TYPE_CHECKING:
    from collections.abc import Callable

_INT32: Final = 1 << 31
_INT64: Final = 1 << 63


def is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal128) and not isinstance(value, bool)


def to_decimal(value: Any) -> Decimal:
    """A number as a decimal; doubles are taken at 15 digits, as MongoDB converts them."""
    if isinstance(value, Decimal128):
        return value.to_decimal()
    return Decimal(value) if isinstance(value, int) else Decimal(f"{value:.15g}")


def combine(
    left: Any,
    right: Any,
    whole: Callable[[int, int], int],
    real: Callable[[float, float], float],
    exact: Callable[[Decimal, Decimal], Decimal],
) -> Any:
    """Apply an operation in the widest type of the two: decimal, double, long, int.

    Returns None where two integers overflow 64 bits; two 32-bit integers widen to 64 bits on their own.
    """
    if isinstance(left, Decimal128) or isinstance(right, Decimal128):
        context = create_decimal128_context()
        return Decimal128(context.plus(exact(to_decimal(left), to_decimal(right))))
    if isinstance(left, float) or isinstance(right, float):
        return real(float(left), float(right))
    result = whole(int(left), int(right))
    if not -_INT64 <= result < _INT64:
        return None
    if isinstance(left, Int64) or isinstance(right, Int64) or not -_INT32 <= result < _INT32:
        return Int64(result)
    return result


def add(left: Any, right: Any) -> Any:
    return combine(left, right, int.__add__, float.__add__, Decimal.__add__)


def multiply(left: Any, right: Any) -> Any:
    return combine(left, right, int.__mul__, float.__mul__, Decimal.__mul__)
