r"""Order-preserving bytes for BSON values: comparing two keys as bytes is MongoDB's comparison.

A key starts with the byte of its type's bracket (MongoDB's canonical order), then the value. Every
encoding is self-terminating, so keys can be put one after another for compound indexes, and no
encoding starts with 0xFF, so ``key + b"\xff"`` is an upper bound of everything that begins with ``key``.
"""

from __future__ import annotations

import math
import struct
from decimal import Context, Decimal
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

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MIN_KEY: Final = b"\x01"
EMPTY_ARRAY: Final = b"\x05"
"""An empty array stands below null where arrays are seen by their elements (indexes and sorts)."""
NULL: Final = b"\x0a"
NUMBER: Final = b"\x14"
STRING: Final = b"\x1e"
OBJECT: Final = b"\x28"
ARRAY: Final = b"\x32"
BINARY: Final = b"\x3c"
OBJECT_ID: Final = b"\x46"
BOOLEAN: Final = b"\x50"
DATE: Final = b"\x5a"
TIMESTAMP: Final = b"\x64"
REGEX: Final = b"\x6e"
CODE: Final = b"\x78"
CODE_WITH_SCOPE: Final = b"\x7a"
MAX_KEY: Final = b"\x7e"

AFTER: Final = b"\xff"
"""Sorts after every continuation of a key."""

_END: Final = b"\x00"
_NUMBER: Final = NUMBER[0]
_NAN: Final = NUMBER + b"\x00" * 9
_EXACT_INTEGERS: Final = 1 << 53
_SIGN: Final = 1 << 63
# Exact differences of a double and a decimal128 need at most 6,145 digits before and 6,176 after the point.
_WIDE: Final = Context(prec=14_000, Emax=999_999, Emin=-999_999)
_BELOW_DOUBLES: Final = Decimal(10) ** 6200
_EXPONENT_BIAS: Final = 20_000
_INVERTED: Final = bytes(255 - byte for byte in range(256))
_pack_double: Final = struct.Struct(">d").pack
_pack_number: Final = struct.Struct(">Bdx").pack
"""A number's bracket, the bytes of a double and its end."""


def invert(key: bytes) -> bytes:
    """The key for a descending component: the order of the results is the reverse of the input's."""
    return key.translate(_INVERTED)


def encode_key(value: Any) -> bytes:
    """Encode one BSON value as codec.decode gives it; raises `TypeError` for any other Python type."""
    encoder = _ENCODERS.get(type(value))
    if encoder is None:
        encoder = _by_inheritance(value)
    return encoder(value)


def bracket(value: Any) -> bytes:
    """The type bracket of a value: comparison operators only compare within one."""
    return (
        encode_key(value)[:1]
        if isinstance(value, Code)
        else _BRACKETS.get(type(value)) or encode_key(value)[:1]
    )


def _sortable_double(value: float) -> bytes:
    """The bytes of a double, its sign's bit turned; below zero all bits, as there more is less."""
    # The double of the opposite sign differs in that one bit; a negative zero counts as zero.
    return _pack_double(-(value + 0.0)) if value >= 0 else _pack_double(value).translate(_INVERTED)


def _float(value: float) -> bytes:
    if value != value:  # noqa: PLR0124 - the fastest test for NaN, on the path of every number
        return _NAN
    if value >= 0:
        return _pack_number(_NUMBER, -(value + 0.0))  # `_sortable_double`, in one call
    return NUMBER + _sortable_double(value) + _END


def _int(value: int) -> bytes:
    if 0 <= value <= _EXACT_INTEGERS:
        return _pack_number(_NUMBER, -(value + 0.0))  # `_float`, without the call
    if -_EXACT_INTEGERS <= value <= _EXACT_INTEGERS:
        return _float(value)
    return _exact(Decimal(value))


def _decimal128(value: Decimal128) -> bytes:
    number = value.to_decimal()
    if number.is_nan():
        return _NAN
    if number.is_infinite():
        return _float(float(number))
    return _exact(number)


