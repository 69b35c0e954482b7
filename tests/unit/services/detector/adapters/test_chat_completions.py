"""A chat-completions endpoint, and everything that can be wrong with one."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pydantic import SecretStr

from services.detector.adapters.chat_completions import ChatCompletions
from services.detector.domain.asking import Prompt
from services.detector.domain.errors import NoAnswerError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

PROMPT = Prompt("check", "data")


def model(
    handle: Callable[[httpx.Request], httpx.Response], *, key: str | None = "planted-key", timeout: float = 5
) -> ChatCompletions:
    return ChatCompletions(
        httpx.AsyncClient(transport=httpx.MockTransport(handle)),
        url="https://model.example/v1",
        name="small",
        key=SecretStr(key) if key else None,
        timeout_seconds=timeout,
    )


def said(content: Any, **more: Any) -> httpx.Response:
    return body({"choices": [{"message": {"content": content}}], **more})


def body(value: Any) -> httpx.Response:
    """Return a response whose body is read as from a socket."""
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return httpx.Response(200, stream=httpx.ByteStream(content))


async def failure(model: ChatCompletions) -> str:
    with pytest.raises(NoAnswerError) as failed:
        await model.answer(PROMPT)
    assert "planted-key" not in str(failed.value)
    return failed.value.outcome


async def test_a_prompt_becomes_one_request() -> None:
    """Instructions, data, schema and key go to the one address; content and usage come back."""
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return said("{}", usage={"total_tokens": 120})

    answered = await model(handle).answer(PROMPT)
    (request,) = seen
    sent = json.loads(request.content)
    assert str(request.url) == "https://model.example/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer planted-key"
    assert [one["content"] for one in sent["messages"]] == ["check", "data"]
    assert sent["response_format"]["json_schema"]["strict"] is True
    assert (answered.content, answered.tokens) == ("{}", 120)


async def test_without_a_key_none_is_sent() -> None:
    """A model on this machine needs none; usage that is no count counts as not told."""

    def handle(request: httpx.Request) -> httpx.Response:
        assert "authorization" not in request.headers
        return said("x", usage={"total_tokens": -5})

    assert (await model(handle, key=None).answer(PROMPT)).tokens is None


@pytest.mark.parametrize(
    ("response", "outcome"),
    [
        (httpx.Response(429, headers={"retry-after": "1"}), "rate_limited"),
        (httpx.Response(500), "server_error"),
        (httpx.Response(503), "server_error"),
        (httpx.Response(401), "refused"),
        (httpx.Response(302, headers={"location": "https://elsewhere.example/"}), "refused"),
        (body(b"<html>"), "bad_answer"),
        (body([]), "bad_answer"),
        (body({"choices": []}), "bad_answer"),
        (body({"choices": [{"message": None}]}), "bad_answer"),
        (said(None), "bad_answer"),
        (said("x" * 200_000), "too_long"),
    ],
)
async def test_an_answer_that_is_none_says_how(response: httpx.Response, outcome: str) -> None:
    """Refusals, redirects, other bodies and too long ones each end as themselves."""
    assert await failure(model(lambda _: response)) == outcome


async def test_a_connection_that_breaks_is_unreachable() -> None:
    """Refused and cut connections are the same: nobody answered."""

    def handle(request: httpx.Request) -> httpx.Response:
        raise httpx.RemoteProtocolError("cut", request=request)

    assert await failure(model(handle)) == "unreachable"


async def test_a_slow_one_has_timed_out() -> None:
    """A server that never ends its answer is left at the limit, though bytes keep coming."""

    class Dripping(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            while True:
                yield b" "
                await asyncio.Event().wait()

    assert await failure(model(lambda _: httpx.Response(200, stream=Dripping()), timeout=0.01)) == "timed_out"
