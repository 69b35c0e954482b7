"""Runs the detector: environment, settings, logs, serve."""

from __future__ import annotations

import sys

from services.detector.app import create_app
from services.detector.settings import Settings
from shared.config import read_settings
from shared.http.server import Server, exit_code
from shared.observability.logs import configure_logging


def main() -> int:
    """Serve until told to stop. Returns 0, 1 when consuming had to stop, 2 when settings cannot be used."""
    return exit_code("detector", _serve)


def _serve() -> int:
    settings = read_settings(Settings)
    configure_logging(level=settings.log_level, log_format=settings.log_format, service="detector")
    server = Server(settings)
    return server.run(create_app(settings, on_stop=server.stop))


if __name__ == "__main__":
    sys.exit(main())
