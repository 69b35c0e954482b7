"""The client of Intercom: it can only read, within a budget and in bounded time, and tells no secrets."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import httpx
import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from services.syncer.adapters.http_intercom import HttpIntercom, ReadOnlyTransport
from services.syncer.adapters.throttle import Throttles
from services.syncer.domain.reads import Call, Read, is_read
from services.syncer.errors import (
    ResourceMissingError,
    SlowDownError,
    SourceUnavailableError,
    WriteRefusedError,
)
from services.syncer.metrics import SyncerMetrics
from services.syncer.ports import Credential
from shared.clock import ManualClock
from tests.unit.services.syncer.store_suite import KEY, NOW

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TOKEN = "dG9rOnNlY3JldC10b2tlbg=="
Handler = "Callable[[httpx.Request], httpx.Response]"
HEADERS = {
    "X-RateLimit-Limit": "100",
    "X-RateLimit-Remaining": "50",
    "X-RateLimit-Reset": str(int(NOW.timestamp()) + 10),
}


def client(handler: httpx.AsyncBaseTransport, *, timeout: float = 5, most: int = 8) -> HttpIntercom:
    clock = ManualClock(NOW)
    return HttpIntercom(
        throttles=Throttles(clock=clock, reserve_share=0.02, most_in_flight=most),
        clock=clock,
        metrics=SyncerMetrics(CollectorRegistry()),
        call_timeout_seconds=timeout,
        max_answer_bytes=1_000,
        transport=handler,
    )


def credential(base_url: str = "https://api.test") -> Credential:
    return Credential(KEY, SecretStr(TOKEN), base_url, "ws", 1e12)


def test_every_call_is_a_read() -> None:
    """The closed list has GETs, and the three reads that Intercom spells POST."""
    posts = {read.value.path for read in Read if read.value.method == "POST"}
    assert posts == {"/contacts/search", "/conversations/search", "/companies/list"}
    assert {read.value.method for read in Read} == {"GET", "POST"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/contacts"),
        ("PUT", "/contacts/1"),
        ("DELETE", "/contacts/1"),
        ("POST", "/conversations/1/reply"),
        ("POST", "/conversations/1/parts"),
        ("PATCH", "/tags"),
        ("POST", "/tags"),
        ("POST", "/companies"),
        ("POST", "/contacts/1/archive"),
        ("GET", "/contacts/1/archive"),
        ("POST", "/auth/uninstall"),
    ],
)
async def test_a_write_cannot_leave(method: str, path: str) -> None:
    """Even a request made by hand is stopped at the last gate, before the network."""
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200)

    transport = ReadOnlyTransport(httpx.MockTransport(answer))
    with pytest.raises(WriteRefusedError):
        await transport.handle_async_request(httpx.Request(method, f"https://api.test{path}"))
    assert sent == []
    assert not is_read(method, path)
    await transport.aclose()


@pytest.mark.parametrize("id_", ["", None, "a/b", "../x", "a?b", "é", "7\n", "x" * 200])
def test_an_id_cannot_change_the_path(id_: str | None) -> None:
    """What is no id of Intercom's names nothing, and never becomes part of an address."""
    with pytest.raises(ResourceMissingError):
        Call(Read.CONVERSATION, id_)


async def test_the_source_tells_the_time() -> None:
    """Good answers and Intercom's refusals move it, never back; what a proxy says does not."""
    answers = [
        (200, {"data": []}, "Tue, 14 Nov 2023 22:13:20 GMT"),
        (404, {"type": "error.list", "errors": [{"code": "not_found"}]}, "Tue, 14 Nov 2023 22:13:25 GMT"),
        (502, {}, "Tue, 14 Nov 2023 23:00:00 GMT"),
        (200, {"data": []}, "Tue, 14 Nov 2023 22:13:24 GMT"),
    ]

    def answer(_request: httpx.Request) -> httpx.Response:
        status, body, date = answers.pop(0)
        return httpx.Response(status, json=body, headers={"Date": date})

    intercom = client(httpx.MockTransport(answer))
    reader = intercom.reader(credential(), urgent=False)
    times = [reader.source_time]
    while answers:
        with contextlib.suppress(ResourceMissingError, SourceUnavailableError):
            await reader.read(Call(Read.CONVERSATION, "1") if len(answers) in {2, 3} else Call(Read.TAGS))
        times.append(reader.source_time)
    assert times == [None, 1_700_000_000, 1_700_000_005, 1_700_000_005, 1_700_000_005]
    await intercom.aclose()