def _exact(number: Decimal) -> bytes:
    """The largest double not above the number, then the exact rest, so that unlike types compare by value."""
    double = float(number)
    if double == float("-inf"):
        return NUMBER + _sortable_double(double) + _rest(_WIDE.add(number, _BELOW_DOUBLES))
    if double == float("inf"):
        double = float.fromhex("0x1.fffffffffffffp+1023")
    elif Decimal(double) > number:
        double = math.nextafter(double, -math.inf)
    return NUMBER + _sortable_double(double) + _rest(_WIDE.subtract(number, Decimal(double)))


def _rest(rest: Decimal) -> bytes:
    if not rest:
        return _END
    _, digits, _ = rest.as_tuple()
    text = "".join(map(str, digits)).rstrip("0").encode()
    return b"\x01" + struct.pack(">H", rest.adjusted() + _EXPONENT_BIAS) + text + _END


def _text(data: bytes) -> bytes:
    if b"\x00" in data:
        data = data.replace(b"\x00", b"\x00\xff")
    return data + b"\x00\x00"


def _string(value: str) -> bytes:
    return STRING + _text(value.encode("utf-8", "surrogatepass"))


def _object(value: Mapping[str, Any]) -> bytes:
    parts = [OBJECT]
    for name, item in value.items():
        key = encode_key(item)
        parts += (key[:1], _text(name.encode("utf-8", "surrogatepass")), key[1:])
    parts.append(_END)
    return b"".join(parts)


def _array(value: list[Any]) -> bytes:
    return ARRAY + b"".join(map(encode_key, value)) + _END


def _binary(value: bytes) -> bytes:
    subtype = value.subtype if isinstance(value, Binary) else 0
    return BINARY + struct.pack(">IB", len(value), subtype) + bytes(value)


def _date(value: DatetimeMS) -> bytes:
    return DATE + struct.pack(">Q", int(value) + _SIGN)


def _regex(value: Regex[Any]) -> bytes:
    pattern = value.pattern.encode() if isinstance(value.pattern, str) else value.pattern
    return REGEX + _text(pattern) + struct.pack(">I", value.flags)


def _code(value: Code) -> bytes:
    if value.scope is None:
        return CODE + _text(str(value).encode())
    return CODE_WITH_SCOPE + _text(str(value).encode()) + _object(value.scope)


_ENCODERS: Final[Mapping[type, Callable[[Any], bytes]]] = {
    str: _string,
    int: _int,
    Int64: _int,
    float: _float,
    bool: lambda value: BOOLEAN + (b"\x01" if value else b"\x00"),
    type(None): lambda _: NULL,
    ObjectId: lambda value: OBJECT_ID + value.binary,
    DatetimeMS: _date,
    dict: _object,
    list: _array,
    bytes: _binary,
    Binary: _binary,
    Decimal128: _decimal128,
    Timestamp: lambda value: TIMESTAMP + struct.pack(">II", value.time, value.inc),
    Regex: _regex,
    Code: _code,
    DBRef: lambda value: _object(value.as_doc()),
    MinKey: lambda _: MIN_KEY,
    MaxKey: lambda _: MAX_KEY,
}

_BRACKETS: Final[Mapping[type, bytes]] = {
    str: STRING,
    int: NUMBER,
    Int64: NUMBER,
    float: NUMBER,
    Decimal128: NUMBER,
    bool: BOOLEAN,
    type(None): NULL,
    ObjectId: OBJECT_ID,
    DatetimeMS: DATE,
    dict: OBJECT,
    list: ARRAY,
    bytes: BINARY,
    Binary: BINARY,
    Timestamp: TIMESTAMP,
    Regex: REGEX,
    DBRef: OBJECT,
    MinKey: MIN_KEY,
    MaxKey: MAX_KEY,
}


def _by_inheritance(value: Any) -> Callable[[Any], bytes]:
    for kind, encoder in _ENCODERS.items():
        if isinstance(value, kind):
            return encoder
    raise TypeError(f"{type(value).__name__} is not a BSON type")
