"""The way to the real network, against servers that behave and servers that do not."""

from __future__ import annotations

import asyncio
import gzip
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from deploy.local.ports import free_ports
from services.syncer.adapters.aiohttp_transport import AiohttpTransport

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def server(answer: bytes, *, requests: list[bytes] | None = None) -> AsyncIterator[str]:
    """Serve raw bytes for each request, then close the connection; note what was asked."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line), 0
        )
        if requests is not None:
            requests.append(head + await reader.readexactly(length))
        writer.write(answer)
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"


async def read(request: httpx.Request) -> tuple[httpx.Response, bytes]:
    transport = AiohttpTransport()
    try:
        response = await transport.handle_async_request(request)
        try:
            return response, b"".join([chunk async for chunk in response.aiter_bytes()])
        finally:
            await response.aclose()
    finally:
        await transport.aclose()


async def test_a_request_goes_out_as_it_was_made() -> None:
    """Method, path, query, headers and body arrive; nothing that nobody asked for is sent twice."""
    asked: list[bytes] = []
    async with server(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", requests=asked) as url:
        request = httpx.Request(
            "POST",
            f"{url}/contacts/search",
            params={"page": 2},
            content=b'{"query":1}',
            headers={
                "Authorization": "Bearer t",
                "Content-Type": "application/json",
                "User-Agent": "Earshot",
            },
        )
        response, content = await read(request)
    head = asked[0].lower()
    assert (response.status_code, content) == (200, b"{}")
    assert head.startswith(b"post /contacts/search?page=2 http/1.1")
    assert b"authorization: bearer t" in head
    assert head.count(b"host:") == head.count(b"content-length:") == head.count(b"user-agent:") == 1
    assert head.endswith(b'{"query":1}')


async def test_a_packed_body_is_unpacked_once() -> None:
    """A gzipped answer is handed on as JSON, without the headers that told how it was packed."""
    packed = gzip.compress(b'{"a":1}')
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\nX-Mark: 1\r\n\r\n"
    async with server(head.encode() + packed) as url:
        response, content = await read(httpx.Request("GET", url))
    assert content == b'{"a":1}'
    assert "content-encoding" not in response.headers
    assert response.headers["x-mark"] == "1"


async def test_a_redirect_is_an_answer() -> None:
    """It is handed on, and nobody is asked at its target."""
    asked: list[bytes] = []
    async with server(
        b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", requests=asked
    ) as url:
        response, _ = await read(httpx.Request("GET", url))
    assert response.status_code == 302
    assert len(asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"rubbish\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-En",
    ],
    ids=["closed at once", "closed inside the body", "no HTTP", "closed inside the headers"],
)
async def test_a_broken_answer_is_an_error_of_httpx(answer: bytes) -> None:
    """Whatever breaks is the one kind of error that callers handle."""
    async with server(answer) as url:
        with pytest.raises(httpx.HTTPError):
            await read(httpx.Request("GET", url))


async def test_nobody_listening_is_an_error_of_httpx() -> None:
    """So is a refused connection, and a name that nobody knows."""
    (port,) = free_ports(1)
    with pytest.raises(httpx.ConnectError):
        await read(httpx.Request("GET", f"http://127.0.0.1:{port}/"))
    with pytest.raises(httpx.HTTPError):
        await read(httpx.Request("GET", "http://no-such-host.invalid/"))


async def test_a_body_that_is_left_does_not_spoil_the_next_answer() -> None:
    """A connection whose answer was given up half way is not used again."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n"
    async with server(head + b"x" * 200_000) as url:
        transport = AiohttpTransport()
        for _ in range(2):
            response = await transport.handle_async_request(httpx.Request("GET", url))
            async for chunk in response.aiter_bytes():
                assert chunk.strip(b"x") == b""
                break
            await response.aclose()
        await transport.aclose()
