"""`python -m deploy.simulator`: the only place where its settings are read from the environment."""

from __future__ import annotations

import logging
import sys

import uvicorn
from pydantic import ValidationError

from deploy.simulator.app import create_simulator
from deploy.simulator.errors import JournalError
from deploy.simulator.settings import SimulatorSettings
from shared.clock import SystemClock


def main() -> int:
    """Serve until told to stop; 2 when the settings or the data folder cannot be used."""
    try:
        settings = SimulatorSettings()
        logging.basicConfig(level=settings.log_level, format="%(levelname)s %(name)s %(message)s")
        simulator = create_simulator(settings, SystemClock())
    except (ValidationError, JournalError) as error:
        sys.stderr.write(f"The demo workspace cannot start: {error}\n")
        return 2
    uvicorn.run(
        simulator.app,
        host=settings.host,
        port=settings.port,
        log_level=settings.log_level.lower(),
        access_log=False,
        loop="auto",
        timeout_graceful_shutdown=3,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
