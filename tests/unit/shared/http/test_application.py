"""What every service's HTTP face promises: health, errors, headers, limits, form protection."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import httpx
import pytest
import structlog
from asgi_lifespan import LifespanManager
from fastapi import APIRouter, Body, Depends, FastAPI, Form, Request
from prometheus_client import CollectorRegistry
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse
from structlog.testing import capture_logs

from shared.auth.authenticator import LocalAuthenticator, Refused
from shared.auth.dependencies import Admin, csrf_protect, require_service
from shared.auth.identity import Identity
from shared.auth.tokens import issue_api_key, mint_service_token
from shared.clock import ManualClock
from shared.config import ServiceSettings
from shared.errors import TransientError
from shared.http.application import create_api
from shared.http.lifecycle import Lifecycle
from shared.http.middleware import MOST_BODY_BYTES
from shared.http.ways_on import fields_in_words
from shared.observability.readiness import Readiness
from shared.observability.tracing import span
from shared.web.pages import Pages

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from pathlib import Path

    from starlette.types import Message

CLOCK = ManualClock(datetime(2026, 3, 1, 12, tzinfo=UTC))
SETTINGS = ServiceSettings.model_validate({"http_port": 8701, "signing_key": "k" * 48})
SECRET = "hunter2"


def routes() -> APIRouter:
    router = APIRouter()

    @router.get("/list")
    async def listed(identity: Admin, cursor: int = 0) -> dict[str, int]:
        return {identity.user_id: cursor}

    @router.get("/away")
    async def away() -> None:
        raise TransientError("mongodb://user:pass@db is away")

    @router.get("/broken")
    async def broken() -> None:
        raise RuntimeError(SECRET)

    @router.get("/half")
    async def half() -> StreamingResponse:
        async def lines() -> AsyncIterator[bytes]:
            yield b"begun"
            raise RuntimeError(SECRET)

        return StreamingResponse(lines())

    @router.post("/api/v1/form", dependencies=[Depends(csrf_protect)])
    @router.post("/form", dependencies=[Depends(csrf_protect)])
    async def form(identity: Admin, name: Annotated[str, Form()] = "") -> dict[str, str]:
        return {"name": name, "who": identity.user_id}

    @router.post("/bounded", dependencies=[Depends(csrf_protect)])
    async def bounded(
        identity: Admin, title: Annotated[str, Form(min_length=1)], look_back: Annotated[int, Form(le=12)]
    ) -> None:
        raise AssertionError("No form of these tests is in order.")

    @router.get("/token")
    async def token(identity: Admin) -> dict[str, str]:
        return {"who": identity.user_id}

    only_syncer = require_service(
        "syncer", audience="connector", signing_key=SETTINGS.signing_key, clock=CLOCK
    )

    @router.get("/internal/lease", dependencies=[Depends(only_syncer)])
    async def lease() -> dict[str, str]:
        return {"lease": "yes"}

    return router


def reading_routes() -> APIRouter:
    """Return routes that read bodies in each of the ways there are."""
    router = APIRouter()

    @router.post("/json")
    async def json(given: Annotated[dict[str, str], Body()]) -> None:
        raise AssertionError("No body of these tests is in order.")

    @router.post("/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @router.post("/piecewise")
    async def piecewise(request: Request) -> int:
        return sum([len(piece) async for piece in request.stream()])

    @router.get("/whose")
    async def whose(_identity: Admin) -> object:
        return structlog.contextvars.get_contextvars().get("organization_id")

    @router.get("/stream")
    async def stream() -> StreamingResponse:
        async def news() -> AsyncIterator[bytes]:
            yield b": nothing"

        return StreamingResponse(news(), media_type="text/event-stream")

    @router.post("/echoes")
    async def echoes(request: Request) -> StreamingResponse:
        async def lines() -> AsyncIterator[bytes]:
            yield b"begun"
            with suppress(ClientDisconnect):
                async for _ in request.stream():
                    pass
            yield b" ended"

        return StreamingResponse(lines())

    return router


BROWSER = {"accept": "text/html"}


class Strangers:
    """Knows nobody but who says a role."""

    async def identify(self, headers: Mapping[str, str], client_host: str | None) -> Identity:
        if headers.get("x-role") != "member":
            raise Refused(401, "Sign in first, or send a bearer key.")
        return Identity("acme", "mia", "Mia", "mia@acme.example", "member")


@pytest.fixture
def readiness() -> Readiness:
    return Readiness("bus")


def api(readiness: Readiness, pages: Pages | None = None) -> FastAPI:
    return create_api(
        service="connector",
        settings=SETTINGS,
        routers=[routes(), reading_routes()],
        lifecycle=Lifecycle(readiness, grace_seconds=1),
        readiness=readiness,
        authenticator=LocalAuthenticator(SETTINGS, CLOCK, set()),
        clock=CLOCK,
        registry=CollectorRegistry(),
        pages=pages,
    )


@pytest.fixture
async def client(readiness: Readiness) -> AsyncIterator[httpx.AsyncClient]:
    app = api(readiness)
    async with LifespanManager(app) as manager:
        transport = httpx.ASGITransport(manager.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8701") as found:
            yield found


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@pytest.mark.parametrize("path", ["/health/live", "/api/v1/openapi/connector.json", "/api/v1/none"])
async def test_head_is_answered_as_get_without_the_body(client: httpx.AsyncClient, path: str) -> None:
    """Status and headers are the same, down to the length."""
    asked, headed = await client.get(path), await client.head(path)
    assert (headed.status_code, headed.content) == (asked.status_code, b"")
    for name in ("content-length", "content-type"):
        assert headed.headers[name] == asked.headers[name]


@pytest.mark.parametrize("path", ["/form", "/api/v1/form"])
async def test_head_changes_nothing(client: httpx.AsyncClient, path: str) -> None:
    """Where there is nothing to GET there is nothing to HEAD, also where HEAD is answered as GET."""
    assert (await client.head(path)).status_code == 405


async def test_a_stranger_is_led_back_to_the_page_that_was_asked_for(tmp_path: Path) -> None:
    """Whom nobody let in finds no link to pages that would refuse as well; who is signed in does."""
    readiness = Readiness("bus")
    app = create_api(
        service="connector",
        settings=SETTINGS,
        routers=[routes()],
        lifecycle=Lifecycle(readiness, grace_seconds=1),
        readiness=readiness,
        authenticator=Strangers(),
        clock=CLOCK,
        registry=CollectorRegistry(),
        pages=Pages(tmp_path, clock=CLOCK),
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=BROWSER) as client:
        stranger = await client.get("/token?a=1&b=2")
        member = await client.get("/token", headers={"x-role": "member"})
        missing = await client.get("/nowhere")
    assert stranger.status_code == 401
    assert '<a class="button" href="/token?a=1&amp;b=2">Try again</a>' in stranger.text
    assert "People sign in where their organization does" in stranger.text
    assert "/insights" not in stranger.text
    assert member.status_code == 403
    assert '<nav class="side"' in member.text
    for answer in (member, missing):
        assert '<a class="button" href="/insights">To the insights</a>' in answer.text


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Return the browser of one who is signed in, and is shown pages."""
    app = api(Readiness("bus"), Pages(tmp_path, clock=CLOCK))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1:8701", headers=BROWSER
    ) as found:
        yield found


