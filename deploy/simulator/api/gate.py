"""What every API call passes: token, region, version, limits, permission, faults.

The order is that of the real API as far as it shows: a bad token gets no rate-limit headers, everything after
it does (FACTS §4).
"""

from __future__ import annotations

import asyncio
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response

from deploy.simulator.api.call import LARGEST_BODY, Call
from deploy.simulator.connections import abort_connection
from deploy.simulator.responses import ApiError, JsonResponse, RawResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from deploy.simulator.contract.requests import OperationContract
    from deploy.simulator.limits import Allowance
    from deploy.simulator.simulation import Simulation
    from deploy.simulator.switches import Switches
    from deploy.simulator.tokens import Token

API_VERSION = "2.16"
OLDEST_MINOR, NEWEST_MINOR = 7, 16
P99_DEVIATIONS = 2.326
"""Standard deviations from the median to the 99th percentile of a normal distribution."""

HTML_502 = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    b"<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"
)
TOKEN_MESSAGES = {
    "unauthorized": "Access Token Invalid",
    "token_revoked": "Access token has been revoked",
    "token_suspended": "Access token is suspended",
    "token_not_found": "Access token was not found",
    "token_expired": "Access token has expired",
}

_VERSION = re.compile(r"2\.(\d{1,2})")


@dataclass(frozen=True)
class Endpoint:
    """One operation: its name in statistics, the permission it needs, and since which 2.x it exists."""

    name: str
    permission: str
    handler: Callable[[Call], JsonResponse | RawResponse]
    since_minor: int = 0
    contract: OperationContract | None = None


