"""What a conversation is called in a list."""

from __future__ import annotations

import pytest

from services.detector.domain.titles import first_words, title_of
from tests.unit.services.detector.rig import NOW, memory_rig

RIG = memory_rig()


def test_a_title_comes_before_first_words_and_these_before_the_day() -> None:
    """Long words are cut at one of them; words of spaces are none."""
    untitled = RIG.conversation("k1", at=NOW, title=None)
    assert title_of(RIG.conversation("k1", at=NOW, title="Renewal"), "Hello") == "Renewal"
    assert title_of(untitled, "Hello,\nwe would like to") == "Hello, we would like to"
    assert title_of(untitled, "word " * 40).endswith("word…")
    assert len(title_of(untitled, "word " * 40)) <= 70
    for nothing in (None, "", "  \n"):
        assert title_of(untitled, nothing).startswith("Conversation of ")


@pytest.mark.parametrize("opening", ["請問發票在哪裡" * 20, f"https://app.example/{'a' * 100} is down"])
def test_a_first_word_that_is_longer_than_all_is_cut(opening: str) -> None:
    """An address, or a sentence of a language without spaces, is no reason to show nothing of it."""
    title = title_of(RIG.conversation("k1", at=NOW, title=None), opening)
    assert title == f"{opening[:69]}…"


def test_first_words_beside_a_title_are_longer() -> None:
    """They are cut between words too, and nothing said is nothing shown."""
    assert first_words("Hello,\n we would  like to") == "Hello, we would like to"
    assert 70 < len(first_words("word " * 80)) <= 160
    assert first_words("word " * 80).endswith("word…")
    assert first_words("") == ""
