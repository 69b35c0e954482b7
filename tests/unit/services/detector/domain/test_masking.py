"""What leaves the building has no names and no way to reach anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.masking import MOST_CHARACTERS, excerpt, masked, private_spans

if TYPE_CHECKING:
    from collections.abc import Collection


def sent_of(text: str, names: Collection[str] = (), start: int = 0, end: int | None = None) -> str:
    return masked(text, private_spans(text, names), start, len(text) if end is None else end)


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("Write to dana.ruiz+x@north.example now", "Write to [email] now"),
        ("Call +49 171 234-5678 or (030) 1234567", "Call [number] or [number]"),
        ("Card 4111 1111 1111 1111, order 12345678", "Card [number], order [number]"),
        ("We end on 2026-03-02 with 40 seats for 900", "We end on 2026-03-02 with 40 seats for 900"),
        ("See https://a.example/p?token=abc#x please", "See https://a.example/p[removed] please"),
        ("See https://dana:pw@a.example/p please", "See https://[removed]/p please"),
        ("Ask @dana_r about it", "Ask [handle] about it"),
        ("The key is sk_live_a8d7f6g5h4j3", "The key is [code]"),
        ("Hi Marta, this is Bob Lee. It fails.", "Hi [name], this is [name]. It fails."),
        ("Thanks. We leave.\nBest regards,\nIngrid", "Thanks. We leave.\nBest regards,\n[name]"),
    ],
)
def test_what_names_or_reaches_a_person_is_masked(text: str, sent: str) -> None:
    """Addresses, numbers, links' details, handles, keys and greeted people are replaced; facts stay."""
    assert sent_of(text) == sent


def test_known_people_are_masked_wherever_they_are_named() -> None:
    """Whole names and their parts go in any case; a name that is also a word only where it is capitalised."""
    names = ["Dana Ruiz", "Will Smith"]
    assert sent_of("dana said RUIZ will; Will knows", names) == "[name] said [name] will; [name] knows"
    assert sent_of("Danaland is a place", names) == "Danaland is a place"


def test_a_cut_leaves_no_half_of_anything() -> None:
    """An address across the edge of an excerpt is masked as a whole."""
    text = "dana@north.example wrote"
    assert sent_of(text, start=3) == "[email] wrote"
    assert sent_of(text, end=8) == "[email]"


def test_a_long_message_is_sent_around_the_place_in_question() -> None:
    """Of 100,000 characters at most a page leaves, and it holds the words in question."""
    text = f"{'a b ' * 20_000}we will leave{' c d' * 5_000}"
    at = text.index("we will")
    sent = excerpt(text, (), [(at, at + 13)])
    assert "we will leave" in sent
    assert len(sent) <= MOST_CHARACTERS
    assert excerpt("short", (), [(0, 5)]) == "short"


@given(st.text(max_size=300), st.lists(st.text(max_size=20), max_size=3))
def test_any_text_can_be_masked(text: str, names: list[str]) -> None:
    """Spans are in order, apart and inside the text, whatever it holds."""
    spans = private_spans(text, names)
    edges = [edge for span in spans for edge in (span.start, span.end)]
    assert edges == sorted(edges)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
