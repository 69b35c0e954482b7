"""String and conversion functions of expressions."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from bson.datetime_ms import DatetimeMS
from bson.decimal128 import Decimal128
from bson.int64 import Int64
from bson.objectid import ObjectId
from bson.regex import Regex

from deploy.local.documents.aggregation.dates import iso_format
from deploy.local.documents.aggregation.values import ExpressionError, is_nothing, is_true
from deploy.local.documents.query.operators import compile_pattern, flag_letters, whole_number
from deploy.local.documents.updates.numbers import is_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MANY: Final = 1000
_INT32: Final = 1 << 31
_INT64: Final = 1 << 63


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ExpressionError(f"only supports strings, not {type(value).__name__}", 16702)
    return value


def _concat(*values: Any) -> Any:
    return None if any(is_nothing(value) for value in values) else "".join(map(_text, values))


def _cased(change: Callable[[str], str]) -> Callable[[Any], str]:
    def apply(value: Any) -> str:
        text = "" if is_nothing(value) else to_string(value)
        # MongoDB changes the case of ASCII letters only.
        return "".join(change(letter) if letter.isascii() else letter for letter in text)

    return apply


def _split(value: Any, separator: Any) -> Any:
    if is_nothing(value) or is_nothing(separator):
        return None
    if not separator:
        raise ExpressionError("requires a non-empty separator", 40087)
    return _text(value).split(_text(separator))


def _length(measure: Callable[[str], int]) -> Callable[[Any], int]:
    return lambda value: measure(_text(value))


def _substring(value: Any, start: Any, length: Any) -> str:
    if is_nothing(value):
        return ""
    first, size = whole_number(start), whole_number(length)
    if first is None or size is None or first < 0:
        raise ExpressionError("needs a starting index of zero or more and a length", 34452)
    text = to_string(value)
    return text[first:] if size < 0 else text[first : first + size]


def _index_of(value: Any, part: Any, start: Any = 0, end: Any = None) -> Any:
    if is_nothing(value):
        return None
    first, last = whole_number(start), None if end is None else whole_number(end)
    if first is None or (end is not None and last is None):
        raise ExpressionError("needs whole numbers for its start and end", 40096)
    return _text(value).find(_text(part), first, last)


def to_string(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, DatetimeMS):
        return iso_format(value)
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)  # noqa: PLR2004 - where doubles print with an exponent
    if isinstance(value, int | ObjectId | Decimal128):
        return str(value)
    raise ExpressionError(f"cannot convert {type(value).__name__} to a string", 241)


def _converting(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def apply(value: Any) -> Any:
        if is_nothing(value):
            return None
        try:
            return convert(value)
        except (ValueError, InvalidOperation, OverflowError) as error:
            raise ExpressionError(f"failed to convert {value!r}", 241) from error

    return apply


def _whole(limit: int, kind: type[int]) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        if isinstance(value, str | bool):
            number: int | None = int(value)
        elif isinstance(value, DatetimeMS):
            number = int(value)
        else:
            number = whole_number(value)
        if number is None or not -limit <= number < limit:
            raise ValueError(value)
        return kind(number)

    return convert


def _to_double(value: Any) -> float:
    if isinstance(value, DatetimeMS):
        return float(int(value))
    if isinstance(value, str | bool) or is_number(value):
        return float(value.to_decimal() if isinstance(value, Decimal128) else value)
    raise ValueError(value)


def _to_decimal(value: Any) -> Decimal128:
    if isinstance(value, Decimal128):
        return value
    if isinstance(value, float):
        return Decimal128(Decimal(f"{value:.15g}"))
    if isinstance(value, str | int):
        return Decimal128(str(int(value)) if isinstance(value, bool) else str(value))
    raise ValueError(value)


def _to_object_id(value: Any) -> ObjectId:
    if isinstance(value, ObjectId):
        return value
    if isinstance(value, str) and ObjectId.is_valid(value):
        return ObjectId(value)
    raise ValueError(value)


def _regex_match(input: Any, regex: Any, options: Any = None) -> bool:  # noqa: A002 - the argument's name in MongoDB
    if is_nothing(input) or is_nothing(regex):
        return False
    if not isinstance(regex, str | Regex):
        raise ExpressionError("needs 'regex' to be a string or a regular expression", 51105)
    if not (is_nothing(options) or isinstance(options, str)):
        raise ExpressionError("needs 'options' to be a string", 51106)
    if isinstance(regex, str):
        pattern, flags = regex, ""
    else:
        pattern = regex.pattern if isinstance(regex.pattern, str) else regex.pattern.decode()
        flags = flag_letters(regex.flags)
    return (
        compile_pattern(pattern, flags if is_nothing(options) else options).search(_text(input)) is not None
    )


def _trimmed(cut: Callable[[str, str | None], str]) -> Callable[..., Any]:
    def apply(input: Any, chars: Any = None) -> Any:  # noqa: A002 - the argument's name in MongoDB
        return None if is_nothing(input) else cut(_text(input), None if is_nothing(chars) else _text(chars))

    return apply


def _replace_all(input: Any, find: Any, replacement: Any) -> Any:  # noqa: A002 - the argument's name in MongoDB
    if is_nothing(input) or is_nothing(find) or is_nothing(replacement):
        return None
    return _text(input).replace(_text(find), _text(replacement))


_TRIM_ARGUMENTS: Final = (frozenset({"input"}), frozenset({"chars"}))

NAMED: Final[Mapping[str, tuple[frozenset[str], frozenset[str], Callable[..., Any]]]] = {
    "$regexMatch": (frozenset({"input", "regex"}), frozenset({"options"}), _regex_match),
    "$trim": (*_TRIM_ARGUMENTS, _trimmed(str.strip)),
    "$ltrim": (*_TRIM_ARGUMENTS, _trimmed(str.lstrip)),
    "$rtrim": (*_TRIM_ARGUMENTS, _trimmed(str.rstrip)),
    "$replaceAll": (frozenset({"input", "find", "replacement"}), frozenset(), _replace_all),
}
"""Name to required and optional arguments, and the function."""

FUNCTIONS: Final[Mapping[str, tuple[int, int, Callable[..., Any]]]] = {
    "$concat": (0, _MANY, _concat),
    "$toLower": (1, 1, _cased(str.lower)),
    "$toUpper": (1, 1, _cased(str.upper)),
    "$split": (2, 2, _split),
    "$strLenCP": (1, 1, _length(len)),
    "$strLenBytes": (1, 1, _length(lambda text: len(text.encode()))),
    "$substrCP": (3, 3, _substring),
    "$indexOfCP": (2, 4, _index_of),
    "$toString": (1, 1, _converting(to_string)),
    "$toInt": (1, 1, _converting(_whole(_INT32, int))),
    "$toLong": (1, 1, _converting(_whole(_INT64, Int64))),
    "$toDouble": (1, 1, _converting(_to_double)),
    "$toDecimal": (1, 1, _converting(_to_decimal)),
    "$toBool": (1, 1, _converting(is_true)),
    "$toObjectId": (1, 1, _converting(_to_object_id)),
}
"""Name to least and most arguments, and the function."""
