"""Keys compare as MongoDB compares values; checked against a comparison that knows nothing of bytes."""

from __future__ import annotations

import math
from decimal import Decimal
from functools import cmp_to_key
from typing import Any

import pytest
from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.datetime_ms import DatetimeMS
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.documents.keys import AFTER, encode_key, invert

_RANK: dict[type, int] = {
    MinKey: 0, type(None): 2, int: 3, Int64: 3, float: 3, Decimal128: 3, str: 4, dict: 5, list: 6,
    bytes: 7, Binary: 7,
    ObjectId: 8, bool: 9, DatetimeMS: 10, Timestamp: 11, Regex: 12, Code: 13, MaxKey: 14,
}  # fmt: skip


def _sign(left: Any, right: Any) -> int:
    return int(left > right) - int(left < right)


def compare(left: Any, right: Any) -> int:  # noqa: PLR0911 - one way out per type
    """MongoDB's comparison order, written down straight from its description."""
    rank = _sign(_RANK[type(left)], _RANK[type(right)])
    if rank:
        return rank
    if _RANK[type(left)] == 3:
        return _compare_numbers(left, right)
    if isinstance(left, str):
        return _sign(left.encode(), right.encode())
    if isinstance(left, dict):
        return _compare_documents(left, right)
    if isinstance(left, list):
        for one, other in zip(left, right, strict=False):
            if result := compare(one, other):
                return result
        return _sign(len(left), len(right))
    return _compare_scalars(left, right)


def _compare_scalars(left: Any, right: Any) -> int:
    if isinstance(left, bytes):
        subtypes = [value.subtype if isinstance(value, Binary) else 0 for value in (left, right)]
        return _sign((len(left), subtypes[0], bytes(left)), (len(right), subtypes[1], bytes(right)))
    if isinstance(left, Timestamp):
        return _sign((left.time, left.inc), (right.time, right.inc))
    if isinstance(left, Regex):
        return _sign((left.pattern, left.flags), (right.pattern, right.flags))
    if isinstance(left, MinKey | MaxKey) or left is None:
        return 0
    if isinstance(left, DatetimeMS):
        return _sign(int(left), int(right))
    return _sign(left, right)


def _exact(value: Any) -> Decimal:
    return value.to_decimal() if isinstance(value, Decimal128) else Decimal(value)


def _compare_numbers(left: Any, right: Any) -> int:
    one, other = _exact(left), _exact(right)
    if one.is_nan() or other.is_nan():
        return _sign(not one.is_nan(), not other.is_nan())
    return int(one.compare(other)) if one.is_infinite() or other.is_infinite() else _sign(one, other)


def _compare_documents(left: dict[str, Any], right: dict[str, Any]) -> int:
    for (name, one), (other_name, other) in zip(left.items(), right.items(), strict=False):
        for pair in (
            (_RANK[type(one)], _RANK[type(other)]),
            (name.encode(), other_name.encode()),
        ):
            if result := _sign(*pair):
                return result
        if result := compare(one, other):
            return result
    return _sign(len(left), len(right))


def _decimal128(text: str) -> Decimal128:
    return Decimal128(text)


TEXT = st.text(st.characters(codec="utf-8"), max_size=6)
NUMBERS = st.one_of(
    st.integers(-(1 << 63), (1 << 63) - 1).map(Int64),
    st.integers(-5, 5),
    st.floats(),
    st.sampled_from([0.1, 1e308, -1e308, 5e-324, 2.0**53, -(2.0**63)]),
    st.decimals(-100, 100, allow_nan=False, allow_infinity=False, places=2).map(Decimal128),
    st.sampled_from(
        ["0.1", "-0.1", "1E+400", "-1E+400", "1E-400", "-1E-400", "9007199254740993", "NaN", "Infinity",
         "-Infinity",
         "1E+6111", "-1E+6111", "1E-6170", "0", "-0", "1.000"]
    ).map(_decimal128),
)  # fmt: skip
SCALARS = st.one_of(
    NUMBERS,
    TEXT,
    st.none(),
    st.booleans(),
    st.binary(max_size=4),
    st.builds(Binary, st.binary(max_size=3), st.sampled_from([0, 4, 128])),
    st.binary(min_size=12, max_size=12).map(ObjectId),
    st.integers(-(1 << 63), (1 << 63) - 1).map(DatetimeMS),
    st.builds(Timestamp, st.integers(0, (1 << 32) - 1), st.integers(0, (1 << 32) - 1)),
    st.builds(Regex, st.sampled_from(["a", "ab", "b"]), st.just(0)),
    st.sampled_from([MinKey(), MaxKey(), Code("x")]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXT.filter(lambda t: "\0" not in t), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(VALUES, VALUES)
def test_order_of_keys_is_order_of_values(left: Any, right: Any) -> None:
    """Comparing two keys as bytes gives what comparing the values gives."""
    assert _sign(encode_key(left), encode_key(right)) == compare(left, right)


@given(NUMBERS, NUMBERS)
def test_numbers_of_all_types_share_one_order(left: Any, right: Any) -> None:
    """Ints, longs, doubles and decimals compare by value."""
    assert _sign(encode_key(left), encode_key(right)) == _compare_numbers(left, right)


@given(VALUES, VALUES, VALUES, VALUES)
def test_compound_keys_compare_component_by_component(a: Any, b: Any, c: Any, d: Any) -> None:
    """Keys put one after another compare like tuples, the second one descending."""
    left, right = encode_key(a) + invert(encode_key(b)), encode_key(c) + invert(encode_key(d))
    assert _sign(left, right) == (compare(a, c) or compare(d, b))


@given(VALUES, VALUES)
def test_no_key_is_the_beginning_of_another(left: Any, right: Any) -> None:
    """A key ends by itself, so that what follows cannot change what it means."""
    one, other = encode_key(left), encode_key(right)
    assert one == other or not other.startswith(one)
    assert one + AFTER > one
    assert not one.startswith(AFTER)
    assert not invert(one).startswith(AFTER)


def test_the_order_of_types() -> None:
    """The brackets stand in MongoDB's canonical order."""
    values: list[Any] = [
        MinKey(), None, -math.inf, 1, "a", {"a": 1}, [1], b"x", ObjectId(), False, True, DatetimeMS(0),
        Timestamp(0, 0), Regex("a"), Code("x"), Code("x", {}), MaxKey(),
    ]  # fmt: skip
    shuffled = values[5:] + values[:5]
    assert sorted(shuffled, key=encode_key) == values


def test_sorting_by_key_is_sorting_by_comparison() -> None:
    """A list of near neighbours among the numbers comes out in order."""
    values: list[Any] = [
        Int64((1 << 53) + 1), float(1 << 53), Decimal128("9007199254740992.5"), Int64((1 << 62) + 1), 2.0**62,
        Decimal128("0.1"), 0.1, Decimal128("0.10000000000000000555111512312578"), -0.0, 0, 5e-324,
    ]  # fmt: skip
    assert sorted(values, key=encode_key) == sorted(values, key=cmp_to_key(compare))


def test_other_types_are_refused() -> None:
    """A value that is no BSON type is a fault of ours, and loud."""
    with pytest.raises(TypeError, match="complex"):
        encode_key(1j)
