"""`python -m deploy.simulator`: the only place where its settings are read from the environment."""

from __future__ import annotations

import sys

from deploy.simulator.errors import SimulatorError
from deploy.simulator.serving import serve
from deploy.simulator.settings import SimulatorSettings
from shared.config import read_settings
from shared.errors import ConfigurationError


def main() -> int:
    """Serve until told to stop; 2 when settings, data folder or ports cannot be used."""
    try:
        serve(read_settings(SimulatorSettings))
    except (ConfigurationError, SimulatorError) as error:
        sys.stderr.write(f"The demo workspace cannot start: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
