"""Which e-mail domain speaks for a company, and whom it hints at."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.mail_domains import (
    FREE_MAIL,
    Hint,
    company_domain,
    hints_of,
    listed_domains,
    people_by_domain,
)
from services.detector.domain.matching import Decision, Suggestion, with_hints
from services.detector.domain.mirror import Writers

DOMAINS = st.sampled_from(["acme.example", "north.example", "blue.example"])
IDS = st.sampled_from(["c1", "c2", "c3", "c4", "c5", "c6", "c7"])
USERS = st.dictionaries(DOMAINS, st.frozensets(IDS, max_size=3))
WRITING = st.dictionaries(DOMAINS, st.integers(1, 50))


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("Dana@Acme.Example", "acme.example"),
        (" dana@eu.acme.co.uk. ", "eu.acme.co.uk"),
        ("dana@bücher.example", None),
        ("dana@xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("dana@gmail.com", None),
        ("dana@yahoo.co.uk", None),
        ("dana@eu.hotmail.fr", None),
        ("x@privaterelay.appleid.com", None),
        ("dana@outlook-partners.com", "outlook-partners.com"),
        ("dana@liveacme.com", "liveacme.com"),
        ("dana@localhost", None),
        ("dana@[127.0.0.1]", None),
        ("@acme.example", None),
        ("acme.example", None),
        ("", None),
        (None, None),
    ],
)
def test_a_company_domain_is_read_from_an_address(address: str | None, domain: str | None) -> None:
    """Free mail, internet providers, relays and what is no address say nothing of a company."""
    assert company_domain(address) == domain


@given(st.text(max_size=60), st.sampled_from(sorted(FREE_MAIL)), st.sampled_from(["", "mail.", "a.b."]))
def test_no_address_at_free_mail_speaks_for_a_company(name: str, free: str, below: str) -> None:
    """Whatever stands before the domain, and on whatever host below it, free mail is nobody's company."""
    assert company_domain(f"{name}@{below}{free}") is None


@given(st.text(max_size=300))
def test_reading_an_address_never_fails(text: str) -> None:
    """Any text gives a plain domain or nothing, and reading it from an address at it gives the same."""
    domain = company_domain(text)
    assert domain is None or company_domain(f"x@{domain}") == domain


def test_a_row_names_its_domains_in_usual_columns() -> None:
    """Addresses, web addresses and bare domains are read from columns of known names, and from no others."""
    row = {
        "Domain": "acme.example; north.example",
        "email": "ann@acme.example, ann@gmail.com",
        "website": "https://www.blue.example:8080/about?x=1",
        "segment": "red.example",
    }
    assert sorted(listed_domains(row)) == ["acme.example", "blue.example", "north.example"]
    assert listed_domains({}) == ()


def test_people_are_counted_by_domain() -> None:
    """People who belong to several companies count for each."""
    writers = [
        Writers("a.example", ("k1", "k2"), 2),
        Writers("a.example", ("k1",), 3),
        Writers("b.example", ("k2",), 1),
    ]
    assert people_by_domain(writers, "k1") == {"a.example": 5}
    assert people_by_domain(writers, "k2") == {"a.example": 2, "b.example": 1}


def test_the_domain_of_most_people_comes_first() -> None:
    """Hints go by how many write from the domain; what only the list says is told as that."""
    found = hints_of(
        {"acme.example": 1, "north.example": 4, "blue.example": 2},
        {"acme.example": frozenset({"c1"}), "north.example": frozenset({"c2"})},
        {"acme.example": frozenset({"c1"}), "blue.example": frozenset({"c3"})},
    )
    assert found == (
        Hint("c2", "north.example"),
        Hint("c3", "blue.example", listed=True),
        Hint("c1", "acme.example"),
    )


@given(WRITING, USERS, USERS)
def test_only_a_domain_of_one_customer_hints(
    writing: dict[str, int], seen: dict[str, frozenset[str]], listed: dict[str, frozenset[str]]
) -> None:
    """A hint's domain is the company's and exactly one customer's; nobody is hinted at twice."""
    found = hints_of(writing, seen, listed)
    for one in found:
        assert one.domain in writing
        assert seen.get(one.domain, frozenset()) | listed.get(one.domain, frozenset()) == {one.customer_id}
        assert one.listed == (one.customer_id not in seen.get(one.domain, frozenset()))
    alone = [seen.get(one, frozenset()) | listed.get(one, frozenset()) for one in writing]
    assert {one.customer_id for one in found} == {next(iter(ids)) for ids in alone if len(ids) == 1}
    assert len({one.customer_id for one in found}) == len(found)


SUGGESTIONS = st.lists(
    st.builds(Suggestion, IDS, names_alike=st.booleans(), domain=st.none() | DOMAINS),
    max_size=5,
    unique_by=lambda one: one.customer_id,
)
HINTS = st.lists(
    st.builds(Hint, IDS, DOMAINS, st.booleans()), max_size=6, unique_by=lambda one: one.customer_id
)
DECISIONS = st.lists(st.builds(Decision, IDS, confirmed=st.just(value=False)), max_size=4)


@given(SUGGESTIONS, HINTS, DECISIONS)
def test_hints_join_suggestions(
    suggestions: list[Suggestion], hints: list[Hint], decisions: list[Decision]
) -> None:
    """Refused ones stay away, each suggestion has a reason of now, and joining twice changes nothing."""
    found = with_hints(suggestions, hints, decisions)
    assert with_hints(found, hints, decisions) == found
    assert len(found) <= 5
    ids = [one.customer_id for one in found]
    assert len(set(ids)) == len(ids)
    assert not set(ids) & {one.customer_id for one in decisions}
    now = {(one.customer_id, one.domain, one.listed) for one in hints}
    alike = {one.customer_id for one in suggestions if one.names_alike}
    for one in found:
        assert one.reasons
        assert one.names_alike == (one.customer_id in alike)
        assert one.domain is None or (one.customer_id, one.domain, one.listed) in now


def test_reasons_are_in_plain_words() -> None:
    """A suggestion says each of its reasons, and whose word a domain is."""
    assert Suggestion("c1", names_alike=True, domain="acme.example").reasons == (
        "the names are alike",
        "people of both write from acme.example",
    )
    assert Suggestion("c1", domain="acme.example", listed=True).reasons == (
        "people write from acme.example, which your list names for this customer",
    )
