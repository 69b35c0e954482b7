"""The gateway passes requests on unchanged, refuses what it must, and says calmly when a service is away."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
import pytest

from deploy.local import gateway
from deploy.local.gateway import create_app
from deploy.local.settings import LocalSettings
from shared.auth.authenticator import came_through_proxy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


def browser(answer: Callable[[httpx.Request], httpx.Response]) -> httpx.AsyncClient:
    app = create_app(LocalSettings(), httpx.MockTransport(answer))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8700")


class Pieces(httpx.AsyncByteStream):
    """A body that comes in pieces and knows when it was closed."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece

    async def aclose(self) -> None:
        self.closed = True


def answered(
    text: str = "fine", headers: list[tuple[str, str]] | None = None, status: int = 200
) -> httpx.Response:
    return httpx.Response(status, headers=headers, stream=Pieces([text.encode()]))


class Recorder:
    """A service that remembers what reached it."""

    def __init__(self, response: httpx.Response | None = None) -> None:
        self.requests: list[httpx.Request] = []
        self._response = response

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self._response or answered()


async def test_a_request_arrives_as_it_was_sent() -> None:
    """Method, path and query byte for byte, headers and body reach the owner; the original host stays."""
    service = Recorder()
    async with browser(service) as client:
        answer = await client.post(
            "/webhooks/intercom?a=%2F&b=1+2", content=b"raw \x00 body", headers={"x-hub-signature": "sha1=1"}
        )
    (request,) = service.requests
    assert answer.text == "fine"
    assert str(request.url) == "http://127.0.0.1:8701/webhooks/intercom?a=%2F&b=1+2"
    assert request.method == "POST"
    assert request.headers["x-hub-signature"] == "sha1=1"
    assert request.headers["host"] == "127.0.0.1:8700"
    assert await request.aread() == b"raw \x00 body"


async def test_headers_about_one_connection_stay_there() -> None:
    """Hop-by-hop headers, and those that Connection names, pass in neither direction."""
    service = Recorder(answered(headers=[("connection", "x-private"), ("x-private", "1"), ("x-kept", "2")]))
    async with browser(service) as client:
        answer = await client.get(
            "/insights", headers={"connection": "keep-alive, x-mine", "x-mine": "1", "te": "trailers"}
        )
    assert not {"x-mine", "te"} & set(service.requests[0].headers)
    assert "x-private" not in answer.headers
    assert answer.headers["x-kept"] == "2"


async def test_cookies_of_an_answer_stay_apart() -> None:
    """Several Set-Cookie headers arrive as several."""
    two = answered(headers=[("set-cookie", "a=1"), ("set-cookie", "b=2")])
    async with browser(Recorder(two)) as client:
        answer = await client.get("/")
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]


async def test_a_compressed_body_is_passed_on_as_it_is() -> None:
    """The gateway neither unpacks nor changes what a service encoded."""
    raw = httpx.Response(200, headers={"content-encoding": "gzip"}, stream=Pieces([b"not really gzip"]))
    app = create_app(LocalSettings(), httpx.MockTransport(lambda _request: raw))
    transport = httpx.ASGITransport(app)
    request = httpx.Request("GET", "http://127.0.0.1:8700/insights")
    answer = await transport.handle_async_request(request)
    assert isinstance(answer.stream, httpx.AsyncByteStream)
    assert b"".join([piece async for piece in answer.stream]) == b"not really gzip"


async def test_the_service_is_let_go_after_its_answer() -> None:
    """The connection to the service is given back once the body went through."""
    body = Pieces([b"data: 1\n\n", b"data: 2\n\n"])
    async with browser(lambda _request: httpx.Response(200, stream=body)) as client:
        answer = await client.get("/insights/live")
    assert answer.content == b"data: 1\n\ndata: 2\n\n"
    assert body.closed


