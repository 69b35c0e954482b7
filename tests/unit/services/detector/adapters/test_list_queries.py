"""What lists look for is what somebody typed, whatever characters are in it."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from services.detector.adapters.list_queries import people_query


@given(st.text(min_size=1, max_size=150))
@example("\0")
@example("a\0b")
def test_words_are_looked_for_as_they_are(words: str) -> None:
    """No character has a meaning of its own, and none is sent that MongoDB refuses in a pattern."""
    pattern = people_query(words).get("name_folded", {"$regex": ""})["$regex"]
    assert "\0" not in pattern
    assert re.search(pattern, words.replace("\0", "").casefold())
