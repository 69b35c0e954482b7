"""What lists look for is what somebody typed, whatever characters are in it."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from services.detector.adapters.list_queries import company_query, customer_query, people_query


@given(st.text(min_size=1, max_size=150))
@example("\0")
@example("a\0b")
def test_words_are_looked_for_as_they_are(words: str) -> None:
    """No character has a meaning of its own, and none is sent that MongoDB refuses in a pattern."""
    pattern = people_query(words).get("name_folded", {"$regex": ""})["$regex"]
    assert "\0" not in pattern
    assert re.search(pattern, words.replace("\0", "").casefold())


@given(st.text(min_size=1, max_size=150))
@example("\0")
@example("a.c(")
def test_names_and_ids_are_looked_for_as_they_are(words: str) -> None:
    """A company or customer is found by a part of its name in any case, or by its whole id."""
    plain = words.replace("\0", "").strip()
    for query in (company_query(words, "none"), customer_query(words, None, known=None)):
        by_name, by_id = query.get("$or", [{"name": {"$regex": ""}}, {"external_id": plain}])
        (pattern,) = by_name.values()
        flags = re.IGNORECASE if pattern.get("$options") == "i" else re.NOFLAG
        assert re.search(pattern["$regex"], plain if flags else plain.casefold(), flags)
        assert by_id == {"external_id": plain}
