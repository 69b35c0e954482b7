"""Titles of wishes, and when two are the same."""

from __future__ import annotations

import pytest

from services.detector.domain.text.wishes import TITLE_LIMIT_WORDS, content_words, same_wish, wish_title


@pytest.mark.parametrize(
    ("clause", "title"),
    [
        (" it would be great if i could export conversations to csv ", "export conversations to csv"),
        (" please add dark mode ", "dark mode"),
        (" any plans to support arabic tags soon ", "arabic tags"),
        (" export please ", "export"),
        (" the ", "the"),
    ],
)
def test_the_title_is_the_thing_wished_for(clause: str, title: str) -> None:
    """Formulas and fillers go, the customer's words stay."""
    assert wish_title(clause) == title


def test_titles_are_short() -> None:
    """A list shows the beginning; the evidence has the rest."""
    assert len(wish_title(" we wish " + "word " * 60).split()) <= TITLE_LIMIT_WORDS


def test_the_same_thing_in_other_words_is_one_wish() -> None:
    """Shared content words decide, plural or not."""
    assert same_wish("export tags to csv", "csv export of tag")
    assert not same_wish("dark mode", "export tags to csv")
    assert same_wish("the", "the")
    assert content_words("the exports") == {"export"}
