"""The demo workspace: a fictional software vendor's customers and what they write. README.md tells the story."""

from deploy.simulator.demo.expected import (
    ExpectedSignal,
    ExpectedSilence,
    expected_signals,
    expected_silences,
    story_conversation_ids,
)
from deploy.simulator.demo.workspace import build_demo_workspace

__all__ = [
    "ExpectedSignal",
    "ExpectedSilence",
    "build_demo_workspace",
    "expected_signals",
    "expected_silences",
    "story_conversation_ids",
]
