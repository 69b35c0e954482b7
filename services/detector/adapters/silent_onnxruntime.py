"""ONNX Runtime, told to report nothing; the only module that loads it.

From 1.29 on its published builds tell their makers what they run and on which machine, for which they keep an
identifier under the home folder. `disable_telemetry_events` comes too late: by then the process is announced.
"""

from __future__ import annotations

import os

# The library looks once, while it is loaded. Said to its C code, not asked of the environment: no setting.
os.putenv("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime

__all__ = ["onnxruntime"]
