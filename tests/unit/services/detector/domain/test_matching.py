"""Which customer a company is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.matching import (
    Decision,
    KnownName,
    Match,
    NameMatching,
    Suggestion,
    match_company,
    normalise_name,
)

KNOWN = [
    KnownName("c1", "acc-1", "Northwind"),
    KnownName("c2", "acc-2", "Contoso"),
    KnownName("c3", "acc-3", "Contoso"),
]


def match(
    external_id: str | None = None,
    name: str | None = None,
    by_name: NameMatching = "exact",
    decisions: tuple[Decision, ...] = (),
) -> Match:
    return match_company(
        external_id=external_id, name=name, known=KNOWN, decisions=decisions, by_name=by_name
    )


def test_the_own_id_matches_without_asking() -> None:
    """A company whose company_id is a known external id is that customer, whatever its name."""
    assert match("acc-1", "Something else", "off") == Match("c1", "external_id")


@pytest.mark.parametrize(
    ("name", "by_name", "found"),
    [
        ("Northwind", "exact", "c1"),
        (" Northwind ", "exact", "c1"),
        ("northwind", "exact", None),
        ("NORTHWIND, Inc.", "normalised", "c1"),
        ("Northwind", "off", None),
        ("", "normalised", None),
        (None, "exact", None),
        ("Contoso", "exact", None),
    ],
)
def test_names_match_as_told(name: str | None, by_name: NameMatching, found: str | None) -> None:
    """Each setting matches what it says; a name that two customers have matches neither."""
    assert match(None, name, by_name).customer_id == found


def test_doubtful_names_are_suggested() -> None:
    """What does not match is offered to a person, the likest first."""
    assert match(None, "Contoso", "exact").suggestions == (_alike("c2"), _alike("c3"))
    assert match(None, "Northwnd", "normalised").suggestions == (_alike("c1"),)
    assert match(None, "Umbrella", "normalised").suggestions == ()


def _alike(customer_id: str) -> Suggestion:
    return Suggestion(customer_id, names_alike=True)


def test_a_persons_word_decides() -> None:
    """Confirmed wins over the id; refused is neither matched nor suggested again."""
    assert match("acc-1", None, decisions=(Decision("c2", confirmed=True),)) == Match("c2", "person")
    refused = match("acc-1", "Northwind", decisions=(Decision("c1", confirmed=False),))
    assert refused == Match(None, "none")


@given(st.text(max_size=80))
def test_normalising_twice_is_normalising_once(name: str) -> None:
    """A normalised name is its own normal form, and never has outer spaces."""
    once = normalise_name(name)
    assert normalise_name(once) == once
    assert once == once.strip()
