"""Runs a simulator until it is told to stop: the way in for `python -m deploy.simulator` and the CLI."""

from __future__ import annotations

import logging
import socket
from typing import TYPE_CHECKING

import uvicorn

from deploy.simulator.app import create_simulator
from deploy.simulator.errors import PortTakenError
from shared.clock import SystemClock

if TYPE_CHECKING:
    from deploy.simulator.settings import SimulatorSettings

STOP_SECONDS = 3
"""How long open answers may take to finish after a stop."""


def serve(settings: SimulatorSettings) -> None:
    """Block until SIGTERM or SIGINT.

    Raises:
        JournalError: the data folder cannot be used.
        PortTakenError: another program listens there; the message names the setting that moves the port.
    """
    _require_free(settings.host, settings.port, "EARSHOT_SIMULATOR_PORT")
    _require_free(settings.host, settings.smtp_port, "EARSHOT_SIMULATOR_SMTP_PORT")
    logging.basicConfig(level=settings.log_level, format="%(levelname)s %(name)s %(message)s")
    simulator = create_simulator(settings, SystemClock())
    uvicorn.run(
        simulator.app,
        host=settings.host,
        port=settings.port,
        log_level=settings.log_level.lower(),
        access_log=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


def _require_free(host: str, port: int, setting: str) -> None:
    with socket.socket() as probe:
        # As the servers do, so that a port in its last minute of closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTakenError(
                f"Cannot listen on {host}:{port} ({error}). Set {setting} to move it."
            ) from error
