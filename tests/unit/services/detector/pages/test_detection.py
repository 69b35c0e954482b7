"""How the detection page words what detectors were given."""

from __future__ import annotations

import pytest

from services.detector.pages.detection import parameter_in_words


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("within_days", 90, "within 90 days"),
        ("active_conversations", 3, "active 3 conversations"),
        ("least", 2, "least 2"),
        ("share", 0.29, "share 29\u202f%"),
    ],
)
def test_a_parameter_says_its_unit_behind_its_number(name: str, value: float, words: str) -> None:
    """The unit is the last word of a parameter's name; a share is told in per cent."""
    assert parameter_in_words(name, value) == words