async def test_what_is_not_there_leads_to_the_list_that_it_would_be_in(browser: httpx.AsyncClient) -> None:
    """A customer that is gone leads to the customers, what belongs to no list to the insights."""
    assert (
        '<a class="button" href="/customers">To the customers</a>'
        in (await browser.get("/customers/none")).text
    )
    for path in ("/customers", "/nowhere"):
        assert '<a class="button" href="/insights">To the insights</a>' in (await browser.get(path)).text


async def test_an_address_that_nothing_serves_says_so_in_a_sentence(browser: httpx.AsyncClient) -> None:
    """A person reads a sentence; a program hears what HTTP says."""
    opened = await browser.get("/nowhere")
    assert opened.status_code == 404
    assert "There is no page at this address." in opened.text
    assert "Not Found" not in opened.text
    assert (await browser.get("/api/v1/nowhere")).json()["detail"] == "Not Found"


async def test_a_form_s_address_that_is_opened_leads_on_in_plain_words(browser: httpx.AsyncClient) -> None:
    """Who loads a refused form again by its address is told what that is; a program, what HTTP says."""
    opened = await browser.get("/form")
    assert opened.status_code == 405
    assert "This address takes what a form sends" in opened.text
    assert "Method Not Allowed" not in opened.text
    assert '<a class="button" href="/insights">To the insights</a>' in opened.text
    assert (await browser.get("/api/v1/form")).json()["detail"] == "Method Not Allowed"


