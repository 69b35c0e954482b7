"""The table of detectors: whose signals each row counts."""

from __future__ import annotations

from services.detector.detectors import discover
from services.detector.domain.mood_assessment import MOOD_DETECTOR, MOOD_VERSION
from services.detector.pages.detection import signals_of


def test_a_mood_counts_the_signals_of_its_turns() -> None:
    """Moods open no signals themselves: counted by the detector's own name there would be none, for ever."""
    detectors = discover()
    borne = {one.name: signals_of(one) for one in (*detectors.conversation, *detectors.account)}
    assert borne.pop("sentiment") == f"{MOOD_DETECTOR} {MOOD_VERSION}"
    assert all(said.startswith(f"{name} ") for name, said in borne.items())
