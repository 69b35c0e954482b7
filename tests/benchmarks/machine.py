"""What a figure was measured on, and how a bench without a table of its own tells its figures."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

import psutil
from rich.console import Console

_NAME_WIDTH = 48


def load_now() -> float:
    """Return the machine's load over the last minute."""
    return os.getloadavg()[0]


def machine(load_before: float) -> dict[str, Any]:
    """Return the cores, the load before and after, and the time: no figure means much without them."""
    return {
        "cores": psutil.cpu_count(),
        "load_before": round(load_before, 1),
        "load_after": round(load_now(), 1),
        "at": time.strftime("%Y-%m-%d %H:%M"),
    }


def tell(told: dict[str, Any], *, as_json: bool) -> None:
    """Print the figures, a line each, or as one JSON object for programs."""
    if as_json:
        sys.stdout.write(json.dumps(told) + "\n")
        return
    show = Console(highlight=False)
    for what, value in told.items():
        show.print(f"{what.replace('_', ' '):{_NAME_WIDTH}} {value}")
