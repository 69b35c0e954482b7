"""Single values out of Intercom's bodies: any may be missing, null, of another type, or huge."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.syncer.domain import fields
from shared.contracts.resources import ContactChanged

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (7, "7"),
        ("7", "7"),
        (0, None),
        ("0", None),
        ("", None),
        (" x ", "x"),
        (None, None),
        (True, None),
        ({}, None),
        ("y" * 300, None),
    ],
)
def test_identifiers(value: Any, expected: str | None) -> None:
    """Ids come as strings or integers; zero is Intercom's word for nobody."""
    assert fields.identifier(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1_700_000_000, 1_700_000_000),
        ("1700000000", 1_700_000_000),
        ("2023-11-14T22:13:20.000+00:00", 1_700_000_000),
        ("2023-11-14T22:13:20", 1_700_000_000),
        (1_700_000_000.0, 1_700_000_000),
        (-86_400, -86_400),
        ("yesterday", None),
        (1.5, None),
        (True, None),
        (10**30, None),
        (float("nan"), None),
    ],
)
def test_seconds(value: Any, expected: int | None) -> None:
    """Unix seconds, also where a webhook's item has ISO 8601."""
    assert fields.seconds(value) == expected


def test_moments_outside_of_any_calendar_are_none() -> None:
    """Clients supply times before 1970 and in the year 50,000 (FACTS §7); only the first exist."""
    assert fields.moment(-86_400) == datetime(1969, 12, 31, tzinfo=UTC)
    assert fields.moment(1_520_000_000_000) is None


def test_ids_of_lists() -> None:
    """Lists of ids and of objects both give ids, each once, in order; the rest is left out."""
    assert fields.identifiers([{"id": 3}, "3", 4, None, {"no": 1}, [5]]) == ("3", "4")
    assert fields.identifiers("not a list") == ()
    assert len(fields.identifiers(list(range(1, 5_000)))) == fields.MOST_REFERENCES


def test_tags_are_found_in_both_shapes() -> None:
    """Contacts keep tags under `data`, companies and conversations under `tags`."""
    assert fields.tag_ids({"tags": {"data": [{"id": "80"}]}}) == ("80",)
    assert fields.tag_ids({"tags": {"tags": [{"id": "81"}]}}) == ("81",)
    assert fields.tag_ids({"tags": None}) == ()


def test_attributes_are_flat_and_bounded() -> None:
    """Nested values are dropped; their number and weight stay within what a record may carry."""
    found = fields.attributes(
        {"a": 1, "b": {"nested": True}, "c": [1], "d": None, "e": float("inf"), "f": "x"}
    )
    assert found == {"a": 1, "d": None, "f": "x"}
    heavy = fields.attributes({str(number): "y" * 5_000 for number in range(2_000)})
    assert len(heavy) <= 500
    assert sum(len(str(value)) for value in heavy.values()) <= 262_144


@given(JSON)
def test_no_value_ever_fails(value: Any) -> None:
    """Every reader takes every JSON value and gives what the contracts accept."""
    for read in (fields.text, fields.address, fields.identifier, fields.integer, fields.count, fields.number):
        read(value)
    ContactChanged(
        organization_id="o",
        connection_id="c",
        workspace_id="w",
        id=fields.identifier(value) or "1",
        version="v",
        observed_at=datetime(2026, 1, 1, tzinfo=UTC),
        name=fields.text(value),
        company_ids=fields.identifiers(value),
        created_at=fields.moment(value),
        custom_attributes=fields.attributes(value),
    ).model_dump_json()