def away(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


async def test_a_service_that_is_away_is_explained_to_people() -> None:
    """The page says which part restarts, that nothing is lost, and reloads by itself."""
    async with browser(away) as client:
        answer = await client.get("/insights", headers={"accept": "text/html"})
    assert answer.status_code == 503
    assert "detector" in answer.text
    assert "Nothing is lost; this page reloads by itself." in answer.text
    assert 'http-equiv="refresh"' in answer.text


async def test_a_service_that_is_away_is_explained_to_machines() -> None:
    """The API answers with a problem document and when to try again."""
    async with browser(away) as client:
        answer = await client.get("/api/v1/signals", headers={"accept": "text/html"})
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "2"


async def test_a_form_that_did_not_arrive_is_not_repeated_by_reloading() -> None:
    """After a POST nothing reloads; the page says whether the step was taken."""
    async with browser(away) as client:
        refused = await client.post("/settings/me", headers={"accept": "text/html"})
    assert "Your last step was not taken." in refused.text
    assert "http-equiv" not in refused.text


async def test_a_form_that_may_have_arrived_says_so() -> None:
    """Where the service died after it may have taken the request, the page does not claim otherwise."""

    def died(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("reset", request=request)

    async with browser(died) as client:
        answer = await client.post("/settings/me", headers={"accept": "text/html"})
    assert "It is not certain" in answer.text


async def test_the_gateway_is_no_proxy_to_the_services() -> None:
    """It writes no header of one: what arrives is of somebody in front, and signs nobody in."""
    service = Recorder()
    async with browser(service) as client:
        await client.get("/insights")
        await client.get("/insights", headers={"x-forwarded-for": "203.0.113.5", "via": "1.1 edge"})
    plain, passed_on = (request.headers for request in service.requests)
    assert not came_through_proxy(plain)
    assert (passed_on["x-forwarded-for"], passed_on["via"]) == ("203.0.113.5", "1.1 edge")


async def test_a_kept_connection_that_was_closed_is_no_error() -> None:
    """A GET that met a connection the service had just closed is sent once more."""
    tries = 0

    def closed_once(request: httpx.Request) -> httpx.Response:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise httpx.RemoteProtocolError("closed", request=request)
        return answered()

    async with browser(closed_once) as client:
        assert (await client.get("/insights")).text == "fine"


@pytest.mark.parametrize("host", ["attacker.example", "127.0.0.1.attacker.example", "[::2]:8700"])
async def test_a_page_elsewhere_cannot_use_the_automatic_sign_in(host: str) -> None:
    """A name that was made to point at this machine gets nothing of it."""
    service = Recorder()
    async with browser(service) as client:
        answer = await client.get("/insights", headers={"host": host})
    assert answer.status_code == 421
    assert service.requests == []


@pytest.mark.parametrize("host", ["localhost:8700", "127.0.0.1", "[::1]:8700", "LOCALHOST"])
async def test_this_machine_is_served_under_all_its_names(host: str) -> None:
    """Loopback names work with and without port."""
    async with browser(Recorder()) as client:
        assert (await client.get("/insights", headers={"host": host})).status_code == 200


async def test_webhooks_come_under_any_name() -> None:
    """A tunnel may bring webhooks: they are signed, and sign nobody in."""
    async with browser(Recorder()) as client:
        answer = await client.post("/webhooks/intercom", headers={"host": "tunnel.example"})
    assert answer.status_code == 200


async def test_a_declared_body_that_is_too_large_is_refused_unread() -> None:
    """The service never sees it."""
    service = Recorder()
    async with browser(service) as client:
        answer = await client.post(
            "/settings/organization/customers",
            content=b"x",
            headers={"content-length": str(gateway.MOST_BODY_BYTES + 1)},
        )
    assert answer.status_code == 413
    assert service.requests == []


async def test_an_undeclared_body_is_cut_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that never said its size is refused when it grows past the limit."""
    monkeypatch.setattr(gateway, "MOST_BODY_BYTES", 10)

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"12345"

    async def read(request: httpx.Request) -> httpx.Response:
        await request.aread()
        return httpx.Response(200)

    app = create_app(LocalSettings(), httpx.MockTransport(read))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
        answer = await client.post("/settings/organization/customers", content=endless())
    assert answer.status_code == 413


async def test_unknown_and_internal_addresses_are_not_found() -> None:
    """No service is asked for a path that nobody owns."""
    service = Recorder()
    async with browser(service) as client:
        assert (await client.get("/internal/credentials")).status_code == 404
        assert (await client.get("/insights/%2e%2e/internal")).status_code == 404
    assert service.requests == []


@pytest.mark.parametrize("path", ["/nowhere", "/insights"])
async def test_what_the_gateway_says_has_the_frame(path: str) -> None:
    """Its own pages have side bar, way home and look, though every service is away."""
    async with browser(away) as client:
        answer = await client.get(path, headers={"accept": "text/html"})
        styles = re.findall(r'href="(/static/[^"]+\.css)"', answer.text)
        assert [(await client.get(style)).status_code for style in styles] == [200]
    assert '<nav class="side"' in answer.text
    assert '<a class="button" href="/insights">To the insights</a>' in answer.text
    assert "style-src 'self'" in answer.headers["content-security-policy"]


async def test_under_another_name_nobody_is_signed_in() -> None:
    """The refusal shows neither the side bar nor a name."""
    async with browser(away) as client:
        answer = await client.get("/insights", headers={"host": "attacker.example", "accept": "text/html"})
    assert "answers only at 127.0.0.1" in answer.text
    assert '<nav class="side"' not in answer.text
    assert "you@localhost" not in answer.text


async def test_a_section_redirects_and_keeps_the_method() -> None:
    """A section without a page leads to its first one."""
    async with browser(Recorder()) as client:
        answer = await client.get("/settings")
    assert (answer.status_code, answer.headers["location"]) == (307, "/settings/organization/integrations")


async def test_the_gateway_says_itself_that_it_is_ready() -> None:
    """The runner's probe needs no service."""
    async with browser(away) as client:
        assert (await client.get("/gateway/ready")).text == "ready"
