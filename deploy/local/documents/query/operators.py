"""What each query operator accepts: a test on one value, built from the operator's operand.

A test never sees the document; which values it is asked about is decided by `clauses`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from bson.binary import Binary
from bson.code import Code
from bson.datetime_ms import DatetimeMS
from bson.dbref import DBRef
from bson.decimal128 import Decimal128
from bson.int64 import Int64
from bson.max_key import MaxKey
from bson.min_key import MinKey
from bson.objectid import ObjectId
from bson.regex import Regex
from bson.timestamp import Timestamp

from deploy.local.documents.errors import BadValueError, UnsupportedError
from deploy.local.documents.keys import NULL, NUMBER, bracket, encode_key
from deploy.local.documents.paths import MISSING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Test = Any  # Callable[[Any], bool]; a plain alias keeps the operator table below readable

_NAN_KEY: Final = encode_key(float("nan"))
_INT32_LIMIT: Final = 1 << 31
_INT64_LIMIT: Final = 1 << 63


def equals(operand: Any) -> Test:
    """Equality by value within a type bracket; null also accepts a missing field."""
    if isinstance(operand, Regex):
        return regex(operand)
    if operand is None:
        return lambda value: value is None or value is MISSING
    kind = type(operand)
    if kind in {str, ObjectId, bool}:
        return lambda value: type(value) is kind and value == operand
    key = encode_key(operand)

    def test(value: Any) -> bool:
        return value is not MISSING and encode_key(value) == key

    return test


def one_of(operand: Any) -> Test:
    if not isinstance(operand, list):
        raise BadValueError("$in needs an array")
    if any(isinstance(item, dict) and any(name.startswith("$") for name in item) for item in operand):
        raise BadValueError("cannot nest $ under $in")
    patterns = [regex(item) for item in operand if isinstance(item, Regex)]
    keys = {encode_key(item) for item in operand}
    accepts_missing = None in operand

    def test(value: Any) -> bool:
        if value is MISSING:
            return accepts_missing
        return encode_key(value) in keys or any(pattern(value) for pattern in patterns)

    return test


def compares(accept_less: bool, accept_equal: bool) -> Callable[[Any], Test]:  # noqa: FBT001 - the two facts name the operator
    """The four ordering operators; they compare only within one type bracket, and NaN only to itself."""

    def build(operand: Any) -> Test:
        if isinstance(operand, Regex):
            raise BadValueError("an ordering operator cannot take a regular expression")
        if operand is None:
            return (lambda value: value is None or value is MISSING) if accept_equal else (lambda _: False)
        key, kind = encode_key(operand), bracket(operand)
        any_bracket = isinstance(operand, MinKey | MaxKey)

        def test(value: Any) -> bool:
            if value is MISSING:
                return any_bracket and (key > NULL if accept_less else key < NULL)
            other = encode_key(value)
            if other == key:
                return accept_equal
            if kind == NUMBER and _NAN_KEY in {other, key}:
                return False
            return (any_bracket or other[:1] == kind) and (other < key) is accept_less

        return test

    return build


_REGEX_FLAGS: Final[Mapping[str, int]] = {
    "i": re.IGNORECASE,
    "m": re.MULTILINE,
    "s": re.DOTALL,
    "x": re.VERBOSE,
}


def compile_pattern(pattern: str, options: str) -> re.Pattern[str]:
    """Compile a pattern; Python's dialect serves where MongoDB has PCRE's, and what it lacks is refused."""
    flags = 0
    for letter in options:
        if letter not in _REGEX_FLAGS and letter != "u":
            raise BadValueError(f"$regex has an unknown option: {letter}")
        flags |= _REGEX_FLAGS.get(letter, 0)
    try:
        return re.compile(pattern, flags)
    except re.error as error:
        raise BadValueError(f"Regular expression is invalid or uses what Python's lacks: {error}") from error


def flag_letters(flags: int) -> str:
    """The option letters of a BSON regular expression's flags; raises where one has no equal here."""
    if flags & re.LOCALE:
        raise UnsupportedError("the regular expression option 'l'")
    return "".join(letter for letter, flag in _REGEX_FLAGS.items() if flags & flag)


