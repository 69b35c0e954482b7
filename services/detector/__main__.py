"""Runs the detector: environment, settings, logs, serve."""

from __future__ import annotations

import sys

from services.detector.app import create_app
from services.detector.settings import Settings
from shared.http.server import Server
from shared.observability.logs import configure_logging


def main() -> int:
    settings = Settings()
    configure_logging(level=settings.log_level, log_format=settings.log_format, service="detector")
    server = Server(settings)
    return server.run(create_app(settings, on_stop=server.stop))


if __name__ == "__main__":
    sys.exit(main())
