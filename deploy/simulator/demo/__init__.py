"""The demo workspace: a fictional software vendor's customers and what they write (see README.md)."""

from deploy.simulator.demo.expected import (
    ExpectedSignal,
    ExpectedSilence,
    expected_of_happening,
    expected_signals,
    expected_silences,
    story_conversation_ids,
)
from deploy.simulator.demo.living import HAPPENINGS_BY_KIND, next_happening
from deploy.simulator.demo.workspace import build_demo_workspace

__all__ = [
    "HAPPENINGS_BY_KIND",
    "ExpectedSignal",
    "ExpectedSilence",
    "build_demo_workspace",
    "expected_of_happening",
    "expected_signals",
    "expected_silences",
    "next_happening",
    "story_conversation_ids",
]
