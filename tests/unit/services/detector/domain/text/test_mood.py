"""The numbers that a mood is read from."""

from __future__ import annotations

import pytest

from services.detector.domain.text.mood import FEATURE_NAMES, MoodReader
from services.detector.domain.text.sentences import split_clauses

READER = MoodReader.with_lexicon({"great": 3.0, "bad": -2.5})


def read(text: str) -> dict[str, float]:
    return dict(zip(FEATURE_NAMES, READER.features(text, split_clauses(text)), strict=True))


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("great", "not great"),
        ("really great", "great"),
        ("great", "somewhat great"),
        ("great", "would be great"),
        ("not bad", "bad"),
        ("bad but great", "great but bad"),
    ],
)
def test_words_around_change_what_a_word_says(better: str, worse: str) -> None:
    """Negation turns, intensity stretches, wishes empty, and what follows "but" counts more."""
    assert read(better)["balance"] > read(worse)["balance"]


@pytest.mark.parametrize(
    ("text", "feature"),
    [
        ("still waiting for an answer", "grievance"),
        ("works like a charm", "delight"),
        ("Great, another outage", "sarcasm"),
        ("I wish it was", "hypothetical"),
        ("thank you", "thanks"),
        ("fine 👍", "good_emoji"),
        ("fine :(", "bad_emoji"),
        ("really?", "asks"),
        ("no!!!", "exclaims"),
        ("WHY is this", "shouts"),
        ("table", "no_valence"),
    ],
)
def test_signs_of_mood_are_counted(text: str, feature: str) -> None:
    """Each sign is seen where it is, and not in plain words."""
    assert read(text)[feature] > 0
    if feature != "no_valence":
        assert read("a table")[feature] == 0


def test_every_number_is_bounded() -> None:
    """However long and loud a message is, no number runs away."""
    assert all(
        -1 <= value <= 2 for value in READER.features("GREAT bad! " * 400, split_clauses("GREAT bad! " * 400))
    )
