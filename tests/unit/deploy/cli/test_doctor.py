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

FINE = {"part": "tags", "title": "Tags", "verdict": "fine", "words": "May be read: 4.", "permission": None}
MISSING = {
    "part": "conversations",
    "title": "Conversations",
    "verdict": "missing_permission",
    "words": 'The permission "Read conversations" is missing.',
    "permission": "Read conversations",
}


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Any], list[str]]:
    """Let the connector answer in a certain way; give the addresses that were asked."""

    def answer(status: int, body: Any) -> list[str]:
        asked: list[str] = []

        def post(url: str, **_: Any) -> httpx.Response:
            asked.append(url)
            if isinstance(body, Exception):
                raise body
            return httpx.Response(status, json=body)

        monkeypatch.setattr("deploy.cli.commands.doctor.httpx.post", post)
        return asked

    return answer


def run(*arguments: str) -> Any:
    return CliRunner().invoke(create_app(), ["doctor", *arguments], obj=Invocation({}))


def test_a_healthy_connection_ends_with_zero(answering: Callable[[int, Any], list[str]]) -> None:
    """With a line for each thing; the id becomes one step of the address, whatever is in it."""
    asked = answering(200, {"healthy": True, "findings": [FINE]})
    result = run("a/b?c")
    assert result.exit_code == 0
    assert "May be read: 4." in result.output
    assert asked[0].endswith("/api/v1/connections/a%2Fb%3Fc/doctor")


def test_a_fault_ends_with_three(answering: Callable[[int, Any], list[str]]) -> None:
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
    answering: Callable[[int, Any], list[str]], status: int, body: Any, said: str
) -> None:
    """In a sentence."""
    answering(status, body)
    result = run("c-1")
    assert isinstance(result.exception, ConfigurationError)
    assert said in str(result.exception)
