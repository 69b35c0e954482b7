"""Where a sentence gets to its point."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.text.openers import without_opener


@pytest.mark.parametrize(
    ("text", "matter"),
    [
        ("Another one, if I may: the list has gaps", "the list has gaps"),
        ("Oh, and something else: Hamid is locked out", "Hamid is locked out"),
        ("Hi team, quick question: can a planner do that", "can a planner do that"),
        ("While you're here: where is the help page", "where is the help page"),
        ("Dear Ms Albrecht, our agreement ends in May", "our agreement ends in May"),
    ],
)
def test_greetings_and_openers_are_left_out(text: str, matter: str) -> None:
    """They say nothing by themselves, and a model takes "another one" for more of the product."""
    assert without_opener(text) == matter


@pytest.mark.parametrize(
    "text",
    [
        "Another one please, for the Berlin office",
        "One more seat, please",
        "Two more licences for the new team",
        "Hi there",
        "",
    ],
)
def test_the_matter_itself_stays(text: str) -> None:
    """An order in an opener's words is no opener, and something must be left to read."""
    assert without_opener(text) == text


@given(st.text(max_size=200))
def test_what_is_left_is_the_end_of_the_text(text: str) -> None:
    """Nothing is made up and nothing behind the point is lost."""
    assert text.endswith(without_opener(text))
