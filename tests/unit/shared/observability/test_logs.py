"""Secrets stay out of the log, and a library that repeats itself is heard once in a while."""

from __future__ import annotations

import logging

from hypothesis import given
from hypothesis import strategies as st

from shared.observability.logs import OncePerWhile, hide_secrets

TOKEN = "dG9rOjEyMzQ1Njc4OTBhYmNkZWY="  # the shape of Intercom's tokens


def hidden(**event: object) -> str:
    return str(hide_secrets(None, "info", dict(event)))


def test_values_are_hidden_by_name() -> None:
    """Whatever is called a token, a secret or a password is not shown."""
    shown = hidden(
        event="x", access_token="abc123", nested={"client_secret": "abc123"}, items=[{"password": "abc123"}]
    )
    assert "abc123" not in shown


@given(st.text(alphabet="abc /:", max_size=20), st.text(alphabet="abc /:", max_size=20))
def test_tokens_are_hidden_by_shape(before: str, after: str) -> None:
    """A token inside any other text is not shown either."""
    assert TOKEN not in hidden(event=f"{before} {TOKEN} {after}")


def test_addresses_with_passwords_lose_them() -> None:
    """Connection strings show the host, not the password."""
    shown = hidden(event="cannot reach mongodb://earshot:hunter2@db.example/")
    assert "hunter2" not in shown
    assert "db.example" in shown


def test_bearer_headers_are_hidden() -> None:
    """The scheme stays, the credential goes."""
    assert "abcdefgh12345678" not in hidden(event="sent Bearer abcdefgh12345678 to it")


def test_what_is_no_secret_stays() -> None:
    """Ordinary context is left alone."""
    assert hide_secrets(None, "info", {"event": "synced", "count": 3, "ok": True}) == {
        "event": "synced",
        "count": 3,
        "ok": True,
    }


def test_one_line_of_each_wording_in_a_while() -> None:
    """Repetition is dropped, another wording is not, and time brings the line back."""
    quiet = OncePerWhile(30)

    def line(message: str, at: float) -> logging.LogRecord:
        record = logging.LogRecord("aiokafka", logging.ERROR, "f", 1, message, (), None)
        record.created = at
        return record

    heard = [quiet.filter(line(m, at)) for m, at in [("a", 0), ("a", 1), ("b", 2), ("a", 31), ("a", 32)]]
    assert heard == [True, False, True, True, False]
