"""`earshot doctor` tells each line and ends with a code that scripts can use."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from typer.testing import CliRunner

from deploy.cli.app import create_app
from deploy.cli.invocation import Invocation
from shared.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

Asked = tuple[str, str, str | None]
"""Method, address and `Authorization` of one request."""

HERE = "http://127.0.0.1:8700"
THERE = "https://earshot.example.com"
FINE = {"part": "tags", "title": "Tags", "verdict": "fine", "words": "May be read: 4.", "permission": None}
MISSING = {
    "part": "conversations",
    "title": "Conversations",
    "verdict": "missing_permission",
    "words": 'The permission "Read conversations" is missing.',
    "permission": "Read conversations",
}


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Any], list[Asked]]:
    """Let the connector answer in a certain way; give what was asked, where and with which key."""
    for name in ("EARSHOT_API_ADDRESS", "EARSHOT_API_KEY"):
        monkeypatch.delenv(name, raising=False)

    def answer(status: int, body: Any) -> list[Asked]:
        asked: list[Asked] = []

        def request(method: str, url: str, *, headers: dict[str, str], **_: Any) -> httpx.Response:
            asked.append((method, url, headers.get("authorization")))
            if isinstance(body, Exception):
                raise body
            return httpx.Response(status, json=body)

        monkeypatch.setattr("deploy.cli.api.httpx.request", request)
        return asked

    return answer


def run(*arguments: str, command: str = "doctor") -> Any:
    return CliRunner().invoke(create_app(), [command, *arguments], obj=Invocation({}))


def test_a_healthy_connection_ends_with_zero(answering: Callable[[int, Any], list[Asked]]) -> None:
    """With a line for each thing; the id becomes one step of the address, whatever is in it."""
    asked = answering(200, {"healthy": True, "findings": [FINE]})
    result = run("a/b?c")
    assert result.exit_code == 0
    assert "May be read: 4." in result.output
    assert asked == [("POST", f"{HERE}/api/v1/connections/a%2Fb%3Fc/doctor", None)]


def test_it_asks_where_it_is_told_to(
    answering: Callable[[int, Any], list[Asked]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a deployment it needs an address and a bearer key: of the environment, or said with the command."""
    asked = answering(200, {"healthy": True, "findings": [FINE]})
    monkeypatch.setenv("EARSHOT_API_ADDRESS", f"{THERE}/")
    monkeypatch.setenv("EARSHOT_API_KEY", "from-outside")
    assert run("c-1").exit_code == 0
    assert run("c-1", "--address", "http://127.0.0.1:8701", "--key", "said").exit_code == 0
    assert [(url.partition("/api")[0], key) for _, url, key in asked] == [
        (THERE, "Bearer from-outside"),
        ("http://127.0.0.1:8701", "Bearer said"),
    ]


def test_keys_are_kept_where_the_doctor_asks(
    answering: Callable[[int, Any], list[Asked]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command that speaks to the API goes to the same installation."""
    asked = answering(200, {"items": []})
    monkeypatch.setenv("EARSHOT_API_ADDRESS", THERE)
    monkeypatch.setenv("EARSHOT_API_KEY", "from-outside")
    assert run("list", command="keys").exit_code == 0
    assert asked == [("GET", f"{THERE}/api/v1/keys", "Bearer from-outside")]


def test_a_change_without_a_body_is_sent_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """Local mode takes no change without a key that a form of another site could send."""
    sent: list[tuple[str, Any]] = []

    def request(method: str, _url: str, *, json: Any, **_: Any) -> httpx.Response:
        sent.append((method, json))
        return httpx.Response(200, json={"healthy": True, "findings": [], "items": [], "name": "ci"})

    monkeypatch.setattr("deploy.cli.api.httpx.request", request)
    run("c-1")
    run("revoke", "k-1", command="keys")
    run("list", command="keys")
    assert sent == [("POST", {}), ("DELETE", {}), ("GET", None)]


def test_an_address_that_does_not_answer_is_named(answering: Callable[[int, Any], list[Asked]]) -> None:
    """Starting Earshot here would not help who asked elsewhere."""
    answering(200, httpx.ConnectError("refused"))
    result = run("c-1", "--address", THERE)
    assert isinstance(result.exception, ConfigurationError)
    assert THERE in str(result.exception)
    assert "EARSHOT_API_ADDRESS" in str(result.exception)
    assert "earshot up" not in str(result.exception)


def test_a_fault_ends_with_three(answering: Callable[[int, Any], list[Asked]]) -> None:
    """For people as for programs."""
    body = {"healthy": False, "findings": [FINE, MISSING]}
    answering(200, body)
    result = run("c-1")
    assert result.exit_code == 3
    assert "missing_permission" in result.output
    result = run("c-1", "--json")
    assert result.exit_code == 3
    assert json.loads(result.output) == body


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (404, {"detail": "There is no such connection in your organization."}, "no such connection"),
        (500, ["odd"], "odd"),
        (200, httpx.ConnectError("refused"), "earshot up"),
    ],
)
def test_what_stands_against_it_is_told(
    answering: Callable[[int, Any], list[Asked]], status: int, body: Any, said: str
) -> None:
    """In a sentence."""
    answering(status, body)
    result = run("c-1")
    assert isinstance(result.exception, ConfigurationError)
    assert said in str(result.exception)
