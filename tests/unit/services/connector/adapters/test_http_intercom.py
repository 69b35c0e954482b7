"""What Intercom's answers mean, one table; where credentials go, and that they go nowhere else."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from services.connector.adapters.http_intercom import HttpIntercom, intercom_client
from services.connector.domain.hosts import IntercomHosts
from services.connector.errors import HostNotAllowed, IntercomRefused, IntercomUnreachable
from tests.unit.services.connector.fakes import AU, EU, TOKEN, US
from tests.unit.services.connector.rig import CLIENT_SECRET, settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from services.connector.domain.diagnosis import FamilyKey

ME = {
    "type": "admin",
    "id": "1",
    "name": "Dana Ruiz",
    "email": "dana@northwind.example",
    "app": {"type": "app", "id_code": "w-1", "name": "Northwind", "region": "US"},
}
HTML = b"<html><body>Bad gateway</body></html>"


def errors(*codes: str, message: str = "said") -> dict[str, Any]:
    return {"type": "error.list", "errors": [{"code": code, "message": message} for code in codes]}


def answering(status: int = 200, body: Any = None, **extra: Any) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.Response(status, content=content, **extra)


class Wire:
    """What went over it, and the answer that comes back."""

    def __init__(self, answer: httpx.Response | Exception | Callable[[], Any]) -> None:
        self.answer = answer
        self.requests: list[httpx.Request] = []
        chosen = settings(intercom_timeout_seconds=0.2)
        self.client = httpx.AsyncClient(transport=httpx.MockTransport(self._handle))
        hosts = IntercomHosts(chosen.intercom_hosts, chosen.intercom_app_hosts)
        self.intercom = HttpIntercom(self.client, chosen, hosts)

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        if isinstance(self.answer, httpx.Response):
            return self.answer
        made = await self.answer()
        assert isinstance(made, httpx.Response)
        return made


async def test_no_proxy_of_the_environment_gets_a_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is on no list of hosts; nor is a redirect's target."""
    monkeypatch.setenv("ALL_PROXY", "http://proxy.test:3128")
    async with intercom_client() as client:
        assert (client.trust_env, client.follow_redirects) == (False, False)


async def test_me_says_who_it_is() -> None:
    """Asked with the pinned version and the token in its header."""
    wire = Wire(answering(body=ME))
    workspace = await wire.intercom.who_am_i(TOKEN, f"{US}/")
    assert (workspace.id, workspace.name, workspace.region, workspace.base_url) == (
        "w-1",
        "Northwind",
        "us",
        US,
    )
    assert (workspace.admin_name, workspace.admin_email) == ("Dana Ruiz", "dana@northwind.example")
    (request,) = wire.requests
    assert str(request.url) == f"{US}/me"
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert request.headers["Intercom-Version"] == "2.16"


async def test_a_name_that_was_cut_inside_an_emoji_can_be_read() -> None:
    """Half a character, which strict parsers refuse, does not make the answer another's than Intercom's."""
    app = {"type": "app", "id_code": "w-1", "name": "North\ude00", "region": "US"}
    wire = Wire(answering(body={**ME, "name": "Dana \ud83d", "app": app}))
    workspace = await wire.intercom.who_am_i(TOKEN, US)
    assert (workspace.name, workspace.admin_name) == ("North", "Dana ")


@pytest.mark.parametrize(
    ("app", "region", "base_url"),
    [
        ({"region": "EU"}, "eu", EU),
        ({"region": "AU"}, "au", AU),
        ({"region": "Mars"}, "mars", US),
        ({"region": None, "name": None}, "us", US),
    ],
)
async def test_the_workspace_s_own_region_is_used_from_then_on(
    app: dict[str, Any], region: str, base_url: str
) -> None:
    """The US host routes /me; the regional host keeps the traffic in its region (FACTS §1)."""
    wire = Wire(answering(body={**ME, "app": {**ME["app"], **app}}))  # type: ignore[dict-item] # JSON
    workspace = await wire.intercom.who_am_i(TOKEN, US)
    assert (workspace.region, workspace.base_url) == (region, base_url)
    assert workspace.name == ("Northwind" if "name" not in app else "w-1")


