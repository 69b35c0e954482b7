"""The text model's runtime reports to nobody."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
A_TEXT_IS_READ = """
from services.detector.adapters.onnx_text_model import OnnxTextModel
OnnxTextModel().read(["We will cancel at the end of the month."])
"""


def test_no_identifier_of_the_machine_is_kept(tmp_path: Path) -> None:
    """Reading a text leaves nothing at home, where a runtime that reports keeps identifier and queue."""
    # No other variable is passed on: in CI, say, the runtime is silent by itself.
    command = [sys.executable, "-c", A_TEXT_IS_READ]
    subprocess.run(command, cwd=ROOT, env={"HOME": str(tmp_path)}, check=True)  # noqa: S603 - our own command
    assert list(tmp_path.rglob("*")) == []
