"""What $group gathers per group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from deploy.local.documents.aggregation.arrays import merge_objects
from deploy.local.documents.aggregation.expressions import compile_expression
from deploy.local.documents.aggregation.numbers import average, total
from deploy.local.documents.aggregation.values import ExpressionError, comparison_key
from deploy.local.documents.errors import BadValueError, CommandError, UnsupportedError
from deploy.local.documents.paths import MISSING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from deploy.local.documents.codec import Document

_SMALL: Final = 1 << 31
"""Beyond it a sum of 32-bit integers is a 64-bit one."""
_ORDERED_ALIKE: Final = frozenset({int, str})
"""Types that Python orders as their keys are ordered."""
_FOLD_AFTER: Final = 1000
"""Numbers gathered before they are folded into one, so that a sum over millions holds little memory."""


class Accumulator(Protocol):
    """One group's running value."""

    def add(self, value: Any) -> None:
        """Take the next document's value; `MISSING` where it has none."""

    def result(self) -> Any:
        """The value for the group."""


class Sum:
    def __init__(self) -> None:
        self._small = 0
        self._values: list[Any] = []

    def add(self, value: Any) -> None:
        if type(value) is int and -_SMALL < self._small + value < _SMALL:
            # 32-bit integers whose sum is one: no type can widen.
            self._small += value
            return
        self._values.append(value)
        if len(self._values) > _FOLD_AFTER:
            self._values = [total(self._values)]

    def result(self) -> Any:
        return total([self._small, *self._values])


class Average:
    def __init__(self) -> None:
        self._sum = Sum()
        self._count = 0

    def add(self, value: Any) -> None:
        if average([value]) is not None:
            self._count += 1
            self._sum.add(value)

    def result(self) -> Any:
        return _quotient(self._sum.result(), self._count) if self._count else None


def _quotient(value: Any, count: int) -> Any:
    mean = average([value])
    if isinstance(mean, float):
        return mean / count
    return mean if count == 1 else type(mean)(mean.to_decimal() / count)


class Extreme:
    """$min and $max."""

    def __init__(self, *, largest: bool) -> None:
        self._largest = largest
        self._key: bytes | None = None
        self._value: Any = None

    def add(self, value: Any) -> None:
        if value is None or value is MISSING:
            return
        kind = type(value)
        if kind is type(self._value) and kind in _ORDERED_ALIKE:
            if value > self._value if self._largest else value < self._value:
                self._key, self._value = None, value
            return
        key = comparison_key(value)
        if self._key is None and self._value is not None:
            self._key = comparison_key(self._value)
        if self._key is None or (key > self._key if self._largest else key < self._key):
            self._key, self._value = key, value

    def result(self) -> Any:
        return self._value


class First:
    def __init__(self) -> None:
        self._value: Any = None
        self._is_set = False

    def add(self, value: Any) -> None:
        if not self._is_set:
            self._value, self._is_set = (None if value is MISSING else value), True

    def result(self) -> Any:
        return self._value


class Last:
    def __init__(self) -> None:
        self._value: Any = None

    def add(self, value: Any) -> None:
        self._value = None if value is MISSING else value

    def result(self) -> Any:
        return self._value


class Push:
    def __init__(self) -> None:
        self._values: list[Any] = []

    def add(self, value: Any) -> None:
        if value is not MISSING:
            self._values.append(value)

    def result(self) -> Any:
        return self._values


class AddToSet:
    def __init__(self) -> None:
        self._values: dict[bytes, Any] = {}

    def add(self, value: Any) -> None:
        if value is not MISSING:
            self._values.setdefault(comparison_key(value), value)

    def result(self) -> Any:
        return list(self._values.values())


class Merge:
    def __init__(self) -> None:
        self._value: Document = {}

    def add(self, value: Any) -> None:
        try:
            self._value = merge_objects(self._value, value)
        except ExpressionError as error:
            raise CommandError(f"$mergeObjects {error}", error.code) from error

    def result(self) -> Any:
        return self._value


_MAKERS: Final[Mapping[str, Callable[[], Accumulator]]] = {
    "$sum": Sum,
    "$avg": Average,
    "$min": lambda: Extreme(largest=False),
    "$max": lambda: Extreme(largest=True),
    "$first": First,
    "$last": Last,
    "$push": Push,
    "$addToSet": AddToSet,
    "$mergeObjects": Merge,
    "$count": Sum,
}


def compile_accumulator(
    field: str, specification: Any
) -> tuple[Callable[[], Accumulator], Callable[[Document], Any]]:
    """A maker of running values and the expression they are fed; raises by name for an unknown one."""
    if not isinstance(specification, dict) or len(specification) != 1:
        raise CommandError(f"The field '{field}' must be an accumulator object", 40234)
    ((name, operand),) = specification.items()
    if "." in field:
        raise CommandError(f"The field name '{field}' cannot contain '.'", 40235)
    if name not in _MAKERS:
        raise UnsupportedError(f"the accumulator {name}")
    if name == "$count":
        if operand != {}:
            raise BadValueError("$count takes no arguments, i.e. $count:{}")
        operand = 1
    return _MAKERS[name], compile_expression(operand)