async def test_a_list_whose_cursor_is_refused_leads_to_its_beginning(browser: httpx.AsyncClient) -> None:
    """Its own, not another list's; that one has not been asked for anything."""
    refused = await browser.get("/list?cursor=rubbish")
    assert refused.status_code == 422
    assert '<a class="button" href="/list">To the first page</a>' in refused.text


@pytest.mark.parametrize(
    ("page", "address", "words"),
    [
        ("http://127.0.0.1:8701/people?q=a&b", "/people?q=a&amp;b", "Back to where you were"),
        ("http://127.0.0.1:8701//evil.example/x", "/evil.example/x", "Back to where you were"),
        ("https://evil.example/people", "/insights", "To the insights"),
        ("http://[", "/insights", "To the insights"),
        ("", "/insights", "To the insights"),
    ],
)
async def test_a_form_that_is_refused_leads_back_to_its_page(
    browser: httpx.AsyncClient, page: str, address: str, words: str
) -> None:
    """Only to a page of this address, which the browser names; never to another site's."""
    await browser.get("/token")
    token = browser.cookies["earshot_csrf"]
    answer = await browser.post("/bounded", data={"csrf_token": token}, headers={"referer": page})
    assert answer.status_code == 422
    assert f'<a class="button" href="{address}">{words}</a>' in answer.text


async def test_a_person_is_told_of_a_wrong_field_in_words(browser: httpx.AsyncClient) -> None:
    """The page names field and bound; a program gets place and message."""
    await browser.get("/token")
    form = {"csrf_token": browser.cookies["earshot_csrf"], "look_back": "99", "title": ""}
    page = await browser.post("/bounded", data=form)
    assert "Title is missing. Look back is at most 12." in page.text
    assert "body." not in page.text
    document = await browser.post("/bounded", data=form, headers={"accept": "application/json"})
    assert document.json()["errors"][0]["where"] == "body.title"


def test_one_of_several_values_is_told_by_its_field() -> None:
    """A person knows of no positions: a box that was ticked is one of those kinds."""
    wrong = {"type": "literal_error", "loc": ("body", "signal_kinds", 0), "msg": "Input should be 'churn'"}
    assert fields_in_words([wrong]) == "Signal kinds is not right: Input should be 'churn'."


async def test_live_is_not_ready(client: httpx.AsyncClient, readiness: Readiness) -> None:
    """A service that waits for an engine is alive, and says what it waits for."""
    assert (await client.get("/health/live")).status_code == 200
    waiting = await client.get("/health/ready")
    assert waiting.status_code == 503
    assert waiting.json()["parts"]["bus"] == {"ready": False, "why": "starting"}
    readiness.set("bus", ready=True)
    assert (await client.get("/health/ready")).status_code == 200


async def test_a_lost_bus_ends_work_and_not_serving(client: httpx.AsyncClient, readiness: Readiness) -> None:
    """Who sends requests learns that they are still answered, and which part is away."""
    assert (await client.get("/health/serving")).status_code == 503
    readiness.set("bus", ready=True)
    readiness.set("bus", ready=False, why="does not answer")
    assert (await client.get("/health/ready")).status_code == 503
    serving = await client.get("/health/serving")
    assert serving.status_code == 200
    assert serving.json()["parts"]["bus"] == {"ready": False, "why": "does not answer"}


async def test_an_unforeseen_error_shows_a_reference_and_no_secret(client: httpx.AsyncClient) -> None:
    """People get a reference to find the log line by; what went wrong inside stays inside."""
    answer = await client.get("/broken")
    assert answer.status_code == 500
    assert SECRET not in answer.text
    assert re.fullmatch(r"[0-9a-f]{16}", answer.json()["reference"])
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
async def test_the_reference_of_an_unforeseen_error_is_beside_its_traceback(
    browser: httpx.AsyncClient, accept: str
) -> None:
    """What a person reads out is what an operator finds in the log, on pages as in documents."""
    with capture_logs() as lines:
        answer = await browser.get("/broken", headers={"accept": accept})
    (line,) = (line for line in lines if line["event"] == "request failed")
    assert answer.status_code == 500
    assert answer.headers["x-reference"] == line["reference"]
    assert line["reference"] in answer.text
    assert str(line["exc_info"]) == SECRET
    assert SECRET not in answer.text


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
async def test_an_unforeseen_error_carries_the_strict_headers(
    browser: httpx.AsyncClient, accept: str
) -> None:
    """No answer is left out of them, least of all one that nobody foresaw."""
    fine = await browser.get("/health/live")
    broken = await browser.get("/broken", headers={"accept": accept})
    for name in ("content-security-policy", "x-content-type-options", "referrer-policy", "x-reference"):
        assert name in broken.headers
        assert name == "x-reference" or broken.headers[name] == fine.headers[name]


