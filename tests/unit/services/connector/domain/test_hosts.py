"""The allow-list of hosts: exact, and quiet about what people typed into an address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.connector.domain.hosts import IntercomHosts
from services.connector.errors import HostNotAllowed
from tests.unit.services.connector.fakes import EU, US

HOSTS = IntercomHosts({"us": US, "eu": f"{EU}/"}, {"us": "https://app.intercom.com/"})


@pytest.mark.parametrize("address", [US, f"{US}/", f" {US} ", "HTTPS://API.intercom.io"])
def test_the_listed_address_is_allowed(address: str) -> None:
    """A trailing slash, space around it and capital letters are no other host."""
    assert HOSTS.region_of(address) == "us"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://",
        "http://api.intercom.io",
        "https://api.intercom.io.evil.example",
        "https://api.intercom.io@evil.example",
        "https://evil.example/https://api.intercom.io",
        "https://api.intercom.io:8443",
        "https://api.intercom.io/other",
        "https://api.intercom.io?x=1",
        "https://api.intercom.io#x",
        "//api.intercom.io",
        "https://[broken",
        "https://xn--api-intercom.io",
    ],
)
def test_everything_else_is_refused(address: str) -> None:
    """Look-alikes, other schemes, ports and paths, and what is no address; the setting is named."""
    with pytest.raises(HostNotAllowed, match="EARSHOT_INTERCOM_HOSTS"):
        HOSTS.region_of(address)


@given(st.text(max_size=300))
def test_no_text_gets_through(address: str) -> None:
    """Only the list itself is on the list, and no text breaks the check."""
    if address.strip().rstrip("/").lower() not in {US, EU}:
        with pytest.raises(HostNotAllowed):
            HOSTS.region_of(address)


def test_a_password_in_the_address_is_not_repeated() -> None:
    """The message names the host alone."""
    for address in ("https://me:pa55word@evil.example/x", "https://me:pa55word@[broken"):
        with pytest.raises(HostNotAllowed) as refused:
            HOSTS.region_of(address)
        assert "pa55word" not in str(refused.value)


def test_regions_have_one_spelling_of_their_address() -> None:
    """Without the slash, in the order of the settings."""
    assert HOSTS.addresses == (US, EU)
    assert HOSTS.base_url("eu") == EU
    with pytest.raises(HostNotAllowed, match="Known: eu, us"):
        HOSTS.base_url("mars")


@pytest.mark.parametrize(
    ("said", "home"),
    [
        ("US", ("us", US)),
        ("EU", ("eu", EU)),
        ("", ("us", US)),
        ("AU", ("au", US)),
    ],
)
def test_the_workspace_says_where_it_lives(said: str, home: tuple[str, str]) -> None:
    """Its region's host is used; where none is set up, the one that answered goes on."""
    assert HOSTS.home_of(said, answered_at=US) == home


def test_a_host_that_is_not_listed_is_nobodys_home() -> None:
    """Not even for a known region."""
    with pytest.raises(HostNotAllowed):
        HOSTS.home_of("US", answered_at="https://evil.example")


def test_pages_fall_back_to_the_first_origin() -> None:
    """A link to a conversation is better than none."""
    assert HOSTS.app_url("us") == HOSTS.app_url("eu") == "https://app.intercom.com"
    assert IntercomHosts({"us": US}, {}).app_url("us") == ""