MEANINGS: list[tuple[int, Any, str | None]] = [
    (401, errors("unauthorized"), "token_rejected"),
    (401, errors("token_revoked"), "token_rejected"),
    (401, errors("token_not_found"), "token_rejected"),
    (401, errors("token_expired"), "token_rejected"),
    (401, errors("token_blocked"), "token_rejected"),
    (401, errors("token_suspended"), "token_rejected"),
    (401, errors("token_unauthorized"), "permission_missing"),
    (403, errors("forbidden"), "permission_missing"),
    (403, errors("something", "action_forbidden"), "permission_missing"),
    (403, errors("api_plan_restricted"), "plan_restricted"),
    (403, errors("scope_missing"), "permission_missing"),
    (402, HTML, "plan_restricted"),
    (401, HTML, "not_intercom"),
    (403, HTML, "not_intercom"),
    (403, {"errors": "no list"}, "not_intercom"),
    (403, {"errors": [{"code": 7}, "no object"]}, "not_intercom"),
    (404, HTML, "not_intercom"),
    (404, errors("not_found"), "not_intercom"),
    (302, b"", "not_intercom"),
    (200, HTML, "not_intercom"),
    (200, [1, 2], "not_intercom"),
    (200, {"hello": "world"}, "not_intercom"),
    (200, {"app": {"id_code": ""}}, "not_intercom"),
    (200, {"app": {"id_code": 7}}, "not_intercom"),
    (200, b"x" * 9_000_000, "not_intercom"),
    (200, b"", None),
    (200, b" \n", None),
    (408, b"", None),
    (429, errors("rate_limit_exceeded"), None),
    (500, errors("server_error"), None),
    (502, HTML, None),
    (503, b"", None),
]


@pytest.mark.parametrize(("status", "body", "kind"), MEANINGS)
async def test_every_other_answer_has_a_meaning(status: int, body: Any, kind: str | None) -> None:
    """None of them is taken for another; silence is nobody's fault; none repeats the token or a body."""
    wire = Wire(answering(status, body, headers={"Location": "https://evil.example/me"}))
    with pytest.raises((IntercomRefused, IntercomUnreachable)) as raised:
        await wire.intercom.who_am_i(TOKEN, US)
    error = raised.value
    assert (error.kind if isinstance(error, IntercomRefused) else None) == kind
    assert TOKEN not in f"{error} {error!r}"
    assert "Bad gateway" not in str(error)
    assert [request.url.host for request in wire.requests] == ["api.intercom.io"]


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError("name or service not known"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("cut off"),
        httpx.DecodingError("no gzip"),
        httpx.LocalProtocolError(f"Illegal header value b'Bearer {TOKEN}'"),
    ],
)
async def test_what_goes_wrong_on_the_way_is_told_without_the_token(failure: Exception) -> None:
    """Neither the words nor the chain of causes hold the request."""
    wire = Wire(failure)
    with pytest.raises(IntercomUnreachable, match=r"api\.intercom\.io") as raised:
        await wire.intercom.who_am_i(TOKEN, US)
    assert TOKEN not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


async def test_a_dripping_answer_ends() -> None:
    """Each byte comes in time, and the whole never would."""

    class Dripping(httpx.AsyncByteStream):
        async def __aiter__(self) -> Any:
            while True:
                yield b" "
                await asyncio.sleep(0)

    async def drip() -> httpx.Response:
        return httpx.Response(200, stream=Dripping())

    wire = Wire(drip)
    with pytest.raises((IntercomUnreachable, IntercomRefused)):
        await wire.intercom.who_am_i(TOKEN, US)


async def test_an_answer_that_never_comes_ends() -> None:
    """After the limit of the settings."""

    async def never() -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(IntercomUnreachable, match="TimeoutError"):
        await Wire(never).intercom.who_am_i(TOKEN, US)


@pytest.mark.parametrize("address", ["https://evil.example", "http://api.intercom.io", f"{US}.evil.example"])
async def test_a_token_is_sent_to_no_other_host(address: str) -> None:
    """Whatever asks for it: nothing leaves."""
    wire = Wire(answering(body=ME))
    with pytest.raises(HostNotAllowed):
        await wire.intercom.who_am_i(TOKEN, address)
    with pytest.raises(HostNotAllowed):
        await wire.intercom.probe(TOKEN, address, "tags", known_id=None)
    assert wire.requests == []


