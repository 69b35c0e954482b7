"""Keeps other sites' pages away from this one's, since the simulator has no sign-in.

Two ways in are closed. A page of another origin cannot press buttons here. And a name that somebody else
controls and points at this machine (DNS rebinding) opens neither pages nor control API: those answer to this
machine's own names only. The API itself and the receivers answer to any name, as other programs call them.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse

from deploy.simulator.regions import HOSTS

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

OWN_PATHS = (
    "/_control/",
    "/happen",
    "/pace",
    "/switches",
    "/tokens",
    "/sinks",
    "/oauth",
    "/webhooks",
    "/reset",
)
PAGES = ("/inbox", "/a/", "/static/", "/customers.csv")


class SameSiteOnly:
    """Refuses changes that a browser sends from a page of another origin; programs send no `Origin`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"].startswith(OWN_PATHS):
            origin = _header(scope, b"origin")
            if origin is not None and urlsplit(origin).netloc != (_header(scope, b"host") or ""):
                refusal = PlainTextResponse("Changes are only taken from this site's own pages.", 403)
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


class OwnNamesOnly:
    """Answers 421 to pages and control calls under a name that is not this machine's."""

    def __init__(self, app: ASGIApp, also: tuple[str, ...]) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in also) | HOSTS.keys()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (
            scope["path"] == "/" or scope["path"].startswith((*OWN_PATHS, *PAGES))
        ):
            name = host_name(_header(scope, b"host") or "")
            if name not in self._names and not is_own_name(name):
                refusal = PlainTextResponse(
                    "This address answers under this machine's own names only (127.0.0.1, localhost). "
                    "To allow another, list it in EARSHOT_SIMULATOR_ALLOWED_HOSTS.",
                    421,
                )
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


def host_name(host: str) -> str:
    """The name in a `Host` header, lower case, without port, brackets or a last dot; "" for nonsense."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def is_own_name(name: str) -> bool:
    """Whether a name can only mean this machine."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _header(scope: Scope, wanted: bytes) -> str | None:
    for name, value in scope["headers"]:
        if name == wanted:
            text: str = value.decode("latin-1")
            return text
    return None