async def test_each_request_has_a_reference_of_its_own(client: httpx.AsyncClient) -> None:
    """Also where the server handles it in what is left of an earlier request of the same connection."""
    with span("an earlier request"):
        answers = [await client.get("/broken") for _ in range(3)]
    assert len({answer.headers["x-reference"] for answer in answers}) == 3


async def test_a_caller_may_name_the_trace(client: httpx.AsyncClient) -> None:
    """What one change causes at several services is found under one reference."""
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    with span("an earlier request"):
        answer = await client.get("/broken", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    assert answer.headers["x-reference"] == trace[:16]


async def test_an_answer_that_breaks_off_is_logged_with_its_reference(browser: httpx.AsyncClient) -> None:
    """What was sent cannot be taken back; the connection ends, and the log says why."""
    with capture_logs() as lines, pytest.raises(RuntimeError):
        await browser.get("/half")
    (line,) = (line for line in lines if line["event"] == "request failed")
    assert re.fullmatch(r"[0-9a-f]{16}", line["reference"])


@pytest.mark.parametrize(
    ("path", "answer"),
    [("/list", "2xx"), ("/nowhere", "4xx"), ("/away", "5xx"), ("/broken", "5xx"), ("/half", "5xx")],
)
async def test_requests_are_counted_by_their_answers(
    client: httpx.AsyncClient, path: str, answer: str
) -> None:
    """An answer that breaks off is a failure, however it began."""

    async def counted() -> float:
        line = f'earshot_http_request_seconds_count{{answer="{answer}"}} '
        shown = (await client.get("/metrics")).text
        return float(next(one.removeprefix(line) for one in shown.splitlines() if one.startswith(line)))

    before = await counted()
    await client.get(path)
    assert await counted() == before + 1


async def test_who_goes_before_all_was_sent_is_no_failure_of_ours(readiness: Readiness) -> None:
    """Anybody can do so at any time: it makes no traceback, and no alert."""
    coming: Iterator[Message] = iter(
        [{"type": "http.request", "body": b"half", "more_body": True}, {"type": "http.disconnect"}]
    )
    answered: list[Message] = []

    async def receive() -> Message:
        return next(coming)

    async def send(message: Message) -> None:
        answered.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": "/raw",
        "raw_path": b"/raw",
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "headers": [(b"host", b"127.0.0.1:8701")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8701),
    }
    with capture_logs() as logs:
        await api(readiness)(scope, receive, send)
    assert answered[0]["status"] == 400
    assert [line for line in logs if line["log_level"] == "error"] == []


@pytest.mark.parametrize("path", ["/stream", "/health/live", "/health/ready"])
async def test_what_says_nothing_of_our_speed_is_not_counted(client: httpx.AsyncClient, path: str) -> None:
    """A stream lasts as long as its page is open, and probes are no callers."""
    await client.get(path)
    shown = (await client.get("/metrics")).text
    counts = [line for line in shown.splitlines() if line.startswith("earshot_http_request_seconds_count")]
    assert len(counts) == 4
    assert all(line.endswith(" 0.0") for line in counts)


async def test_an_engine_that_is_away_is_a_503_that_promises_no_loss(client: httpx.AsyncClient) -> None:
    """The caller learns when to come again, not where the engine lives."""
    answer = await client.get("/away")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "user:pass" not in answer.text


async def test_answers_carry_the_strict_headers(client: httpx.AsyncClient) -> None:
    """No inline script, no framing, no guessing of types."""
    headers = (await client.get("/health/live")).headers
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    "path", ["/list", "/list?cursor=x", "/away", "/broken", "/nowhere", "/internal/lease"]
)
async def test_no_cache_keeps_what_says_nothing_of_it(client: httpx.AsyncClient, path: str) -> None:
    """Answers are one organization's, refusals and absences too, whichever proxy stands between."""
    assert (await client.get(path)).headers["cache-control"] == "no-store"


async def test_bodies_are_bounded(client: httpx.AsyncClient) -> None:
    """A body beyond the limit is refused before it is read."""
    answer = await client.post("/form", content=b"x" * (MOST_BODY_BYTES + 1))
    assert answer.status_code == 413


