"""Array, set and object functions of expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from deploy.local.documents.aggregation.values import ExpressionError, comparison_key, is_nothing
from deploy.local.documents.paths import MISSING, as_mapping
from deploy.local.documents.query.operators import whole_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MANY: Final = 1000
_MOST_IN_A_RANGE: Final = 1_000_000


def _array(value: Any, code: int = 2) -> list[Any]:
    if not isinstance(value, list):
        raise ExpressionError(f"needs an array, not {type(value).__name__}", code)
    return value


def _whole(value: Any) -> int:
    number = whole_number(value)
    if number is None:
        raise ExpressionError(f"needs a whole number, not {value!r}", 28691)
    return number


def _element_at(array: Any, position: Any) -> Any:
    if is_nothing(array) or is_nothing(position):
        return None
    items, at = _array(array, 28689), _whole(position)
    return items[at] if -len(items) <= at < len(items) else MISSING


def _first(array: Any) -> Any:
    return _element_at(array, 0)


def _last(array: Any) -> Any:
    return _element_at(array, -1)


def _slice(array: Any, start: Any, length: Any = None) -> Any:
    if is_nothing(array) or is_nothing(start):
        return None
    items, first = _array(array, 28724), _whole(start)
    if length is None:
        return items[:first] if first >= 0 else items[first:]
    size = _whole(length)
    if size <= 0:
        raise ExpressionError("needs a positive third argument", 28729)
    begin = first if first >= 0 else max(len(items) + first, 0)
    return items[begin : begin + size]


def _contains(value: Any, array: Any) -> bool:
    key = comparison_key(value)
    return any(comparison_key(item) == key for item in _array(array, 40081))


def _concat_arrays(*arrays: Any) -> Any:
    if any(is_nothing(array) for array in arrays):
        return None
    return [item for array in arrays for item in _array(array, 28664)]


def _distinct(items: list[Any]) -> list[Any]:
    first: dict[bytes, Any] = {}
    for item in items:
        first.setdefault(comparison_key(item), item)
    return list(first.values())


def _set_union(*arrays: Any) -> Any:
    joined = _concat_arrays(*arrays)
    return None if joined is None else _distinct(joined)


def _set_intersection(*arrays: Any) -> Any:
    if any(is_nothing(array) for array in arrays):
        return None
    keys = [{comparison_key(item) for item in _array(array)} for array in arrays]
    return [item for item in _distinct(arrays[0]) if all(comparison_key(item) in known for known in keys)]


def _set_difference(left: Any, right: Any) -> Any:
    if is_nothing(left) or is_nothing(right):
        return None
    known = {comparison_key(item) for item in _array(right)}
    return [item for item in _distinct(_array(left)) if comparison_key(item) not in known]


def _set_is_subset(left: Any, right: Any) -> bool:
    return {comparison_key(item) for item in _array(left)} <= {comparison_key(item) for item in _array(right)}


def _reverse(array: Any) -> Any:
    return None if is_nothing(array) else _array(array, 34435)[::-1]


def _range(start: Any, end: Any, step: Any = 1) -> list[int]:
    numbers = range(_whole(start), _whole(end), _whole(step) or 1)
    if len(numbers) > _MOST_IN_A_RANGE:
        raise ExpressionError(f"would make more than {_MOST_IN_A_RANGE} numbers", 292)
    return list(numbers)


def _object_to_array(value: Any) -> Any:
    value = as_mapping(value)
    if is_nothing(value):
        return None
    if not isinstance(value, dict):
        raise ExpressionError(f"needs a document, not {type(value).__name__}", 40390)
    return [{"k": name, "v": item} for name, item in value.items()]


def _array_to_object(array: Any) -> Any:
    if is_nothing(array):
        return None
    result: dict[str, Any] = {}
    for item in _array(array, 40386):
        if isinstance(item, dict) and set(item) == {"k", "v"}:
            name, value = item["k"], item["v"]
        elif isinstance(item, list) and len(item) == 2:  # noqa: PLR2004 - a name and a value
            name, value = item
        else:
            raise ExpressionError("needs pairs, as arrays of two or documents with k and v", 40392)
        if not isinstance(name, str):
            raise ExpressionError("needs names that are strings", 40394)
        result[name] = value
    return result


def merge_objects(*values: Any) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for value in values[0] if len(values) == 1 and isinstance(values[0], list) else values:
        if is_nothing(value):
            continue
        mapping = as_mapping(value)
        if not isinstance(mapping, dict):
            raise ExpressionError(f"requires object inputs, not {type(value).__name__}", 40400)
        result.update(mapping)
    return result


FUNCTIONS: Final[Mapping[str, tuple[int, int, Callable[..., Any]]]] = {
    "$size": (1, 1, lambda array: len(_array(array, 17124))),
    "$isArray": (1, 1, lambda value: isinstance(value, list)),
    "$arrayElemAt": (2, 2, _element_at),
    "$first": (1, 1, _first),
    "$last": (1, 1, _last),
    "$slice": (2, 3, _slice),
    "$in": (2, 2, _contains),
    "$concatArrays": (0, _MANY, _concat_arrays),
    "$setUnion": (0, _MANY, _set_union),
    "$setIntersection": (1, _MANY, _set_intersection),
    "$setDifference": (2, 2, _set_difference),
    "$setIsSubset": (2, 2, _set_is_subset),
    "$reverseArray": (1, 1, _reverse),
    "$range": (2, 3, _range),
    "$objectToArray": (1, 1, _object_to_array),
    "$arrayToObject": (1, 1, _array_to_object),
    "$mergeObjects": (1, _MANY, merge_objects),
}
"""Name to least and most arguments, and the function."""
