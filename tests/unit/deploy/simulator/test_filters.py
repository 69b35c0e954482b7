"""What a search query means under each reading of the documentation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.simulator.filters import compile_query
from deploy.simulator.model import Contact, Conversation, Person, Source
from deploy.simulator.responses import ApiError
from deploy.simulator.switches import Switches
from deploy.simulator.vocabularies import contact_vocabulary, conversation_vocabulary

NOON = 1_700_000_000 - 1_700_000_000 % 86_400 + 43_200
DAY = 86_400
AUTHOR = Person("user", "c1", "Ada", "ada@example.com")
CONVERSATION = Conversation("1", NOON, NOON, Source("1", AUTHOR, "please cancel my plan"), ("c1",))
CONTACT = Contact("c1", "user", NOON, NOON, email="ada@example.com", tag_ids=("7",), owner_id="5")


def finds_conversation(query: Any, at: int = NOON, **switches: Any) -> bool:
    compiled = compile_query(query, conversation_vocabulary(Switches().changed(**switches)))
    return compiled.matches(replace(CONVERSATION, updated_at=at))


def finds_contact(query: Any, at: int = NOON, zone: str = "UTC", **switches: Any) -> bool:
    compiled = compile_query(query, contact_vocabulary(Switches().changed(**switches), zone))
    return compiled.matches(replace(CONTACT, updated_at=at))


def one(field: str, operator: str, value: Any) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


@given(st.integers(0, 2**32), st.integers(0, 2**32))
def test_exact_conversation_dates_compare_by_the_second(at: int, value: int) -> None:
    """Every operator means what it says when nothing is cut."""
    assert finds_conversation(one("updated_at", ">", value), at) == (at > value)
    assert finds_conversation(one("updated_at", ">=", value), at) == (at >= value)
    assert finds_conversation(one("updated_at", "<", value), at) == (at < value)
    assert finds_conversation(one("updated_at", "<=", value), at) == (at <= value)
    assert finds_conversation(one("updated_at", "=", value), at) == (at == value)
    assert finds_conversation(one("updated_at", "!=", value), at) == (at != value)


def test_conversation_ids_are_ordered() -> None:
    """A reader that pages by `id >` finds what comes after, and everything after nothing."""
    assert finds_conversation(one("id", ">", ""))
    assert finds_conversation(one("id", "<", "2"))
    assert not finds_conversation(one("id", ">", "1"))


@given(st.integers(0, 2**32), st.integers(0, 2**32))
def test_a_day_cut_compares_days(at: int, value: int) -> None:
    """With dates cut to the day, > starts on the next day and < ends before this one."""
    assert finds_contact(one("updated_at", ">", value), at, contact_dates="utc_day") == (
        at // DAY > value // DAY
    )
    assert finds_contact(one("updated_at", "<", value), at, contact_dates="utc_day") == (
        at // DAY < value // DAY
    )
    assert finds_contact(one("updated_at", "=", value), at, contact_dates="utc_day") == (
        at // DAY == value // DAY
    )


def test_the_workspace_day_starts_at_its_own_midnight() -> None:
    """In Tokyo a day begins at 15:00 UTC."""
    evening = NOON + 4 * 3600
    assert finds_contact(one("updated_at", ">", NOON), evening, "Asia/Tokyo")
    assert not finds_contact(one("updated_at", ">", NOON), evening, "UTC")


def test_a_day_with_a_changed_clock_has_its_own_length() -> None:
    """On the day the clocks go forward in Dublin, the day is 23 hours long."""
    midnight = 1_711_843_200
    assert finds_contact(one("updated_at", "=", midnight), midnight + 23 * 3600 - 1, "Europe/Dublin")
    assert not finds_contact(one("updated_at", "=", midnight), midnight + 23 * 3600, "Europe/Dublin")


def test_bounds_may_include_the_value() -> None:
    """One reading of the documentation takes > as 'or equal'."""
    assert not finds_conversation(one("updated_at", ">", NOON))
    assert finds_conversation(one("updated_at", ">", NOON), conversation_bounds="inclusive")


@pytest.mark.parametrize("operator", [">=", "<=", "!="])
def test_contact_dates_take_three_operators_only(operator: str) -> None:
    """Others are an error for contacts, while conversations take them."""
    with pytest.raises(ApiError) as caught:
        finds_contact(one("updated_at", operator, NOON))
    assert caught.value.code == "data_invalid"


def test_a_phrase_never_matches_a_body() -> None:
    """Bodies match word by word."""
    assert finds_conversation(one("source.body", "~", "cancel"))
    assert not finds_conversation(one("source.body", "~", "cancel my plan"))


def test_numbers_may_come_as_text() -> None:
    """The vendor's own example sends a numeric string."""
    assert finds_conversation(one("updated_at", "=", str(NOON)))


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (one("nonsense", "=", 1), "invalid_field"),
        (one("updated_at", "~", 1), "data_invalid"),
        (one("updated_at", ">", "yesterday"), "invalid_value"),
        (one("updated_at", ">", [1]), "invalid_value"),
        (one("open", "=", "maybe"), "invalid_value"),
        (one("id", "IN", []), "invalid_value"),
        ({"operator": "AND", "value": []}, "data_invalid"),
        ({"operator": "AND", "value": [one("id", "=", "1")] * 16}, "parameter_invalid"),
        ({"field": 3, "operator": "=", "value": 1}, "data_invalid"),
        ([], "data_invalid"),
        (None, "data_invalid"),
        (
            {"operator": "AND", "value": [{"operator": "OR", "value": [{"operator": "AND", "value": [1]}]}]},
            "parameter_invalid",
        ),
    ],
)
def test_a_bad_query_is_named(query: Any, code: str) -> None:
    """Each fault has its code."""
    with pytest.raises(ApiError) as caught:
        finds_conversation(query)
    assert (caught.value.status, caught.value.code) == (400, code)


def test_groups_combine() -> None:
    """AND wants all, OR wants one, and bounds of an AND are narrowed."""
    inside = {
        "operator": "AND",
        "value": [one("updated_at", ">", NOON - 1), one("updated_at", "<", NOON + 1)],
    }
    either = {"operator": "OR", "value": [one("state", "=", "closed"), one("open", "=", "true")]}
    assert finds_conversation(inside)
    assert finds_conversation(either)
    assert not finds_conversation({"operator": "AND", "value": [inside, one("state", "=", "closed")]})
    compiled = compile_query(inside, conversation_vocabulary(Switches()))
    assert compiled.bounds("updated_at") == (NOON, NOON)


def test_lists_and_attributes_are_searched() -> None:
    """tag_id looks into a list, IN takes several, custom attributes compare by the kind of the value."""
    assert finds_contact(one("tag_id", "=", "7"))
    assert not finds_contact(one("tag_id", "!=", "7"))
    assert finds_contact(one("email", "IN", ["x@y.z", "ada@example.com"]))
    assert finds_contact(one("email", "NIN", ["x@y.z"]))
    assert finds_contact(one("email_domain", "=", "example.com"))
    assert finds_contact(one("owner_id", ">", 4))
    assert finds_contact(one("custom_attributes.plan", "=", None))


def test_a_switch_thrown_does_not_find_an_old_count() -> None:
    """Equal queries under different readings have different keys."""
    query = one("updated_at", ">", NOON)
    keys = {
        compile_query(query, conversation_vocabulary(Switches().changed(conversation_dates=reading))).key
        for reading in ("exact", "utc_day")
    }
    assert len(keys) == 2
