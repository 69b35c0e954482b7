"""What a conversation is called in a list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.titles import first_words, passage_of, title_of
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


@pytest.mark.parametrize(
    ("text", "words", "shown"),
    [
        ("We need SSO.", "sso", ("We need ", "SSO", ".")),
        ("sso?", "SSO", ("", "sso", "?")),
        ("No\n  SSO\tyet", "sso", ("No ", "SSO", " yet")),
        ("a.b", ".", ("a", ".", "b")),
        (f"{'word ' * 30}SSO{' more' * 60}", "sso", ("…" + "word " * 12, "SSO", " more" * 32 + "…")),
        ("請" * 100 + "SSO" + "問" * 200, "sso", ("…" + "請" * 60, "SSO", "問" * 160 + "…")),
    ],
)
def test_a_passage_is_where_the_words_stand(text: str, words: str, shown: tuple[str, str, str]) -> None:
    """As they were written, with some of what is around, cut between words."""
    assert passage_of(text, words) == shown


def test_what_is_not_there_has_no_passage() -> None:
    """Nor has nothing that was looked for."""
    assert passage_of("We need SSO.", "SAML") is None
    assert passage_of("We need SSO.", "") is None


@given(st.text(), st.text(min_size=1), st.text())
def test_any_words_are_found_where_they_stand(before: str, words: str, after: str) -> None:
    """Whatever their characters: a passage exists, and is bounded by what it is made of."""
    passage = passage_of(before + words + after, words)
    assert passage is not None
    assert len(passage.before) <= 62
    assert len(passage.after) <= 163
