"""Clauses: where they begin and end, and their normal form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.text.sentences import CLAUSE_LIMIT_CHARACTERS, split_clauses


def pieces(text: str) -> list[str]:
    return [text[clause.start : clause.end] for clause in split_clauses(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("We love it, but we are leaving", ["We love it", "but we are leaving"]),
        ("See e.g. the docs, vs. the app. Fine", ["See e.g. the docs, vs. the app.", "Fine"]),
        ("Version 2.3 works", ["Version 2.3 works"]),
        ("first\n\nsecond; third - fourth", ["first", "second", "third", "fourth"]),
        ("...", []),
        ("but no", ["but no"]),
        ("It broke.Then I left", ["It broke.", "Then I left"]),
        ("ends with mr.", ["ends with mr."]),
        ("nice,but slow", ["nice,but slow"]),
        ("fast  However slow", ["fast", "However slow"]),
        ("a list: \u2022 one \u2022 two", ["a list:", "one", "two"]),
        ("remove old.nordin.se, please", ["remove old.nordin.se, please"]),
        ("好。 good", ["好。", "good"]),
    ],
)
def test_text_is_cut_where_people_pause(text: str, expected: list[str]) -> None:
    """Full stops, lines, semicolons and turns cut; abbreviations, numbers and addresses do not."""
    assert pieces(text) == expected


def test_the_normal_form_opens_contractions_and_mends_slips() -> None:
    """Rules see one spelling: cant, can't and cannot are the same."""
    (clause,) = split_clauses("I\u2019d say we cant renew our subscripton, it's Tom's")
    assert clause.normal == " i would say we can not renew our subscription it is tom "
    assert "subscription" in clause.words


def test_a_question_is_known() -> None:
    """The question mark belongs to its own clause."""
    assert [clause.asks for clause in split_clauses("Is it? It is.")] == [True, False]


@pytest.mark.parametrize("run", ["\u3000", " ", "\n", "!", "\u3000•", "\u3000but", " -"])
def test_a_run_of_the_same_is_no_weapon(run: str) -> None:
    """Forty thousand blanks or marks in a row are split at once; looked at anew from each, in minutes."""
    text = f"We {run * (40_000 // len(run))} leave"
    clauses = split_clauses(text)
    assert clauses[0].start == 0
    assert clauses[-1].end == len(text)


def test_endless_sentences_are_cut() -> None:
    """Evidence stays short even when nobody ever sets a full stop."""
    lengths = [clause.end - clause.start for clause in split_clauses("word " * 500 + "x" * 900)]
    assert max(lengths) <= CLAUSE_LIMIT_CHARACTERS


@given(st.text(max_size=300))
def test_clauses_lie_in_order_inside_the_text(text: str) -> None:
    """For any Unicode, clauses are trimmed, ordered, disjoint, and hold words."""
    last = 0
    for clause in split_clauses(text):
        assert last <= clause.start < clause.end <= len(text)
        assert text[clause.start : clause.end] == text[clause.start : clause.end].strip()
        assert clause.words
        last = clause.end