def regex(operand: Any, options: str = "") -> Test:
    if isinstance(operand, Regex):
        source = operand.pattern if isinstance(operand.pattern, str) else operand.pattern.decode()
        compiled = compile_pattern(source, options or flag_letters(operand.flags))
        own_key = encode_key(operand)
    elif isinstance(operand, str):
        compiled = compile_pattern(operand, options)
        own_key = encode_key(Regex(operand, compiled.flags & ~re.UNICODE))
    else:
        raise BadValueError("$regex has to be a string")

    def test(value: Any) -> bool:
        if isinstance(value, str):
            return compiled.search(value) is not None
        return isinstance(value, Regex) and encode_key(value) == own_key

    return test


TYPE_NUMBERS: Final[Mapping[str, int]] = {
    "double": 1, "string": 2, "object": 3, "array": 4, "binData": 5, "undefined": 6, "objectId": 7,
    "bool": 8, "date": 9, "null": 10, "regex": 11, "dbPointer": 12, "javascript": 13, "symbol": 14,
    "javascriptWithScope": 15, "int": 16, "timestamp": 17, "long": 18, "decimal": 19, "minKey": -1,
    "maxKey": 127,
}  # fmt: skip
_NUMERIC_TYPES: Final = frozenset({1, 16, 18, 19})

_TYPE_OF: Final[Mapping[type, int]] = {
    float: 1, str: 2, dict: 3, DBRef: 3, list: 4, bytes: 5, Binary: 5, ObjectId: 7, bool: 8, DatetimeMS: 9,
    type(None): 10, Regex: 11, Int64: 18, Timestamp: 17, Decimal128: 19, MinKey: -1, MaxKey: 127,
}  # fmt: skip


def type_number(value: Any) -> int:
    """The BSON type number of a value as codec.decode gives it."""
    if type(value) is int:
        return 16 if -_INT32_LIMIT <= value < _INT32_LIMIT else 18
    if isinstance(value, Code):
        return 13 if value.scope is None else 15
    return _TYPE_OF[type(value)]


def has_type(operand: Any) -> Test:
    """$type, by number, by alias, by "number", or by an array of those."""
    wanted: set[int] = set()
    for item in operand if isinstance(operand, list) else [operand]:
        if item == "number":
            wanted |= _NUMERIC_TYPES
        elif isinstance(item, str) and item in TYPE_NUMBERS:
            wanted.add(TYPE_NUMBERS[item])
        elif isinstance(item, int | float) and not isinstance(item, bool) and item in TYPE_NUMBERS.values():
            wanted.add(int(item))
        else:
            raise BadValueError(f"Unknown type name alias or number: {item!r}")
    return lambda value: value is not MISSING and type_number(value) in wanted


def modulo(operand: Any) -> Test:
    if not isinstance(operand, list) or len(operand) != 2:  # noqa: PLR2004 - divisor and remainder
        raise BadValueError("malformed mod, needs to be an array of two numbers")
    divisor, remainder = (whole_number(item) for item in operand)
    if divisor is None or remainder is None:
        raise BadValueError("malformed mod, divisor and remainder must be numbers")
    if divisor == 0:
        raise BadValueError("divisor cannot be 0")

    def test(value: Any) -> bool:
        number = whole_number(value)
        # The sign of the remainder is the dividend's in C++, the divisor's in Python.
        return number is not None and _c_remainder(number, divisor) == remainder

    return test


def _c_remainder(number: int, divisor: int) -> int:
    result = abs(number) % abs(divisor)
    return result if number >= 0 else -result


def whole_number(value: Any) -> int | None:
    """A number cut towards zero, or None for anything that is not a finite 64-bit number."""
    if isinstance(value, Decimal128):
        value = value.to_decimal()
        if not value.is_finite():
            return None
    elif isinstance(value, bool) or not isinstance(value, int | float) or value - value != 0:
        return None  # the last is true of infinities and NaN
    result = int(value)
    return result if -_INT64_LIMIT <= result < _INT64_LIMIT else None
