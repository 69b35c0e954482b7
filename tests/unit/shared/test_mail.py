"""What passes for an e-mail address, wherever one comes from."""

from __future__ import annotations

from email.headerregistry import Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mail import is_mail_address


@pytest.mark.parametrize(
    "text",
    [
        "ann@example.com",
        "Ann.O'Hara+earshot@mail.example.co.uk",
        "root@localhost",
        "ann@mail_in.example",
        "josé@example.com",
        "ann@exämple.de",
        "用户@例え.jp",
        f"{'a' * 64}@example.com",
    ],
)
def test_an_address_passes(text: str) -> None:
    """Those that mail servers know, of all languages."""
    assert is_mail_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "jane doe",
        "jane doe@example.com",
        "Ann Lee <ann@example.com>",
        "ann@example.com\r\nBcc: all@example.com",
        "ann\n@example.com",
        "ann@example.com, bob@example.com",
        "ann@bob@example.com",
        '"ann lee"@example.com',
        "ann.@example.com",
        ".ann@example.com",
        "ann@",
        "ann@example.com.",
        "ann@-example.com",
        "ann@[127.0.0.1]",
        "ann\x00@example.com",
        "ann\ud800@example.com",
        "ann\u202e@example.com",
        "ann\u00a0lee@example.com",
        f"{'a' * 65}@example.com",
        f"{'é' * 33}@example.com",
        f"ann@{'a' * 64}.com",
        f"ann@{'a.' * 130}com",
    ],
)
def test_what_is_none_does_not(text: str) -> None:
    """Words, lists, names in front, line breaks, and what is longer than a mail server takes."""
    assert not is_mail_address(text)


@given(st.text(st.characters(), max_size=20), st.text(max_size=20))
def test_whatever_passes_can_stand_in_a_header(local: str, domain: str) -> None:
    """The library that writes headers takes it as it stands."""
    text = f"{local}@{domain}"
    if is_mail_address(text):
        assert Address(username=local, domain=domain).addr_spec == text
