"""The table of what an answer means: each row of FACTS §3, and the answers that are no answers."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.syncer.adapters.intercom_responses import (
    HttpResponse,
    error_of,
    parsed,
    rate_headers,
    served_at,
    usable_body,
)
from services.syncer.domain.reads import Call, Read
from services.syncer.errors import (
    ContactMergedError,
    PermissionMissingError,
    PlanRestrictedError,
    RequestRefusedError,
    ResourceMissingError,
    ScrollLostError,
    ScrollTakenError,
    SlowDownError,
    SourceUnavailableError,
    TokenRejectedError,
)
from shared.errors import EarshotError

NOW = 1_700_000_000.0
LIST = Call(Read.TAGS)
ONE = Call(Read.CONTACT, "abc")
SCROLL = Call(Read.COMPANY_SCROLL)


def errors(*codes: str | None) -> bytes:
    return orjson.dumps(
        {
            "type": "error.list",
            "request_id": None,
            "errors": [{"code": code, "message": None, "field": None} for code in codes],
        }
    )


@pytest.mark.parametrize(
    ("call", "status", "content", "expected"),
    [
        (LIST, 401, errors("unauthorized"), TokenRejectedError),
        (LIST, 401, errors("token_revoked"), TokenRejectedError),
        (LIST, 401, errors("token_suspended"), TokenRejectedError),
        (LIST, 401, errors("token_expired"), TokenRejectedError),
        (LIST, 401, b"", SourceUnavailableError),
        (LIST, 401, b"<html>proxy</html>", SourceUnavailableError),
        (LIST, 401, b'{"errors": []}', SourceUnavailableError),
        (LIST, 401, errors("token_unauthorized"), PermissionMissingError),
        (LIST, 402, b"", PlanRestrictedError),
        (LIST, 403, errors("forbidden"), PermissionMissingError),
        (LIST, 403, errors("action_forbidden"), PermissionMissingError),
        (LIST, 403, errors("api_plan_restricted"), PlanRestrictedError),
        (LIST, 403, b"<html>firewall</html>", SourceUnavailableError),
        (LIST, 400, errors("parameter_invalid", None), RequestRefusedError),
        (LIST, 400, errors("intercom_version_invalid"), RequestRefusedError),
        (SCROLL, 400, errors("scroll_exists"), ScrollTakenError),
        (SCROLL, 404, errors("not_found"), ScrollLostError),
        (SCROLL, 500, errors("server_error"), ScrollLostError),
        (SCROLL, 502, b"<html>", SourceUnavailableError),
        (ONE, 404, errors("not_found"), ResourceMissingError),
        (ONE, 404, b"<html>nginx</html>", SourceUnavailableError),
        (LIST, 404, b"<html>nginx</html>", SourceUnavailableError),
        (ONE, 410, errors("contact_merged"), ContactMergedError),
        (ONE, 410, b"", ResourceMissingError),
        (LIST, 406, b"", RequestRefusedError),
        (LIST, 422, errors("parameter_invalid"), RequestRefusedError),
        (LIST, 408, errors("request_timeout"), SourceUnavailableError),
        (LIST, 429, errors("rate_limit_exceeded"), SlowDownError),
        (LIST, 429, b"slow down", SlowDownError),
        (LIST, 302, b"", SourceUnavailableError),
        (LIST, 500, errors("server_error"), SourceUnavailableError),
        (LIST, 503, b"", SourceUnavailableError),
    ],
)
def test_the_table(call: Call, status: int, content: bytes, expected: type[EarshotError]) -> None:
    """Each status with its codes is one decision, and the message names the path and the code."""
    error = error_of(call, HttpResponse(status, {}, content), now=NOW)
    assert type(error) is expected
    assert call.path in str(error)
    assert str(status) in str(error)


def test_only_a_server_that_gave_up_counts_as_overloaded() -> None:
    """Smaller pages help against 5xx and 408; they do not help against a lost page of HTML."""
    for status, overloaded in ((500, True), (504, True), (408, True), (404, False), (302, False)):
        error = error_of(LIST, HttpResponse(status, {}, b""), now=NOW)
        assert isinstance(error, SourceUnavailableError)
        assert error.overloaded is overloaded


@pytest.mark.parametrize(
    ("link", "successor"),
    [
        ('</contacts/67ab>; rel="canonical"', "67ab"),
        ("<https://api.intercom.io/contacts/67ab>; rel=canonical", "67ab"),
        ('</contacts/67ab>; rel="next"', None),
        ("nonsense", None),
    ],
)
def test_a_merged_contact_names_its_successor(link: str, successor: str | None) -> None:
    """The Link header of a 410 says into whom the contact was merged."""
    error = error_of(ONE, HttpResponse(410, {"link": link}, errors("contact_merged")), now=NOW)
    assert isinstance(error, ContactMergedError)
    assert error.successor_id == successor


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-limit": "167", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000007"}, 7.0),
        ({"x-ratelimit-limit": "167", "x-ratelimit-remaining": "90", "x-ratelimit-reset": "1700000007"}, 1.0),
        ({"retry-after": "4"}, 4.0),
        ({}, 10.0),
        ({"x-ratelimit-limit": "x", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}, 10.0),
        # Milliseconds, a clock that is hours ahead, a proxy's word of a day: asked again after a minute.
        (
            {"x-ratelimit-limit": "9", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000007000"},
            60.0,
        ),
        ({"x-ratelimit-limit": "9", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700007200"}, 60.0),
        ({"retry-after": "86400"}, 60.0),
        ({"retry-after": "9" * 40}, 60.0),
        # What is no number at all.
        ({"retry-after": "\u00b2"}, 10.0),
        ({"x-ratelimit-limit": "9", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "nan"}, 10.0),
    ],
)
def test_a_429_says_how_long(headers: dict[str, str], seconds: float) -> None:
    """Until the window ends; shortly where budget is left, since then one resource is under load."""
    error = error_of(LIST, HttpResponse(429, headers, b""), now=NOW)
    assert isinstance(error, SlowDownError)
    assert error.seconds == seconds


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>ok</html>",
        b"[]",
        b"null",
        b"{}",
        b'{"data":null}',
        b'{"data":{}}',
        b'{"data":"none"}',
        errors("server_error"),
    ],
)
def test_a_200_that_is_no_answer(content: bytes) -> None:
    """An empty or foreign body is a failure to be tried again, never an empty list."""
    with pytest.raises(SourceUnavailableError):
        usable_body(LIST, HttpResponse(200, {}, content))


def test_a_usable_body_is_the_object() -> None:
    """A body that has what it must is given as it is."""
    assert usable_body(LIST, HttpResponse(200, {}, b'{"data":[]}')) == {"data": []}


def test_half_surrogates_can_be_read() -> None:
    """A body with half an emoji, which strict parsers refuse, is read all the same."""
    assert parsed(b'{"a":"\\ud83d"}') == {"a": ""}
    assert parsed(b"{") is None


def test_the_sources_clock() -> None:
    """The Date header is the source's clock; without a readable one ours stands in."""
    assert served_at({"date": "Tue, 14 Nov 2023 22:13:20 GMT"}, 5.0) == 1_700_000_000
    assert served_at({"date": "soon"}, 5.0) == 5.0
    assert served_at({"date": f"Tue, 14 Nov {'9' * 14} 22:13:20 GMT"}, 5.0) == 5.0
    assert served_at({}, 5.0) == 5.0
    announced = {"x-ratelimit-limit": "10", "x-ratelimit-remaining": "3", "x-ratelimit-reset": "1700000004"}
    found = rate_headers(announced, NOW)
    assert found is not None
    assert (found.limit, found.remaining, found.reset_in_seconds) == (10, 3, 4.0)


@given(st.integers(300, 599), st.binary(max_size=60), st.sampled_from(list(Read)))
def test_every_answer_has_a_meaning(status: int, content: bytes, read: Read) -> None:
    """Whatever a server or something in between says, it becomes one of our errors."""
    call = Call(read, "1" if "{id}" in read.value.path else None)
    assert isinstance(error_of(call, HttpResponse(status, {}, content), now=NOW), EarshotError)


def any_json(value: Any) -> bytes:
    return orjson.dumps(value)


@given(
    st.recursive(
        st.none() | st.integers(0, 9) | st.text(max_size=3),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["errors", "code", "message"]), inner)
        ),
    )
)
def test_error_bodies_may_be_anything(value: Any) -> None:
    """A body whose errors are not a list of objects does not break the reading of its status."""
    assert isinstance(error_of(LIST, HttpResponse(400, {}, any_json(value)), now=NOW), EarshotError)