async def test_a_call_as_it_goes_out() -> None:
    """Version, token and body are where Intercom wants them; the address is the connection's own."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"data": []}, headers={"Date": "Tue, 14 Nov 2023 22:13:20 GMT"})

    intercom = client(httpx.MockTransport(answer))
    reader = intercom.reader(credential("https://api.eu.test/"), urgent=False)
    found = await reader.read(Call(Read.CONTACT_SEARCH, body={"query": {}}))
    await reader.read(Call(Read.CONTACTS, query={"per_page": 5}))
    assert found.at == 1_700_000_000
    assert (reader.calls, reader.answers) == (2, 2)
    assert seen[0].headers["Intercom-Version"] == "2.16"
    assert seen[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert (seen[0].method, str(seen[0].url)) == ("POST", "https://api.eu.test/contacts/search")
    assert seen[0].content == b'{"query":{}}'
    assert str(seen[1].url) == "https://api.eu.test/contacts?per_page=5"
    await intercom.aclose()


@pytest.mark.parametrize("base", ["https://gateway.test/intercom/eu", "https://gateway.test/intercom/eu/"])
async def test_an_address_may_have_a_path_of_its_own(base: str) -> None:
    """A gateway tells regions apart by their paths: without it, another region would be read."""
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return httpx.Response(200, json={"data": []})

    intercom = client(httpx.MockTransport(answer))
    await intercom.reader(credential(base), urgent=False).read(Call(Read.CONTACTS, query={"per_page": 5}))
    assert seen == ["https://gateway.test/intercom/eu/contacts?per_page=5"]
    await intercom.aclose()


@pytest.mark.parametrize("base", ["/intercom", "/contacts"])
async def test_a_path_of_its_own_opens_no_way_to_write(base: str) -> None:
    """The last gate looks at what comes behind it, and at all of what does not begin with it."""
    transport = ReadOnlyTransport(httpx.MockTransport(lambda _: httpx.Response(200)))
    for path in (f"{base}/conversations/1/reply", f"{base}/tags", "/contacts/1", "/tags"):
        with pytest.raises(WriteRefusedError):
            await transport.handle_async_request(
                httpx.Request("POST", f"https://api.test{path}", extensions={"earshot.base_path": base})
            )


@pytest.mark.parametrize(
    "failure", [httpx.ConnectError("dns"), httpx.ReadError("reset"), httpx.ReadTimeout("slow")]
)
async def test_a_connection_that_fails_is_tried_later(failure: Exception) -> None:
    """Resets, name failures and timeouts mean: later. Their message holds no token."""

    def answer(_request: httpx.Request) -> httpx.Response:
        raise failure

    reader = client(httpx.MockTransport(answer)).reader(credential(), urgent=False)
    with pytest.raises(SourceUnavailableError) as caught:
        await reader.read(Call(Read.TAGS))
    assert TOKEN not in str(caught.value)
    assert (reader.calls, reader.answers) == (1, 0)


class Stalling(httpx.AsyncBaseTransport):
    async def handle_async_request(self, _request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError("Nothing ever ends this wait.")


async def test_a_stall_ends() -> None:
    """A server that takes the call and never answers is given up after the bound."""
    reader = client(Stalling(), timeout=0.01).reader(credential(), urgent=False)
    with pytest.raises(SourceUnavailableError) as caught:
        await reader.read(Call(Read.TAGS))
    assert caught.value.overloaded


class Endless(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 300


async def test_an_endless_answer_is_cut_off() -> None:
    """More than the largest answer is never held in memory."""
    endless = httpx.MockTransport(lambda _: httpx.Response(200, stream=Endless()))
    reader = client(endless).reader(credential(), urgent=False)
    with pytest.raises(SourceUnavailableError, match="more than 1000 bytes"):
        await reader.read(Call(Read.TAGS))


@pytest.mark.parametrize("address", ["ftp://x", "", "https://"])
async def test_an_address_that_is_none(address: str) -> None:
    """A connection without a web address says what to do about it."""
    reader = client(httpx.MockTransport(lambda _: httpx.Response(200))).reader(
        credential(address), urgent=False
    )
    with pytest.raises(SourceUnavailableError, match="reconnect"):
        await reader.read(Call(Read.TAGS))


async def test_a_redirect_is_not_followed() -> None:
    """A redirect could carry the token to another host."""
    hosts: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        return httpx.Response(302, headers={"Location": "https://evil.test/tags"})

    reader = client(httpx.MockTransport(answer)).reader(credential(), urgent=False)
    with pytest.raises(SourceUnavailableError):
        await reader.read(Call(Read.TAGS))
    assert hosts == ["api.test"]


async def test_a_429_stops_all_calls_of_the_connection() -> None:
    """After a refusal no call leaves before its time, also through another reader of the connection."""
    calls: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request.url.path)
        headers = {**HEADERS, "X-RateLimit-Remaining": "0"}
        return httpx.Response(429, headers=headers, json={"errors": [{"code": "rate_limit_exceeded"}]})

    intercom = client(httpx.MockTransport(answer))
    for urgent in (False, True):
        with pytest.raises(SlowDownError) as caught:
            await intercom.reader(credential(), urgent=urgent).read(Call(Read.TAGS))
        assert 9 < caught.value.seconds <= 10.5
    assert calls == ["/tags"]


async def test_calls_in_flight_are_bounded() -> None:
    """However many read at once, no more are in flight than allowed, and all get their answer."""
    most, now = 0, 0

    class Counting(httpx.AsyncBaseTransport):
        async def handle_async_request(self, _request: httpx.Request) -> httpx.Response:
            nonlocal most, now
            now += 1
            most = max(most, now)
            await asyncio.sleep(0)
            now -= 1
            return httpx.Response(200, json={"data": []}, headers={**HEADERS, "X-RateLimit-Remaining": "99"})

    reader = client(Counting(), most=5).reader(credential(), urgent=False)
    await asyncio.gather(*(reader.read(Call(Read.TAGS)) for _ in range(40)))
    assert reader.answers == 40
    assert most <= 5


async def test_a_cancelled_reader_wakes_the_next_one() -> None:
    """One that gives up while it waits for its turn does not keep others waiting for ever."""
    gate = asyncio.Event()

    class Gated(httpx.AsyncBaseTransport):
        async def handle_async_request(self, _request: httpx.Request) -> httpx.Response:
            await gate.wait()
            return httpx.Response(200, json={"data": []}, headers=HEADERS)

    reader = client(Gated(), most=1).reader(credential(), urgent=False)
    tasks = [asyncio.create_task(reader.read(Call(Read.TAGS))) for _ in range(4)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    tasks[1].cancel()
    gate.set()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(result, asyncio.CancelledError) for result in done] == [False, True, False, False]