@pytest.mark.parametrize("token", ["", "with space", "línea", "line\nbreak", "x" * 5_000])
async def test_what_cannot_be_a_token_is_not_sent(token: str) -> None:
    """It would break the header, and the error would quote it."""
    wire = Wire(answering(body=ME))
    with pytest.raises(IntercomRefused, match="not an access token") as raised:
        await wire.intercom.who_am_i(token, US)
    assert not token or token not in str(raised.value)
    assert (await wire.intercom.probe(token, US, "tags", known_id=None)).sight.outcome == "token_rejected"
    assert wire.requests == []


async def test_cookies_of_one_tenant_do_not_travel_with_another() -> None:
    """One client serves all."""
    wire = Wire(answering(body=ME, headers={"Set-Cookie": "session=secret; Path=/"}))
    await wire.intercom.who_am_i(TOKEN, US)
    await wire.intercom.who_am_i("another", US)
    assert all("cookie" not in request.headers for request in wire.requests)


async def test_cookies_do_not_travel_with_a_call_beside() -> None:
    """One tenant's answer has begun and is not read to its end yet when another's call goes out."""
    going_on, asked = asyncio.Event(), asyncio.Event()

    class Slow(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            asked.set()
            await going_on.wait()
            yield json.dumps(ME).encode()

    wire = Wire(httpx.Response(200, headers={"Set-Cookie": "session=secret; Path=/"}, stream=Slow()))
    first = asyncio.create_task(wire.intercom.who_am_i(TOKEN, US))
    await asked.wait()
    wire.answer = answering(body=ME)
    await wire.intercom.who_am_i("another", US)
    going_on.set()
    await first
    assert all("cookie" not in request.headers for request in wire.requests)


async def test_the_authorization_address() -> None:
    """No scope: permissions are ticked per app (FACTS §2)."""
    target = urlsplit(Wire(answering()).intercom.authorize_url("s t", "https://e.example/back"))
    assert parse_qs(target.query) == {
        "client_id": ["client-1"],
        "state": ["s t"],
        "redirect_uri": ["https://e.example/back"],
    }


@pytest.mark.parametrize("code", ["abc==", "a+b/c=", "plain"])
@pytest.mark.parametrize("field", ["access_token", "token"])
async def test_a_code_is_exchanged_whole(code: str, field: str) -> None:
    """Its equals signs belong to it; either field of the answer will do."""
    wire = Wire(answering(body={"token_type": "Bearer", field: TOKEN}))
    assert await wire.intercom.exchange_code(code) == TOKEN
    sent = parse_qs(wire.requests[0].content.decode())
    assert (sent["code"], sent["client_secret"]) == ([code], [CLIENT_SECRET])
    assert "authorization" not in wire.requests[0].headers


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, errors("unauthorized", message="Unauthorized Code"), "token_rejected"),
        (401, errors("unauthorized", message="Invalid client credentials"), "app_refused"),
        (401, {"errors": [{"code": "unauthorized", "message": None}]}, "app_refused"),
        (400, errors("parameter_invalid"), "token_rejected"),
        (404, HTML, "not_intercom"),
        (200, HTML, "not_intercom"),
        (200, {"access_token": 7}, "token_rejected"),
        (200, {"access_token": "with space"}, "token_rejected"),
        (502, HTML, None),
        (200, b"", None),
    ],
)
async def test_a_code_that_is_not_taken(status: int, body: Any, kind: str | None) -> None:
    """An old code is the person's to repeat; a wrong app is the operator's to mend."""
    wire = Wire(answering(status, body))
    with pytest.raises((IntercomRefused, IntercomUnreachable)) as raised:
        await wire.intercom.exchange_code("the-code")
    error = raised.value
    assert (error.kind if isinstance(error, IntercomRefused) else None) == kind
    assert CLIENT_SECRET not in str(error)
    assert "the-code" not in str(error)


