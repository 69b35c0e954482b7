"""The detector's use cases, wired together over whatever adapters they are given."""

from __future__ import annotations

from services.detector.engine.stores import Stores
from services.detector.engine.wiring import Engine

__all__ = ["Engine", "Stores"]
