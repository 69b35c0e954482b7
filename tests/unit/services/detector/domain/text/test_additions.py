"""Where a writer goes on to another matter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.text.additions import goes_on


@pytest.mark.parametrize(
    "text",
    [
        "Also the list has no print view",
        "While you\u2019re at it, a dark screen",
        "then second q: unsubscribes",
        "Two small wishes from my team",
        "2. a field for the batch number",
        "My colleague says to add that it should tell a parent",
        "And if you ever have time: reading aloud",
        "Another thing would be folders",
    ],
)
def test_a_further_matter_is_announced(text: str) -> None:
    """By a word of addition, a number, or how many there are."""
    assert goes_on(text)


@pytest.mark.parametrize(
    "text",
    [
        "Every Sunday I type next week's shifts",
        "Matches across two clients' memories",
        "There is another way in the old program",
        "I print 140 of them and scan them back",
        "",
    ],
)
def test_the_same_matter_goes_on_without(text: str) -> None:
    """Numbers and neighbours occur in every wish."""
    assert not goes_on(text)


@given(st.text(max_size=500))
def test_a_word_of_addition_tells_whatever_follows(text: str) -> None:
    """Any text is answered, and what begins with one goes on."""
    assert isinstance(goes_on(text), bool)
    assert goes_on(f"Also, {text}")
