"""`python -m deploy.simulator`: the only place where its settings are read from the environment."""

from __future__ import annotations

import uvicorn

from deploy.simulator.app import create_app, create_simulation
from deploy.simulator.settings import SimulatorSettings
from shared.clock import SystemClock


def main() -> None:
    settings = SimulatorSettings()
    simulation = create_simulation(settings, SystemClock())
    uvicorn.run(
        create_app(simulation),
        host=settings.host,
        port=settings.port,
        log_level=settings.log_level.lower(),
        access_log=False,
        loop="uvloop",
    )


if __name__ == "__main__":
    main()
