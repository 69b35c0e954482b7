"""Runs a simulator until it is told to stop: the way in for `python -m deploy.simulator` and the CLI."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import uvicorn

from deploy.simulator.app import create_simulator
from shared.clock import SystemClock

if TYPE_CHECKING:
    from deploy.simulator.settings import SimulatorSettings

STOP_SECONDS = 3
"""How long open answers may take to finish after a stop."""


def serve(settings: SimulatorSettings) -> None:
    """Block until SIGTERM or SIGINT.

    Raises:
        JournalError: the data folder cannot be used.
    """
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
