"""Titles of wishes, and when two are the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.text.sentences import split_clauses
from services.detector.domain.text.wishes import TITLE_LIMIT_WORDS, content_words, share_enough, wish_title


def titled(text: str) -> str:
    """The title of a message whose first clause wishes."""
    found = wish_title(split_clauses(text), text)
    return found.text if found else ""


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("It would be great if I could export conversations to CSV.", "export conversations to CSV"),
        ("Please add dark mode!", "dark mode"),
        ("Any plans to support Arabic tags soon?", "Arabic tags"),
        ("Do you plan to offer Gantt charts?", "Gantt charts"),
        ("An undo button would save my life.", "undo button"),
        ("Please add hotkeys, my mouse hand hurts.", "hotkeys"),
        ('Can we get a "send later" option in the composer?', '"send later" option in the composer'),
        ("We miss a week view because the month is too crowded.", "week view"),
        ("Please add Google sign-in.", "Google sign-in"),
        ("I wish it was there. The map should show traffic.", "map should show traffic"),
    ],
)
def test_the_title_is_the_thing_wished_for_as_it_was_written(text: str, title: str) -> None:
    """Formulas, fillers, reasons and afterthoughts go, the customer's words stay."""
    assert titled(text) == title


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Please add it.",
        "Could you put it on the wishlist?",
        "It lacks some features.",
        "Would be nice too.",
    ],
)
def test_what_names_no_thing_has_no_title(text: str) -> None:
    """A pronoun, a list, "some features": nobody could work on that."""
    assert titled(text) == ""


@given(st.text(max_size=400))
def test_a_title_is_a_short_piece_of_the_message(text: str) -> None:
    """Whatever is written, a title is a line of its words and never longer."""
    title = titled(text)
    assert len(title.split()) <= 4 * TITLE_LIMIT_WORDS
    assert "".join(title.split()) in "".join(text.split()).replace('"', "") or '"' in title


def test_titles_are_cut_to_a_line() -> None:
    """A list shows the beginning; the evidence has the rest."""
    assert len(titled("We wish there was " + "wordy " * 60).split()) <= TITLE_LIMIT_WORDS


def test_the_same_thing_in_other_words_is_one_wish() -> None:
    """Shared content words decide, plural or not."""
    assert share_enough(content_words("export tags to csv"), content_words("csv export of tag"))
    assert not share_enough(content_words("dark mode"), content_words("export tags to csv"))
    assert content_words("the exports") == {"export"}
