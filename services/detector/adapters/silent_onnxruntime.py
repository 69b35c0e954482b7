"""ONNX Runtime with its telemetry off; the only module that loads it.

From 1.29 on, its published builds report to their makers what they run and on which machine, and store an
identifier under the home folder. `disable_telemetry_events` comes too late: by then the process has been
reported.
"""

from __future__ import annotations

import os

# The library looks once, while it is loaded. Said to its C code, not asked of the environment: no setting.
os.putenv("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime

__all__ = ["onnxruntime"]
