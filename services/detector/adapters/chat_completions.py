"""A language model behind an OpenAI-compatible chat-completions API.

One POST goes to the address of the settings and nowhere else: redirects are not followed, nothing is tried
twice, and neither the key nor the answer is logged.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import orjson

from services.detector.domain.asking import ANSWER_SCHEMA, MOST_ANSWER_TOKENS
from services.detector.domain.errors import NoAnswerError
from services.detector.ports import Answered

if TYPE_CHECKING:
    from pydantic import SecretStr

    from services.detector.domain.asking import Prompt
    from services.detector.domain.question import Outcome

_MOST_ANSWER_BYTES = 131_072
"""Far above eight verdicts with their quotes; a longer response is not read to its end."""
_SERVER_ERROR = 500


class ChatCompletions:
    """See `ports.LanguageModel`. `client` must not follow redirects nor use proxies of the environment."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        url: str,
        name: str,
        key: SecretStr | None,
        timeout_seconds: float,
    ) -> None:
        self._client = client
        self._url = f"{url}/chat/completions"
        self._name = name
        self._key = key
        self._timeout_seconds = timeout_seconds

    @property
    def name(self) -> str:
        return self._name

    async def answer(self, prompt: Prompt) -> Answered:
        try:
            # One limit for the whole exchange: a server that trickles single bytes is too slow as well.
            async with asyncio.timeout(self._timeout_seconds):
                body = await self._post(self._body(prompt))
        except (TimeoutError, httpx.TimeoutException) as error:
            raise NoAnswerError("timed_out") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NoAnswerError("unreachable") from error
        return _answered(body)

    def _body(self, prompt: Prompt) -> bytes:
        return orjson.dumps(
            {
                "model": self._name,
                "messages": [
                    {"role": "system", "content": prompt.instructions},
                    {"role": "user", "content": prompt.data},
                ],
                "temperature": 0,
                "max_tokens": MOST_ANSWER_TOKENS,
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "verdicts", "strict": True, "schema": ANSWER_SCHEMA},
                },
            }
        )

    async def _post(self, content: bytes) -> bytes:
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key.get_secret_value()}"
        request = self._client.build_request(
            "POST", self._url, content=content, headers=headers, timeout=self._timeout_seconds
        )
        response = await self._client.send(request, stream=True, follow_redirects=False)
        try:
            if not response.is_success:
                raise NoAnswerError(_failure(response.status_code))
            body = b""
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > _MOST_ANSWER_BYTES:
                    raise NoAnswerError("too_long")
        finally:
            await response.aclose()
        return body


def _failure(status: int) -> Outcome:
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return "rate_limited"
    return "server_error" if status >= _SERVER_ERROR else "refused"


def _answered(body: bytes) -> Answered:
    try:
        completion: Any = orjson.loads(body)
        content = completion["choices"][0]["message"]["content"]
        usage = completion.get("usage") or {}
        tokens = usage.get("total_tokens")
    except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError) as error:
        raise NoAnswerError("bad_answer") from error
    if not isinstance(content, str):
        raise NoAnswerError("bad_answer")
    return Answered(content, tokens if type(tokens) is int and tokens >= 0 else None)
