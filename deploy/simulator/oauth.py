"""Installing an app: the authorization screen, the code that becomes a token, uninstalling (FACTS §2)."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import orjson
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from deploy.simulator.api.call import LARGEST_BODY
from deploy.simulator.responses import ApiError
from deploy.simulator.tokens import PERMISSIONS, Token, make_token

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from deploy.simulator.pages.rendering import Renderer
    from deploy.simulator.simulation import Simulation

CODE_SECONDS = 300
"""How long a code lives (FACTS §2)."""

MOST_CODES = 1_000
LONGEST_STATE = 4_000


@dataclass(frozen=True, slots=True)
class App:
    """The one OAuth app that is registered in this Developer Hub."""

    client_id: str
    client_secret: str
    redirect_uri: str
    name: str = "Earshot"


@dataclass(frozen=True, slots=True)
class _Grant:
    workspace_id: str
    expires_at: float


class OAuth:
    """Codes and what they are exchanged for. `uninstalled` is told the workspace that took access away."""

    def __init__(
        self, simulation: Simulation, app: App, renderer: Renderer, uninstalled: Callable[[str], None]
    ) -> None:
        self._simulation = simulation
        self._app = app
        self._renderer = renderer
        self._uninstalled = uninstalled
        self._grants: dict[str, _Grant] = {}

    def routes(self) -> list[Route]:
        return [
            Route("/oauth", self.screen, methods=["GET"]),
            Route("/oauth", self.decide, methods=["POST"]),
            Route("/auth/eagle/token", self.exchange, methods=["POST"]),
            Route("/auth/uninstall", self.uninstall, methods=["POST"]),
        ]

    async def screen(self, request: Request) -> Response:
        query = request.query_params
        problem = self._problem(query.get("client_id"), query.get("redirect_uri"), query.get("state", ""))
        if problem is not None:
            return self._renderer.page("refused.html", status=400, problem=problem)
        return self._renderer.page(
            "oauth.html",
            app=self._app,
            permissions=PERMISSIONS,
            workspaces=[tenant.workspace for tenant in self._simulation.tenants.values()],
            state=query.get("state", ""),
            redirect_uri=query.get("redirect_uri", ""),
        )

    async def decide(self, request: Request) -> Response:
        form = await _fields(request)
        state = str(form.get("state", ""))
        redirect_uri = str(form.get("redirect_uri", "")) or self._app.redirect_uri
        problem = self._problem(form.get("client_id"), redirect_uri, state)
        workspace_id = form.get("workspace")
        if problem is None and workspace_id not in self._simulation.tenants:
            problem = "That workspace does not exist."
        if problem is not None:
            return self._renderer.page("refused.html", status=400, problem=problem)
        answer = {"state": state} if state else {}
        if form.get("decision") != "authorize":
            return _back(redirect_uri, {"error": "access_denied", **answer})
        return _back(redirect_uri, {"code": self._new_code(str(workspace_id)), **answer})

    def _problem(self, client_id: object, redirect_uri: object, state: str) -> str | None:
        if client_id != self._app.client_id:
            return "No app with this client_id is registered here."
        if len(state) > LONGEST_STATE:
            return "The state is too long."
        asked, known = urlsplit(str(redirect_uri or "")), urlsplit(self._app.redirect_uri)
        if redirect_uri and (asked.scheme, asked.netloc) != (known.scheme, known.netloc):
            return "This redirect_uri is not registered for the app."
        return None

    def _new_code(self, workspace_id: str) -> str:
        now = self._simulation.now()
        self._grants = {code: grant for code, grant in self._grants.items() if grant.expires_at > now}
        if len(self._grants) >= MOST_CODES:
            self._grants.clear()
        # The trailing = belongs to the code, and clients that lose it are refused (FACTS §2).
        code = base64.b64encode(secrets.token_bytes(20)).decode().replace("+", "A").replace("/", "B")
        self._grants[code] = _Grant(workspace_id, now + CODE_SECONDS)
        return code

    async def exchange(self, request: Request) -> Response:
        """A form body and a JSON body both work; the answer names the token twice (FACTS §2)."""
        try:
            fields = await _fields(request)
            token = self._exchange(fields)
        except ApiError as error:
            return _json(error.body("oauth"), error.status)
        return _json({"token_type": "Bearer", "token": token.value, "access_token": token.value}, 200)

    def _exchange(self, fields: dict[str, Any]) -> Token:
        known = secrets.compare_digest(
            str(fields.get("client_secret", "")).encode(), self._app.client_secret.encode()
        )
        if fields.get("client_id") != self._app.client_id or not known:
            raise ApiError(401, "unauthorized", "Invalid client credentials")
        grant = self._grants.pop(str(fields.get("code", "")), None)
        if grant is None or grant.expires_at <= self._simulation.now():
            raise ApiError(401, "unauthorized", "Unauthorized Code")
        number = len(self._simulation.tokens.all()) + 1
        value = make_token(grant.workspace_id, number, secrets.token_hex(12))
        app = f"oauth-{self._app.client_id}"
        return self._simulation.put_token(Token(value, grant.workspace_id, app, made_by="authorization"))

    async def uninstall(self, request: Request) -> Response:
        """Takes the access away that the calling token gives."""
        value = request.headers.get("authorization", "").partition(" ")[2].strip()
        token = self._simulation.tokens.get(value)
        if token is None or token.state != "active":
            error = ApiError(401, "unauthorized", "Access Token Invalid")
            return _json(error.body("uninstall"), error.status)
        self._simulation.put_token(Token(value, token.workspace_id, token.app, "revoked", token.missing))
        self._uninstalled(token.workspace_id)
        return _json({}, 200)


async def _fields(request: Request) -> dict[str, Any]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise ApiError(413, "bad_request", "The body is too large")
    if "json" in request.headers.get("content-type", ""):
        try:
            fields = orjson.loads(bytes(body))
        except orjson.JSONDecodeError as error:
            raise ApiError(400, "bad_request", "The body is not valid JSON") from error
        if not isinstance(fields, dict):
            raise ApiError(400, "bad_request", "The body must be an object")
        return fields
    try:
        return {key: values[0] for key, values in parse_qs(bytes(body).decode("utf-8", "replace")).items()}
    except ValueError as error:
        raise ApiError(400, "bad_request", "The body is not a form") from error


def _back(redirect_uri: str, query: dict[str, str]) -> Response:
    mark = "&" if "?" in redirect_uri else "?"
    return RedirectResponse(f"{redirect_uri}{mark}{urlencode(query)}", status_code=303)


def _json(body: dict[str, Any], status: int) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json; charset=utf-8")
