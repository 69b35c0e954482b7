"""What Intercom says: the same to the service that connects and to the one that reads."""

from __future__ import annotations

import pytest

from shared.intercom import Refusal, json_of, refusal_of


@pytest.mark.parametrize(
    ("status", "codes", "refusal"),
    [
        (401, {"unauthorized"}, "token_rejected"),
        (401, {"token_suspended"}, "token_rejected"),
        (401, {"token_unauthorized"}, "permission_missing"),
        (403, {"forbidden"}, "permission_missing"),
        (403, {"a_scope_of_its_own"}, "permission_missing"),
        (403, {"api_plan_restricted"}, "plan_restricted"),
        (402, set(), "plan_restricted"),
        (401, set(), None),
        (403, set(), None),
        (404, {"not_found"}, None),
        (429, {"rate_limit_exceeded"}, None),
        (500, {"api_plan_restricted"}, None),
    ],
)
def test_only_intercoms_own_words_refuse(status: int, codes: set[str], refusal: Refusal | None) -> None:
    """Without a code of its own it was a proxy, which knows nothing of a token."""
    assert refusal_of(status, codes) == refusal


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"name":"Ann"}', {"name": "Ann"}),
        (
            b'{"a\\udc00":["x\\ud83d",{"b":"\\ud83d\\ude00"}],"n":1.5,"z":null}',
            {"a": ["x", {"b": "😀"}], "n": 1.5, "z": None},
        ),
    ],
)
def test_half_of_a_character_does_not_cost_the_body(body: bytes, value: object) -> None:
    """Text that was cut inside an emoji is read without that half, in names, lists and objects."""
    assert json_of(body) == value


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"{", b"\xff", b"[" * 100_000, b'["\\ud83d"' + b"[" * 100_000]
)
def test_what_is_no_json_says_so(body: bytes) -> None:
    """Also where it is nested so deeply that nobody would read it."""
    with pytest.raises(ValueError):  # noqa: PT011 - parsers word it differently
        json_of(body)
