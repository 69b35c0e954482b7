"""Keeps other sites' pages from pressing this one's buttons, since the simulator has no sign-in."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

OWN_PATHS = ("/_control/", "/happen", "/pace", "/switches", "/tokens", "/sinks", "/oauth")


class SameSiteOnly:
    """Refuses changes that a browser sends from a page of another origin; programs send no `Origin`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"].startswith(OWN_PATHS):
            headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
            origin = headers.get(b"origin")
            if origin is not None and urlsplit(origin).netloc != headers.get(b"host", ""):
                refusal = PlainTextResponse("Changes are only taken from this site's own pages.", 403)
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)
