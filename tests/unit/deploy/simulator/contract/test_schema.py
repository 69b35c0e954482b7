"""The part of JSON Schema that requests are held against."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.simulator.contract.requests import DESCRIPTION
from deploy.simulator.contract.schema import KNOWN_KEYWORDS, faults

SCHEMAS = orjson.loads(DESCRIPTION.read_bytes())["components"]["schemas"]
SEARCH = {"$ref": "#/components/schemas/search_request"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


def keywords(value: Any) -> set[str]:
    """Every keyword that a schema uses; names of properties are none."""
    if isinstance(value, list):
        return {word for each in value for word in keywords(each)}
    if not isinstance(value, dict):
        return set()
    inner = [each for key, each in value.items() if key != "properties"]
    return (
        set(value)
        | {word for each in inner for word in keywords(each)}
        | {word for each in value.get("properties", {}).values() for word in keywords(each)}
    )


def test_the_description_uses_no_keyword_that_is_not_read() -> None:
    """A newer description with another keyword would otherwise be half checked."""
    assert {word for each in SCHEMAS.values() for word in keywords(each)} <= KNOWN_KEYWORDS


@pytest.mark.parametrize(
    ("body", "objection"),
    [
        ({}, "body needs query"),
        ({"query": {"field": "id", "operator": "=>", "value": 1}}, "body.query.operator must be one of"),
        ({"query": {"fields": "id"}}, "body.query.fields is not declared"),
        ({"query": {"field": 5, "operator": "=", "value": 1}}, "body.query.field must be string, not int"),
        ({"query": {"field": "id"}, "pagination": {"per_page": True}}, "per_page must be integer, not bool"),
        ({"query": {"field": "id"}, "pagination": {"page": 2}}, "body.pagination.page is not declared"),
        ([], "body must be object, not list"),
    ],
)
def test_objections_name_the_place(body: Any, objection: str) -> None:
    """Whoever reads it knows what to mend."""
    assert objection in faults(SEARCH, body, SCHEMAS, "body")[0]


def test_nested_groups_and_null_paging_are_allowed() -> None:
    """As the vendor's examples have them."""
    one = {"field": "updated_at", "operator": ">", "value": 1}
    group = {"operator": "AND", "value": [{"operator": "OR", "value": [one, one]}]}
    assert faults(SEARCH, {"query": group, "pagination": None}, SCHEMAS, "body") == []


@given(JSON)
def test_no_body_breaks_the_check(body: Any) -> None:
    """Whatever is sent, the answer is a list of sentences."""
    assert all(isinstance(each, str) for each in faults(SEARCH, body, SCHEMAS, "body"))


def test_depth_is_bounded() -> None:
    """A body that nests endlessly is objected to, not followed."""
    body: Any = {"field": "id"}
    for _ in range(200):
        body = {"operator": "AND", "value": [body]}
    assert faults(SEARCH, {"query": body}, SCHEMAS, "body")
