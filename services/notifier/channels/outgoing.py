"""Posts to addresses that people entered: bounded, without redirects, never into the private network.

The name is resolved here, every address it has is checked, and the connection goes to the very address that
was checked: a name that resolves differently in between (DNS rebinding) gains nothing. Each attempt has a
connection of its own.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

import httpx

from services.notifier.domain.addresses import is_public
from services.notifier.errors import DeliveryPostponed, DeliveryRefused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from services.notifier.domain.addresses import Address

_MOST_ANSWER_BYTES = 4_096
"""Bytes read of a refusal, which is only searched for a reason."""

_SHOWN_CHARACTERS = 120
_TRY_AGAIN = frozenset({408, 409, 425, 429})
_SERVER_ERROR = 500
_REDIRECTS = range(300, 400)
_BETWEEN_PARTS = re.compile("[/?&=]")
_SHORTEST_SECRET = 8
"""Characters of a part of an address that might be a secret; masking shorter ones would mask ordinary
words."""

_USER_AGENT = "Earshot-Notifier/1"
_SENT_BY_HAND = 20
"""Connections reserved for samples that people send, beside the deliveries under way."""

_DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class ReceiverResponse:
    """A receiver's status, and the beginning of its body as text; of a success, nothing of it is read."""

    status: int
    text: str


async def resolve_by_system(host: str, port: int) -> list[Address]:
    """Return all addresses of a name, by the system's resolver. Raises OSError when it has none."""
    entries = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(entry[4][0]) for entry in entries]


def outgoing_client(*, concurrency: int) -> httpx.AsyncClient:
    """Return the client for `OutgoingHttp`, with a connection for each of `concurrency` deliveries.

    An attempt that waited for a connection of ours would use up the receiver's time, and be blamed on the
    receiver.
    """
    return httpx.AsyncClient(
        follow_redirects=False,
        # A proxy from the environment would resolve names itself, bypassing the check.
        trust_env=False,
        limits=httpx.Limits(max_connections=concurrency + _SENT_BY_HAND, max_keepalive_connections=0),
    )