async def pieces(*sizes: int, before: bytes = b"") -> AsyncIterator[bytes]:
    """Yield a body whose length is not announced."""
    yield before
    for size in sizes:
        yield b"x" * size


A_FILE = b'--b\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'


@pytest.mark.parametrize(
    ("path", "content_type", "before"),
    [
        ("/form", "multipart/form-data; boundary=b", A_FILE),
        ("/api/v1/form", "multipart/form-data; boundary=b", A_FILE),
        ("/json", "application/json", b""),
        ("/raw", "text/csv", b""),
        ("/piecewise", "text/csv", b""),
    ],
    ids=["form", "form below the API", "json", "whole", "piece by piece"],
)
async def test_a_body_without_a_length_is_bounded_too(
    client: httpx.AsyncClient, path: str, content_type: str, before: bytes
) -> None:
    """It is refused where it grows too large, however a route reads it and whatever it has read."""
    body = pieces(MOST_BODY_BYTES - 1, 1, 1, before=before)
    answer = await client.post(path, content=body, headers={"content-type": content_type})
    assert answer.status_code == 413
    assert answer.json()["title"] == "Too large"
    assert str(MOST_BODY_BYTES) in answer.json()["detail"]


async def test_a_body_of_exactly_the_limit_is_taken(client: httpx.AsyncClient) -> None:
    """The limit is the largest that passes, announced or not."""
    assert (await client.post("/raw", content=pieces(MOST_BODY_BYTES - 1, 1))).json() == MOST_BODY_BYTES
    assert (await client.post("/raw", content=b"x" * MOST_BODY_BYTES)).json() == MOST_BODY_BYTES


@pytest.mark.parametrize("announced", [True, False])
async def test_a_person_is_shown_that_a_file_is_too_large(
    browser: httpx.AsyncClient, announced: bool
) -> None:
    """A page says so, with the way back and the strict headers."""
    content = b"x" * (MOST_BODY_BYTES + 1) if announced else pieces(MOST_BODY_BYTES, 1)
    answer = await browser.post("/raw", content=content)
    assert (answer.status_code, answer.headers["content-type"]) == (413, "text/html; charset=utf-8")
    assert "Too large" in answer.text
    assert "content-security-policy" in answer.headers


async def test_an_answer_that_has_begun_ends_where_the_body_grows_too_large(
    client: httpx.AsyncClient,
) -> None:
    """Who reads on while answering sees a client that went away: the status has been sent."""
    answer = await client.post("/echoes", content=pieces(MOST_BODY_BYTES, 1))
    assert (answer.status_code, answer.text) == (200, "begun ended")


async def test_a_form_needs_the_token_of_its_own_browser(client: httpx.AsyncClient) -> None:
    """Without the token a form is refused; with it, it is taken."""
    await client.get("/token")
    token = client.cookies["earshot_csrf"]
    assert (await client.post("/form", data={"name": "a"})).status_code == 403
    assert (await client.post("/form", data={"name": "a", "csrf_token": "x" * 43})).status_code == 403
    taken = await client.post("/form", data={"name": "a", "csrf_token": token})
    assert taken.json() == {"name": "a", "who": "you@localhost"}
    by_header = await client.post("/form", data={"name": "a"}, headers={"x-csrf-token": token})
    assert by_header.status_code == 200


@pytest.mark.parametrize(
    "foreign", ['prefs={"a": 1, "b": [2]}', "flag", "path=/x", "a=b c", "a@b=1", "a=1;", "a=h\u00e9"]
)
async def test_another_application_s_cookie_does_not_stand_in_the_way(
    client: httpx.AsyncClient, foreign: str
) -> None:
    """A browser sends what any application of the domain has set, in whatever form, older ones first."""
    await client.get("/token")
    token = client.cookies["earshot_csrf"]
    cookie = f"{foreign}; earshot_csrf={token}".encode()
    client.cookies.clear()
    taken = await client.post("/form", data={"name": "a", "csrf_token": token}, headers=[(b"cookie", cookie)])
    assert taken.status_code == 200
    assert "set-cookie" not in taken.headers


