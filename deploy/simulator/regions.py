"""Through which regional host a call came: by the host's name or, on one machine, by a path prefix."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

PREFIXES = {"/us/": "US", "/eu/": "EU", "/au/": "AU"}
HOSTS = {"api.eu.intercom.io": "EU", "api.au.intercom.io": "AU", "api.intercom.io": "US"}


class Regions:
    """Puts `region` into the scope and takes the prefix off the path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path: str = scope["path"]
            region = PREFIXES.get(path[:4].lower())
            if region is not None:
                scope["path"] = path[3:]
                scope["raw_path"] = scope["path"].encode()
            else:
                region = self._by_host(scope)
            scope["region"] = region
        await self._app(scope, receive, send)

    def _by_host(self, scope: Scope) -> str:
        for name, value in scope["headers"]:
            if name == b"host":
                return HOSTS.get(value.decode("latin-1").partition(":")[0].lower(), "US")
        return "US"