class OutgoingHttp:
    """Posts one body to one address. `client` must not follow redirects nor use proxies."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        timeout_seconds: float,
        allow_private: bool,
        resolve: Callable[[str, int], Awaitable[list[Address]]] = resolve_by_system,
    ) -> None:
        self._client = client
        self._timeout_seconds = timeout_seconds
        self._allow_private = allow_private
        self._resolve = resolve

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> ReceiverResponse:
        """Post a body; return the response if it is a success.

        Raises:
            DeliveryPostponed: unreachable, too slow, or a response that asks to come again.
            DeliveryRefused: no address or a private one, a redirect, or a response that says never.
        """
        target = _target(url)
        ways = [target] if self._allow_private else await self._pinned(target)
        try:
            response = await self._send(target, ways, body, headers)
            try:
                # A success is one as soon as it is said. A body that breaks off or never ends changes nothing
                # in it, and would have the message sent again.
                text = "" if response.is_success else await _beginning(response)
            finally:
                await response.aclose()
        except httpx.TimeoutException as error:
            raise DeliveryPostponed("The receiver did not answer in time.", reason="timed_out") from error
        except httpx.TransportError as error:
            raise DeliveryPostponed(
                f"The receiver could not be reached: {type(error).__name__}.", reason="unreachable"
            ) from error
        answer = ReceiverResponse(response.status_code, _without_parts_of(target, text))
        _judge(answer, response.headers)
        return answer

    async def _send(
        self, target: httpx.URL, ways: Sequence[httpx.URL], body: bytes, headers: Mapping[str, str]
    ) -> httpx.Response:
        """Send to the first address that accepts a connection.

        Until one does, the receiver has received nothing, so trying the next address repeats nothing.
        """
        patience = self._timeout_seconds if len(ways) == 1 else self._timeout_seconds / (len(ways) + 1)
        timeout = httpx.Timeout(self._timeout_seconds, connect=patience)

        async def by(way: httpx.URL) -> httpx.Response:
            request = self._client.build_request(
                "POST",
                way,
                content=body,
                headers={
                    "User-Agent": _USER_AGENT,
                    **headers,
                    "Host": target.netloc.decode("ascii"),
                    "Accept-Encoding": "identity",
                    # A kept connection is found by its address alone: the next name that has the same one
                    # would be sent on it, under another's certificate, and refused by servers that look.
                    "Connection": "close",
                },
                timeout=timeout,
                extensions={"timeout": timeout.as_dict(), "sni_hostname": target.raw_host.decode("ascii")},
            )
            return await self._client.send(request, stream=True, follow_redirects=False)

        *others, last = ways
        for way in others:
            with suppress(httpx.ConnectError, httpx.ConnectTimeout):
                return await by(way)
        return await by(last)

    async def _pinned(self, target: httpx.URL) -> list[httpx.URL]:
        if target.scheme != "https":
            raise DeliveryRefused("Only https addresses are sent to.", reason="refused_address")
        port = target.port or _DEFAULT_PORTS[target.scheme]
        try:
            addresses = await self._resolve(target.raw_host.decode("ascii"), port)
        except OSError as error:
            raise DeliveryPostponed("The receiver's name has no address.", reason="unreachable") from error
        if not addresses or not all(is_public(address) for address in addresses):
            raise DeliveryRefused(
                "The address belongs to a private network. If that is meant, an operator sets"
                " EARSHOT_ALLOW_PRIVATE_WEBHOOKS=true.",
                reason="refused_address",
            )
        return [target.copy_with(host=str(address), port=port) for address in _worth_trying(addresses)]


def _worth_trying(addresses: Sequence[Address]) -> list[Address]:
    """Return the resolver's first address, and one of the other family if there is one.

    A cluster or a network may resolve names to IPv6 and let nothing but IPv4 out.
    """
    first, *others = addresses
    other = next((address for address in others if address.version != first.version), None)
    return [first, *([other] if other is not None else others[:1])]


def _target(url: str) -> httpx.URL:
    try:
        target = httpx.URL(url)
        # The resolver refuses labels that are empty or too long, by an error that it shares with nothing.
        target.raw_host.decode("ascii").encode("idna")
    except (httpx.InvalidURL, UnicodeError) as error:
        raise DeliveryRefused(
            "The rule's address has no host that could be reached. Edit it and give another.",
            reason="not_configured",
        ) from error
    return target


def host_of(url: str) -> str:
    """Return the host that would be posted to. Raises DeliveryRefused if the address has none."""
    return _target(url).host


async def _beginning(response: httpx.Response) -> str:
    content = b""
    async for chunk in response.aiter_raw():
        content += chunk
        if len(content) >= _MOST_ANSWER_BYTES:
            break
    return content[:_MOST_ANSWER_BYTES].decode("utf-8", "replace")


def _without_parts_of(target: httpx.URL, words: str) -> str:
    """Return a receiver's words without parts of its own address that it repeats: they may be secrets."""
    sent = _BETWEEN_PARTS.split(target.raw_path.decode("ascii"))
    parts = {form for part in sent for form in (part, unquote(part)) if len(form) >= _SHORTEST_SECRET}
    for part in sorted(parts, key=len, reverse=True):
        words = words.replace(part, "…")
    return words


def _judge(answer: ReceiverResponse, headers: httpx.Headers) -> None:
    status = answer.status
    if httpx.codes.is_success(status):
        return
    quote = " ".join(answer.text.split())[:_SHOWN_CHARACTERS]
    words = f"The receiver answered {status}" + (f": {quote}" if quote else ".")
    if status in _REDIRECTS:
        raise DeliveryRefused(
            f"The receiver answered {status}, a redirect. Give the address that it leads to.",
            reason="rejected",
            status=status,
        )
    if status in _TRY_AGAIN or status >= _SERVER_ERROR:
        raise DeliveryPostponed(
            words, reason="rejected", status=status, retry_after_seconds=_retry_after(headers)
        )
    raise DeliveryRefused(words, reason="rejected", status=status)


def _retry_after(headers: httpx.Headers) -> float | None:
    # The other form, a date, is rare here; the schedule's own wait does as well.
    value = headers.get("retry-after", "")
    return float(value) if value.isdigit() and len(value) < 8 else None  # noqa: PLR2004 - up to years