async def test_uninstalling() -> None:
    """An empty answer is a good one."""
    for answer in (answering(body={}), answering(204, b"")):
        wire = Wire(answer)
        await wire.intercom.uninstall(TOKEN)
        assert (wire.requests[0].method, str(wire.requests[0].url)) == ("POST", f"{US}/auth/uninstall")


@pytest.mark.parametrize(("status", "body"), [(401, errors("unauthorized")), (404, HTML), (503, b"")])
async def test_uninstalling_in_vain_is_told(status: int, body: Any) -> None:
    """Also where nothing is found at the address."""
    with pytest.raises((IntercomRefused, IntercomUnreachable)):
        await Wire(answering(status, body)).intercom.uninstall(TOKEN)


PROBES: list[tuple[FamilyKey, str, str, Any, int | None]] = [
    ("admins", "GET", "/admins", {"type": "admin.list", "admins": [{}, {}]}, 2),
    ("teams", "GET", "/teams", {"teams": []}, 0),
    ("tags", "GET", "/tags", {"data": [{}]}, 1),
    ("contacts", "POST", "/contacts/search", {"data": [{"id": "6ab"}], "total_count": 160}, 160),
    ("contact", "GET", "/contacts/6ab", {"type": "contact", "id": "6ab"}, None),
    ("companies", "POST", "/companies/list", {"data": [], "total_count": 0}, 0),
    ("conversations", "POST", "/conversations/search", {"conversations": [{}], "total_count": 330}, 330),
]


@pytest.mark.parametrize(("family", "method", "path", "body", "count"), PROBES)
async def test_a_probe_asks_for_the_smallest_page(
    family: FamilyKey, method: str, path: str, body: Any, count: int | None
) -> None:
    """And looks at the count."""
    wire = Wire(answering(body=body))
    probe = await wire.intercom.probe(TOKEN, US, family, known_id="6ab")
    assert (probe.sight.outcome, probe.sight.count) == ("answered", count)
    (request,) = wire.requests
    assert (request.method, request.url.path) == (method, path)
    if "search" in path:
        assert json.loads(request.content)["pagination"] == {"per_page": 1}
    if "list" in path:
        assert request.url.params["per_page"] == "1"
    assert probe.first_id == ("6ab" if family == "contacts" else None)


async def test_the_one_row_of_conversations_is_dropped_unread() -> None:
    """Nothing of it comes out of the adapter."""
    row = {"id": "42", "source": {"body": "what a customer said"}}
    wire = Wire(answering(body={"conversations": [row], "total_count": 1}))
    probe = await wire.intercom.probe(TOKEN, US, "conversations", known_id=None)
    assert "42" not in repr(probe)
    assert "said" not in repr(probe)


@pytest.mark.parametrize(
    ("answer", "outcome", "detail"),
    [
        (answering(401, errors("token_unauthorized")), "permission_missing", "401 token_unauthorized"),
        (answering(403, errors("api_plan_restricted")), "plan_restricted", "403 api_plan_restricted"),
        (answering(401, errors("token_revoked")), "token_rejected", "401 token_revoked"),
        (answering(403, HTML), "not_intercom", "403"),
        (answering(502, HTML), "unreachable", "502"),
        (answering(200, b""), "unreachable", "200"),
        (answering(200, {"type": "list"}), "not_intercom", "200"),
        (answering(200, {"data": "no list"}), "not_intercom", "200"),
        (answering(401, errors("x" * 500)), "token_rejected", f"401 {'x' * 76}"),
        (httpx.ConnectError("away"), "unreachable", ""),
    ],
)
async def test_a_probe_never_raises(answer: Any, outcome: str, detail: str) -> None:
    """Every answer is a sight, with a few words for the line."""
    probe = await Wire(answer).intercom.probe(TOKEN, US, "tags", known_id=None)
    assert (probe.sight.outcome, probe.sight.detail, probe.sight.count) == (outcome, detail, None)


@pytest.mark.parametrize("rows", [None, [], ["no object"], [{"id": 7}], [{"id": "../me"}], [{}]])
async def test_an_id_that_is_none_is_not_asked_for(rows: Any) -> None:
    """It would become part of an address."""
    wire = Wire(answering(body={"data": rows, "total_count": 1}))
    assert (await wire.intercom.probe(TOKEN, US, "contacts", known_id=None)).first_id is None
