"""What its author wrote is kept, what somebody else wrote is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.text.quoting import (
    READ_LIMIT_CHARACTERS,
    authored_spans,
    signed_from,
)


def own(text: str) -> str:
    return "|".join(text[start:end].strip() for start, end in authored_spans(text))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Just a line", "Just a line"),
        ("", ""),
        (
            "Yes.\n> Shall we cancel?\nThanks a lot for asking, we like it!",
            "Yes.|Thanks a lot for asking, we like it!",
        ),
        ("Agreed.\n\nOn Mon, 2 Mar 2026 at 10:11, Lia <lia@v.example> wrote:\n> old", "Agreed."),
        ("Agreed.\nLia Ray <lia@v.example> wrote:\nold words", "Agreed."),
        ("On 2 Mar 2026, Lia <lia@v.example> wrote:\n> old\n> words\n\nAgreed.\n\n-- \nKim", "Agreed."),
        (
            "On 2 Mar 2026, Lia <lia@v.example> wrote:\n\n> one\n\nAgreed.\n> two\nwrapped\n\nNot this.",
            "Agreed.|Not this.",
        ),
        ("On 2 Mar 2026, Lia <lia@v.example> wrote:\nold\n\nwords", ""),
        ("On 2 Mar 2026 at 10:00, Lia Long\n<lia@v.example> wrote:\n\n> old\n\nwords", "words"),
        ("On Monday we start.\nLia wrote: yes\n> old", "On Monday we start.|Lia wrote: yes"),
        ("Agreed.\nOn 2 Mar 2026, Lia <lia@v.example> wrote:\n> old\n\nwords", "Agreed."),
        ("See below\n-----Original Message-----\nFrom: a\nold", "See below"),
        ("See below\nFrom: Lia\nSent: Monday\nold words", "See below"),
        ("From: the start it was good", "From: the start it was good"),
        ("From: Lia\nSubject: re: scanner\n\nIt was the cable.", "It was the cable."),
        ("Fix it\n-- \nKim\nUpgrade your life", "Fix it"),
        ("Fix it\nSent from my iPhone", "Fix it"),
        ("Fix it\n\nKind regards,\nKim Lee\nCEO", "Fix it"),
        ("Fix it\n\nThanks,\nKim", "Fix it|Thanks,"),
        (
            "Hello\nBest,\nKim\nP.S. we also want to know whether the export works on weekends too?",
            "Hello|Best,|Kim|P.S. we also want to know whether the export works on weekends too?",
        ),
        ("Run this\n```\ncancel my plan\n```\nplease", "Run this|please"),
        ("Agent: do you want to cancel?\nno", "no"),
        ('He also says "cancel my account". May I?', 'He also says "|". May I?'),
        ('The button says "cancel my account" only', 'The button says "cancel my account" only'),
        ('You said "we will close your account today" and I wonder', 'You said "|" and I wonder'),
        ('The button "Save all" is grey', 'The button "Save all" is grey'),
        ('It says "no seats left" now', 'It says "no seats left" now'),
        ("Hi\nThis email is confidential and intended only for you", "Hi"),
    ],
)
def test_only_the_authors_words_are_kept(text: str, kept: str) -> None:
    """Quotes, headers, signatures, code and reported speech are left out; the rest stays."""
    assert own(text) == kept


def test_what_is_longer_than_a_person_types_is_not_read() -> None:
    """The limit cuts logs, not letters."""
    assert authored_spans("a" * (READ_LIMIT_CHARACTERS + 5))[-1].end == READ_LIMIT_CHARACTERS


@given(st.text(alphabet=st.sampled_from('ab >"\n-_:`wrote<@>On regards,'), max_size=300))
def test_spans_are_ordered_and_inside(text: str) -> None:
    """Whatever the text, spans follow each other inside of it."""
    last = 0
    for start, end in authored_spans(text):
        assert last <= start < end <= len(text)
        last = end


@pytest.mark.timeout(20)
def test_closings_are_not_each_compared_with_all_that_follows() -> None:
    """Messages of nothing but closings, ten of which would take a minute were each to look at all lines."""
    for closing in (
        "br",
        "kr",
        "best",
        "thx",
        "thanks",
        "cheers",
        "warmly",
        "regards",
        "thank you",
        "cordially",
    ):
        assert authored_spans(f"{closing}\n" * READ_LIMIT_CHARACTERS)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Add a map.\n\nIvo Sandvik, site lead\n", "Add a map.\n\n"),
        ("Add a map.\nivo sandvik", "Add a map.\n"),
        ("Ivo Sandvik, site lead", None),
        ("Add a map.\nIvo Sandvik tells me that you had it once in the old version.", None),
        ("Add a map.\nAnna", None),
    ],
)
def test_a_last_line_that_begins_with_the_writers_name_signs(text: str, kept: str | None) -> None:
    """A name with a role, and not a sentence about oneself, nor all that there is."""
    start = signed_from(text, "Ivo Sandvik")
    assert (None if start is None else text[:start]) == kept
    assert signed_from(text, "") is None
