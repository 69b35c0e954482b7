"""Lets an answer break its connection off before anything was said, which ASGI has no word for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

KEY = "deploy.simulator.transport"


class Connections:
    """Remembers the transport under each call. Goes outermost, where `send` is still the server's own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            # Both of uvicorn's protocols send by a bound method of a cycle that holds the transport.
            scope[KEY] = getattr(getattr(send, "__self__", None), "transport", None)
        await self._app(scope, receive, send)


def abort_connection(scope: Scope) -> bool:
    """Close the socket without a word; false where there is none (a call inside one process)."""
    transport = scope.get(KEY)
    if transport is None:
        return False
    transport.abort()
    return True
