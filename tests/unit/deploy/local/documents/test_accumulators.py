"""What $group gathers, beside its definition over all values at once."""

from __future__ import annotations

from typing import Any

from bson import Decimal128, Int64
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.documents.aggregation.accumulators import compile_accumulator
from deploy.local.documents.aggregation.numbers import total
from deploy.local.documents.aggregation.values import comparison_key
from deploy.local.documents.paths import MISSING

_VALUES = st.lists(
    st.one_of(
        st.integers(-(1 << 31), (1 << 31) - 1),
        st.builds(Int64, st.integers(-(1 << 40), 1 << 40)),
        st.floats(allow_nan=True, allow_infinity=False, width=16),
        st.text("aé\0\U0001f600\uffff", max_size=2),
        st.sampled_from([None, True, False, MISSING, Decimal128("1.5")]),
    ),
    max_size=8,
)


def _gathered(name: str, values: list[Any]) -> Any:
    make, _ = compile_accumulator("f", {name: "$x"})
    accumulator = make()
    for value in values:
        accumulator.add(value)
    return accumulator.result()


@given(_VALUES)
def test_the_largest_and_the_smallest_are_those_of_the_order(values: list[Any]) -> None:
    """Values of all types are ordered by their keys, whichever types follow each other."""
    present = [value for value in values if value is not None and value is not MISSING]
    for name, choose in (("$max", max), ("$min", min)):
        expected = choose(present, key=comparison_key, default=None)
        found = _gathered(name, values)
        assert (found is None) == (expected is None)
        assert expected is None or comparison_key(found) == comparison_key(expected)


@given(st.lists(st.integers(-(1 << 31), (1 << 31) - 1)), st.lists(st.builds(Int64, st.integers(-9, 9))))
def test_a_sum_of_integers_has_the_type_of_the_sum(small: list[int], large: list[Int64]) -> None:
    """32-bit integers stay so until they do not fit, and one 64-bit integer makes a 64-bit sum."""
    found, expected = _gathered("$sum", [*small, *large]), sum(small) + sum(map(int, large))
    assert found == expected
    assert isinstance(found, Int64) == (bool(large) or not -(1 << 31) <= expected < 1 << 31)


@given(_VALUES)
def test_a_sum_is_that_of_all_numbers_at_once(values: list[Any]) -> None:
    """What is no number does not count, and the type is the widest."""
    found, expected = _gathered("$sum", values), total(values)
    assert comparison_key(found) == comparison_key(expected)
