"""How the detection page says what a detector looks for."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from services.detector.detectors import discover
from services.detector.pages.detector_words import looks_for


@pytest.mark.parametrize(
    ("detector", "parameters", "sentence"),
    [
        (
            "silence",
            {"quiet_days": 30, "active_conversations": 1},
            "30 days without a sign of life, after 1 conversation or more",
        ),
        (
            "unanswered",
            {"waiting_days": 1, "least": 2},
            "2 open questions or more without an answer for 1 day",
        ),
        (
            "seats_full",
            {"share": 0.95, "least_seats": 5},
            "95% of the seats in use, in contracts of at least 5 seats",
        ),
        ("renewal", {"threshold": 0.7}, "what customers write"),
    ],
)
def test_a_detector_says_its_numbers_with_their_nouns(
    detector: str, parameters: dict[str, Any], sentence: str
) -> None:
    """Every number has its noun, in the right number."""
    assert looks_for(detector, parameters) == sentence


def test_every_detector_of_accounts_has_a_sentence() -> None:
    """What rests on facts reads no conversation, and says what it does read, with all of its numbers."""
    for one in discover().account:
        told = asdict(one.parameters)
        said = looks_for(one.name, told)
        assert said != looks_for("renewal", told), one.name
        for name, value in told.items():
            shown = f"{value:.0%}" if name == "share" else str(value)
            assert name == "threshold" or shown in said, (one.name, name)