@pytest.mark.parametrize("made_up", ["", "x", "x" * 44, "=" * 43, "h\u00e9" + "x" * 41])
async def test_a_token_that_we_did_not_make_is_replaced(client: httpx.AsyncClient, made_up: str) -> None:
    """It could not be compared with, or is nobody's."""
    answer = await client.get("/token", headers=[(b"cookie", f"earshot_csrf={made_up}".encode())])
    assert "earshot_csrf=" in answer.headers["set-cookie"]


async def test_who_changed_something_is_logged(client: httpx.AsyncClient) -> None:
    """By organization, person and place, without what was sent; what was only read or refused is not."""
    key = issue_api_key(SETTINGS.signing_key, CLOCK, organization_id="acme", name="ci", role="admin", days=1)
    with capture_logs() as logs:
        await client.post("/form", data={"name": SECRET}, headers=bearer(key.token))
        await client.post("/form", data={"name": SECRET})
        await client.get("/list", headers=bearer(key.token))
    noted = [line for line in logs if line["event"] == "change made"]
    assert noted == [
        {
            "event": "change made",
            "log_level": "info",
            "organization_id": "acme",
            "by": f"key:{key.key_id}",
            "method": "POST",
            "path": "/form",
            "status": 200,
        }
    ]


async def test_lines_of_a_request_say_whose_it_is(client: httpx.AsyncClient) -> None:
    """And none of the next request on the same connection does."""
    assert (await client.get("/whose")).json() == "local"
    await client.get("/away")
    assert "organization_id" not in structlog.contextvars.get_contextvars()


async def test_a_page_of_another_site_cannot_change_anything(client: httpx.AsyncClient) -> None:
    """Browsers name the asking site; any other than ours is refused, token or not."""
    await client.get("/token")
    data = {"name": "a", "csrf_token": client.cookies["earshot_csrf"]}
    assert (
        await client.post("/form", data=data, headers={"origin": "https://evil.example"})
    ).status_code == 403
    assert (
        await client.post("/form", data=data, headers={"origin": "http://127.0.0.1:8701"})
    ).status_code == 200


async def test_an_origin_that_cannot_be_read_is_another_sites(client: httpx.AsyncClient) -> None:
    """It is refused like any other, and no error of ours."""
    answer = await client.post("/form", data={"name": "a"}, headers={"origin": "http://["})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("content_type", "asked"),
    [
        ("application/json", False),
        ("text/csv", False),
        ("text/plain", True),
        ("text/plain; charset=utf-8", True),
        ("TEXT/PLAIN", True),
        ("", True),
    ],
)
async def test_only_bodies_that_a_form_can_send_need_the_token(
    client: httpx.AsyncClient, content_type: str, asked: bool
) -> None:
    """What a browser would have to ask for first is safe without it; nothing else is."""
    headers = {"content-type": content_type} if content_type else {}
    answer = await client.post("/form", content=b"", headers=headers)
    assert (answer.status_code == 403) is asked


async def test_a_bearer_key_needs_no_form_token(client: httpx.AsyncClient) -> None:
    """No other site can make a browser send a bearer key."""
    key = issue_api_key(SETTINGS.signing_key, CLOCK, organization_id="acme", name="x", role="admin", days=1)
    answer = await client.post("/form", data={"name": "a"}, headers=bearer(key.token))
    assert answer.json()["who"] == f"key:{key.key_id}"


async def test_a_member_is_not_an_administrator(client: httpx.AsyncClient) -> None:
    """Roles are held on every route that asks for one."""
    key = issue_api_key(SETTINGS.signing_key, CLOCK, organization_id="acme", name="x", role="member", days=1)
    answer = await client.get("/token", headers=bearer(key.token))
    assert (answer.status_code, "administrator" in answer.text) == (403, True)


async def test_only_the_named_service_may_call_inside(client: httpx.AsyncClient) -> None:
    """Neither people nor keys nor other services reach an internal route."""
    wrong = mint_service_token(SETTINGS.signing_key, CLOCK, service="detector", audience="connector")
    right = mint_service_token(SETTINGS.signing_key, CLOCK, service="syncer", audience="connector")
    assert (await client.get("/internal/lease")).status_code == 401
    assert (await client.get("/internal/lease", headers=bearer(wrong))).status_code == 401
    assert (await client.get("/internal/lease", headers=bearer(right))).status_code == 200


async def test_unknown_addresses_are_problems_too(client: httpx.AsyncClient) -> None:
    """Machines get one shape of error everywhere."""
    answer = await client.get("/nowhere")
    assert (answer.status_code, answer.json()["title"]) == (404, "Not found")
