"""Sends httpx's requests over aiohttp's connections.

The syncer makes hundreds of calls a second, and aiohttp's parser in C needs a quarter of the processor time
of httpx's in Python (0.24 ms a call against 0.92). Everything above uses httpx's types, so that tests put
their own transports here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import aiohttp
import httpx
from yarl import URL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_IDLE_SECONDS = 30.0
"""How long a connection is kept without use; servers close theirs after a minute."""

_MOST_CONNECTIONS = 512
"""Connections open at once, to all hosts: half of the files that a process may usually open; further calls
wait."""

_CONNECT_SECONDS = 10.0
_LONGEST_HEADER = 32_768
_DECODED = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})
"""Headers about a body as it was sent; what is passed on is decompressed already."""


class AiohttpTransport(httpx.AsyncBaseTransport):
    """One pool of connections to all hosts; raises httpx's errors."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = URL(str(request.url), encoded=True)
        content = await request.aread()
        try:
            response = await self._opened().request(
                request.method,
                url,
                headers=request.headers.multi_items(),
                data=content or None,
                # A redirect could carry the token to another host; Intercom sends none.
                allow_redirects=False,
            )
        except (aiohttp.ClientError, TimeoutError) as error:
            _raise_translated(error, request)
        return httpx.Response(
            response.status,
            headers=[pair for pair in response.raw_headers if pair[0].lower() not in _DECODED],
            stream=_Body(response, request),
            request=request,
        )

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        """Return the session; it must be made inside the event loop that uses it."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=_MOST_CONNECTIONS, keepalive_timeout=_IDLE_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS),
                max_line_size=_LONGEST_HEADER,
                max_field_size=_LONGEST_HEADER,
                skip_auto_headers=("Content-Type",),
            )
        return self._session


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: aiohttp.ClientResponse, request: httpx.Request) -> None:
        self._response = response
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._response.content.iter_any():
                yield chunk
        except (aiohttp.ClientError, TimeoutError) as error:
            _raise_translated(error, self._request)

    async def aclose(self) -> None:
        # A connection whose response was not read to its end cannot be used again.
        self._response.release() if self._response.content.at_eof() else self._response.close()


def _raise_translated(error: Exception, request: httpx.Request) -> NoReturn:
    if isinstance(error, TimeoutError):
        raise httpx.ConnectTimeout(str(error), request=request) from error
    if isinstance(error, aiohttp.ClientConnectorError):
        raise httpx.ConnectError(str(error), request=request) from error
    if isinstance(error, aiohttp.InvalidURL):
        raise httpx.UnsupportedProtocol(str(error), request=request) from error
    raise httpx.RemoteProtocolError(f"{type(error).__name__}: {error}", request=request) from error
