"""A receiver that gives one answer, without any socket."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx

from services.notifier.channels.outgoing import OutgoingHttp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping


@asynccontextmanager
async def answering(
    status: int, text: str = "", headers: Mapping[str, str] | None = None
) -> AsyncIterator[OutgoingHttp]:
    """Yield what posts; `ADDRESS` in the text becomes the address that was posted to."""

    def answer(request: httpx.Request) -> httpx.Response:
        body = text.replace("ADDRESS", str(request.url)).encode()
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body))

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        yield OutgoingHttp(client, timeout_seconds=1, allow_private=True)
