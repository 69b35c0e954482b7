"""Serves an application until SIGTERM or SIGINT, then finishes what is under way."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import uvicorn

from shared.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from shared.config import ServiceSettings

_KEEP_ALIVE_SECONDS = 75
"""Longer than a reverse proxy keeps idle connections, so that it never writes into a closed one."""


_UNUSABLE = 2
"""The exit code of a service whose settings cannot be used: starting it again would end the same way."""


def exit_code(service: str, serve: Callable[[], int]) -> int:
    """Return what `serve` returns; if the operator must act, say what is wrong and return 2."""
    try:
        return serve()
    except ConfigurationError as error:
        sys.stderr.write(f"The {service} cannot start. {error}\n")
        return _UNUSABLE


class Server:
    """A uvicorn server that its application can end, when consuming had to stop."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._server: uvicorn.Server | None = None
        self._failure: str | None = None

    def stop(self, why: str) -> None:
        """End the process with exit code 1, in order; a supervisor restarts it."""
        self._failure = why
        if self._server is not None:
            self._server.should_exit = True

    def run(self, app: FastAPI) -> int:
        """Serve until told to stop. Returns the process's exit code: 0, or 1 after `stop`."""
        settings = self._settings
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                host=settings.http_host,
                port=settings.http_port,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=int(settings.shutdown_grace_seconds),
            )
        )
        self._server.run()
        return 1 if self._failure is not None else 0
