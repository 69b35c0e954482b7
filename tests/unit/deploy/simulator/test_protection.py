"""Which names open pages and control API."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.simulator.protection import host_name, is_own_name


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8710", "localhost", "LocalHost:1", "[::1]:8710", "demo.localhost", "127.8.9.1"]
)
def test_own_names(host: str) -> None:
    """Everything that can only mean this machine."""
    assert is_own_name(host_name(host))


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1", "", "::1]", "0.0.0.0"],
)
def test_other_names(host: str) -> None:
    """Names that somebody else may point at this machine, and nonsense."""
    assert not is_own_name(host_name(host))


@given(st.text(max_size=60))
def test_no_header_breaks_the_check(host: str) -> None:
    """Whatever a client sends as Host."""
    is_own_name(host_name(host))