class BrokenConnection(Response):
    """Begins an answer and stops, so that the server closes the connection; or does not even begin one."""

    def __init__(self, *, before_headers: bool) -> None:
        super().__init__(status_code=200)
        self._before_headers = before_headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._before_headers and abort_connection(scope):
            # The server would answer 500 for us, were we to return before it has seen the end.
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        headers = [(b"content-type", b"application/json"), (b"content-length", b"100000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"type":', "more_body": True})


class Gate:
    """Answers API calls for a simulation."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def endpoint(self, endpoint: Endpoint) -> Callable[[Request], Any]:
        """The Starlette endpoint for an operation."""

        async def answer(request: Request) -> Response:
            return await self.answer(request, endpoint)

        return answer

    async def answer(self, request: Request, endpoint: Endpoint) -> Response:
        simulation = self._simulation
        now = simulation.now()
        number = simulation.count_call()
        statistics = simulation.statistics
        statistics.began(endpoint.name, now)
        response, code = Response(status_code=500), None
        try:
            response, code = await self._answer(request, endpoint, now, number)
        finally:
            statistics.ended(response.status_code, code)
        return response

    async def _answer(
        self, request: Request, endpoint: Endpoint, now: float, number: int
    ) -> tuple[Response, str | None]:
        switches = self._simulation.switches
        request_id = f"{int(now * 1000):012x}{number:012x}"
        headers = {"X-Request-Id": request_id}
        try:
            content = await _content(request)
            self._check_contract(request, endpoint, content, now)
            # A call counts when it arrives, however long its answer takes.
            token = self._known_token(request)
            allowance = None if token is None else self._count(token, now)
            await _delay(switches, self._simulation.rng.gauss(0, 1), number)
            token = self._token(request)
            allowance = allowance or self._count(token, now)
            headers |= allowance.headers()
            headers |= _version_headers(request, endpoint, switches)
            _refuse_over_limit(allowance, switches, number)
            _check_accept(request)
            self._check_permission(token, endpoint)
            broken = _broken(switches, number)
            if broken is not None:
                broken.headers.update(headers)
                return broken, "broken"
            call = self._call(request, token, content, now)
            answer = endpoint.handler(call)
            await _check_page(call, switches)
        except ApiError as error:
            body = orjson.dumps(error.body(request_id))
            return _json(body, error.status, headers | error.headers), error.code
        if isinstance(answer, RawResponse):
            raw = Response(answer.body, answer.status, headers, media_type=answer.content_type)
            return raw, "html"
        return _json(orjson.dumps(answer.body), answer.status, headers | answer.headers), None

    def _check_contract(self, request: Request, endpoint: Endpoint, content: bytes, now: float) -> None:
        """Note a request that the vendor's description does not allow. ApiError 400 where that is wanted."""
        wanted = self._simulation.switches.contract
        if wanted == "ignored" or endpoint.contract is None:
            return
        thing_id = request.path_params.get("id")
        found = endpoint.contract.faults(thing_id, request.query_params, request.headers, content)
        if not found:
            return
        self._simulation.statistics.broke_contract(endpoint.name, found, now)
        if wanted == "refused":
            raise ApiError(400, "parameter_invalid", f"Not allowed by the contract of 2.16: {found[0]}")

    def _known_token(self, request: Request) -> Token | None:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        return self._simulation.tokens.get(value.strip()) if scheme.lower() == "bearer" else None

    def _token(self, request: Request) -> Token:
        """The token of the call. ApiError 401 for none, an unknown one, or one that is not active."""
        token = self._known_token(request)
        if token is None:
            raise ApiError(401, "unauthorized", TOKEN_MESSAGES["unauthorized"])
        if token.state != "active":
            code = {
                "revoked": self._simulation.switches.revoked_code,
                "suspended": "token_suspended",
                "expired": "token_expired",
            }[token.state]
            raise ApiError(401, code, TOKEN_MESSAGES[code])
        return token

    def _count(self, token: Token, now: float) -> Allowance:
        switches = self._simulation.switches
        limits = {
            # A public app has its own count for all workspaces; private apps have one each.
            f"app:{token.app}": switches.app_limit,
            f"workspace:{token.workspace_id}": switches.workspace_limit,
        }
        return self._simulation.limiter.take(now, limits)

    def _check_permission(self, token: Token, endpoint: Endpoint) -> None:
        switches = self._simulation.switches
        if endpoint.permission in switches.plan_restricted:
            raise ApiError(403, "api_plan_restricted", "Active subscription needed.")
        if endpoint.permission not in token.missing:
            return
        if switches.missing_permission == "token_unauthorized":
            raise ApiError(401, "token_unauthorized", "Not authorized to access resource")
        message = f"Access to this resource needs the scope {endpoint.permission}"
        raise ApiError(403, switches.missing_permission, message)

    def _call(self, request: Request, token: Token, content: bytes, now: float) -> Call:
        tenant = self._simulation.tenant(token.workspace_id)
        self._simulation.wake_snoozed()
        tenant.settle(now)
        return Call(
            simulation=self._simulation,
            tenant=tenant,
            token=token,
            query=request.query_params,
            path=request.path_params,
            content=content,
            blind=self._blind(request.scope.get("region", "US"), tenant.workspace.region),
            now=now,
        )

    def _blind(self, asked: str, home: str) -> bool:
        """Whether the call came through a region that does not know the workspace (switch 17)."""
        switches = self._simulation.switches
        if asked == home or switches.wrong_region == "routed" or (asked == "US" and switches.us_host_routes):
            return False
        if switches.wrong_region == "unauthorized":
            raise ApiError(401, "unauthorized", TOKEN_MESSAGES["unauthorized"])
        return True


def _json(body: bytes, status: int, headers: dict[str, str]) -> Response:
    return Response(body, status, headers, media_type="application/json; charset=utf-8")


async def _content(request: Request) -> bytes:
    if request.method == "GET":
        return b""
    chunks = bytearray()
    async for chunk in request.stream():
        chunks += chunk
        if len(chunks) > LARGEST_BODY:
            raise ApiError(413, "bad_request", "The body is too large")
    return bytes(chunks)


async def _delay(switches: Switches, deviation: float, number: int) -> None:
    seconds = 0.0
    median, p99 = switches.latency_median_ms, switches.latency_p99_ms
    if median > 0:
        spread = math.log(p99 / median) / P99_DEVIATIONS if p99 > median else 0.0
        seconds = median / 1000 * math.exp(spread * deviation)
    if switches.stall_every and number % switches.stall_every == 0:
        seconds += switches.slow_seconds
    if seconds > 0:
        await asyncio.sleep(seconds)


def _version_headers(request: Request, endpoint: Endpoint, switches: Switches) -> dict[str, str]:
    """The version echo. ApiError 400 for a version that does not exist, or is too old for the endpoint."""
    asked = request.headers.get("intercom-version", API_VERSION)
    match = _VERSION.fullmatch(asked)
    minor = int(match.group(1)) if match else -1
    if not OLDEST_MINOR <= minor <= NEWEST_MINOR:
        raise ApiError(400, "intercom_version_invalid", "The requested version could not be found")
    if minor < endpoint.since_minor:
        message = "Requested resource is not available in current API version."
        raise ApiError(400, "intercom_version_invalid", message)
    return {"Intercom-Version": asked} if switches.version_echo else {}


def _refuse_over_limit(allowance: Allowance, switches: Switches, number: int) -> None:
    if not allowance.allowed:
        message = f"Exceeded rate limit of {allowance.limit} in 10_seconds"
        raise ApiError(429, "rate_limit_exceeded", message)
    if switches.too_many_requests_every and number % switches.too_many_requests_every == 0:
        raise ApiError(429, "too_many_requests", "Too many requests for this resource")


def _check_accept(request: Request) -> None:
    accept = request.headers.get("accept", "*/*")
    if "json" not in accept and "*/*" not in accept and "application/*" not in accept:
        raise ApiError(406, "not_acceptable", "Only application/json is served")


def _broken(switches: Switches, number: int) -> Response | None:
    """An answer that is none (switch 13)."""
    if switches.reset_every and number % switches.reset_every == 0:
        return BrokenConnection(before_headers=switches.reset_before == "headers")
    if switches.html_502_every and number % switches.html_502_every == 0:
        return Response(HTML_502, 502, media_type="text/html")
    if switches.empty_200_every and number % switches.empty_200_every == 0:
        return Response(b"", 200, media_type="application/json")
    return None


async def _check_page(call: Call, switches: Switches) -> None:
    """A page that is too big, or meets a bad stretch of data, is slow or does not come at all (switch 14)."""
    too_big = switches.slow_above_page_size and call.page_size > switches.slow_above_page_size
    if not too_big and not (call.in_bad_stretch and call.page_size > 1):
        return
    if switches.slow_answer == "slow":
        await asyncio.sleep(switches.slow_seconds)
        return
    if switches.slow_answer == "502":
        raise ApiError(502, "server_error", "Bad gateway")
    raise ApiError(504, "request_timeout", "The request took too long")
