"""Arithmetic functions of expressions; dates take part where MongoDB lets them."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING, Any, Final

from bson.datetime_ms import DatetimeMS
from bson.decimal128 import Decimal128, create_decimal128_context
from bson.int64 import Int64

from deploy.local.documents.aggregation.values import ExpressionError, comparison_key, is_nothing
from deploy.local.documents.query.operators import whole_number
from deploy.local.documents.updates.numbers import add, combine, is_number, multiply, to_decimal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_INT32: Final = 1 << 31
_INT64: Final = 1 << 63
_MANY: Final = 1000
_WIDE: Final = Context(prec=7000, Emax=999_999, Emin=-999_999)
"""Holds every double and decimal128 to a hundred places without rounding twice."""
_MOST_DIGITS: Final = 100


def _checked(value: Any) -> Any:
    if not is_number(value):
        raise ExpressionError(f"only supports numeric types, not {type(value).__name__}", 14)
    return value


def _add(*values: Any) -> Any:
    if any(is_nothing(value) for value in values):
        return None
    dates = [value for value in values if isinstance(value, DatetimeMS)]
    if len(dates) > 1:
        raise ExpressionError("only one date allowed in an $add expression", 16612)
    total: Any = 0
    for value in values:
        if not isinstance(value, DatetimeMS):
            total = _or_float(add(total, _checked(value)), total, value, float.__add__)
    return DatetimeMS(int(dates[0]) + round(float(to_decimal(total)))) if dates else total


def _or_float(result: Any, left: Any, right: Any, operation: Callable[[float, float], float]) -> Any:
    """An integer that overflows 64 bits becomes a double."""
    return operation(float(left), float(right)) if result is None else result


def _subtract(left: Any, right: Any) -> Any:
    if is_nothing(left) or is_nothing(right):
        return None
    if isinstance(left, DatetimeMS):
        if isinstance(right, DatetimeMS):
            return Int64(int(left) - int(right))
        return DatetimeMS(int(left) - round(float(to_decimal(_checked(right)))))
    result = combine(_checked(left), _checked(right), int.__sub__, float.__sub__, Decimal.__sub__)
    return _or_float(result, left, right, float.__sub__)


def _multiply(*values: Any) -> Any:
    if any(is_nothing(value) for value in values):
        return None
    total: Any = 1
    for value in values:
        total = _or_float(multiply(total, _checked(value)), total, value, float.__mul__)
    return total


def _divide(left: Any, right: Any) -> Any:
    if is_nothing(left) or is_nothing(right):
        return None
    _checked(left), _checked(right)
    if to_decimal(right) == 0:
        raise ExpressionError("can't $divide by zero", 16608)
    if isinstance(left, Decimal128) or isinstance(right, Decimal128):
        return Decimal128(create_decimal128_context().divide(to_decimal(left), to_decimal(right)))
    return float(left) / float(right)


def _modulo(left: Any, right: Any) -> Any:
    if is_nothing(left) or is_nothing(right):
        return None
    _checked(left), _checked(right)
    if to_decimal(right) == 0:
        raise ExpressionError("can't $mod by zero", 16610)
    return combine(left, right, _whole_modulo, math.fmod, lambda one, other: one % other)


def _whole_modulo(left: int, right: int) -> int:
    result = abs(left) % abs(right)
    return result if left >= 0 else -result


def _rounding(mode: str) -> Callable[..., Any]:
    def apply(value: Any, place: Any = 0) -> Any:
        if is_nothing(value) or is_nothing(place):
            return None
        _checked(value)
        digits = whole_number(place)
        if digits is None or not -_MOST_DIGITS <= digits <= _MOST_DIGITS:
            raise ExpressionError(f"needs a place from -{_MOST_DIGITS} to {_MOST_DIGITS}", 51082)
        if isinstance(value, int) and digits >= 0:
            return value
        if isinstance(value, float) and not math.isfinite(value):
            return value
        exponent = Decimal(1).scaleb(-digits)
        number = Decimal(value) if isinstance(value, int | float) else value.to_decimal()
        if not number.is_finite():
            return value
        rounded = number.quantize(exponent, rounding=mode, context=_WIDE)
        if isinstance(value, Decimal128):
            return Decimal128(create_decimal128_context().plus(rounded))
        return float(rounded) if isinstance(value, float) else type(value)(rounded)

    return apply


def _absolute(value: Any) -> Any:
    if is_nothing(value):
        return None
    if isinstance(_checked(value), Decimal128):
        return Decimal128(abs(value.to_decimal()))
    return type(value)(abs(value))


def _real(function: Callable[[float], float]) -> Callable[[Any], Any]:
    def apply(value: Any) -> Any:
        if is_nothing(value):
            return None
        try:
            return function(float(to_decimal(_checked(value))))
        except (ValueError, OverflowError) as error:
            raise ExpressionError(f"has no value for {value!r}", 28714) from error

    return apply


def _power(base: Any, exponent: Any) -> Any:
    if is_nothing(base) or is_nothing(exponent):
        return None
    _checked(base), _checked(exponent)
    if isinstance(base, int) and isinstance(exponent, int) and exponent >= 0:
        result = int(base) ** int(exponent) if abs(int(exponent)) < _MANY else None
        if result is not None and abs(result) < 1 << 63:
            return Int64(result) if isinstance(base, Int64) or abs(result) >= 1 << 31 else result
    try:
        return math.pow(float(to_decimal(base)), float(to_decimal(exponent)))
    except (OverflowError, ValueError) as error:
        raise ExpressionError(f"has no value for {base!r} to the power of {exponent!r}", 28764) from error


def numbers_in(values: tuple[Any, ...]) -> list[Any]:
    """The operands of $sum, $min and their like: one array stands for its elements."""
    if len(values) == 1 and isinstance(values[0], list):
        return values[0]
    return list(values)


def total(values: list[Any]) -> Any:
    """The sum of the numbers among values; others do not count.

    Integers are added up exactly and have the narrowest type that holds the whole sum, whatever its parts.
    """
    whole, is_long, decimals = 0, False, None
    doubles: list[float] = []
    for value in values:
        if isinstance(value, float):
            doubles.append(value)
        elif isinstance(value, Decimal128):
            decimals = value if decimals is None else add(decimals, value)
        elif is_number(value):
            whole += int(value)
            is_long = is_long or isinstance(value, Int64)
    exact: Any = whole
    if not -_INT64 <= whole < _INT64:
        exact = float(whole)
    elif is_long or not -_INT32 <= whole < _INT32:
        exact = Int64(whole)
    if decimals is not None:
        exact = add(exact, decimals)
    return add(exact, _sum_doubles(doubles)) if doubles else exact


def _sum_doubles(doubles: list[float]) -> float:
    try:
        return math.fsum(doubles)
    except (OverflowError, ValueError):
        # Infinities of both signs, or a sum beyond the doubles: plain addition says what MongoDB says.
        return sum(doubles)


def average(values: list[Any]) -> Any:
    counted = [value for value in values if is_number(value)]
    return _divide(total(counted), len(counted)) if counted else None


def smallest(values: list[Any]) -> Any:
    return min((value for value in values if not is_nothing(value)), key=comparison_key, default=None)


def largest(values: list[Any]) -> Any:
    return max((value for value in values if not is_nothing(value)), key=comparison_key, default=None)


FUNCTIONS: Final[Mapping[str, tuple[int, int, Callable[..., Any]]]] = {
    "$add": (0, _MANY, _add),
    "$subtract": (2, 2, _subtract),
    "$multiply": (0, _MANY, _multiply),
    "$divide": (2, 2, _divide),
    "$mod": (2, 2, _modulo),
    "$abs": (1, 1, _absolute),
    "$ceil": (1, 1, _rounding(ROUND_CEILING)),
    "$floor": (1, 1, _rounding(ROUND_FLOOR)),
    "$round": (1, 2, _rounding(ROUND_HALF_EVEN)),
    "$trunc": (1, 2, _rounding(ROUND_DOWN)),
    "$sqrt": (1, 1, _real(math.sqrt)),
    "$exp": (1, 1, _real(math.exp)),
    "$ln": (1, 1, _real(math.log)),
    "$log10": (1, 1, _real(math.log10)),
    "$pow": (2, 2, _power),
    "$sum": (0, _MANY, lambda *values: total(numbers_in(values))),
    "$avg": (0, _MANY, lambda *values: average(numbers_in(values))),
    "$min": (1, _MANY, lambda *values: smallest(numbers_in(values))),
    "$max": (1, _MANY, lambda *values: largest(numbers_in(values))),
}
"""Name to least and most arguments, and the function."""
