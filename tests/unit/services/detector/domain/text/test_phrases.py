"""The phrase language: what matches, what does not, what is refused."""

from __future__ import annotations

import pytest

from services.detector.domain.errors import InvalidPhraseError
from services.detector.domain.text.phrases import compile_phrase, phrase_lines


@pytest.mark.parametrize(
    ("phrase", "normal", "found"),
    [
        ("cancel|close our? account", "please close account", True),
        ("cancel|close our? account", "please close our account", True),
        ("cancel|close our? account", "please close their account", False),
        ("cancel ..2 plan", "cancel the big plan", True),
        ("cancel ..2 plan", "cancel the very big plan", False),
        ("upgrad* plan", "upgrading plan", True),
        ("sign_up now", "sign up now", True),
        ("need # seats", "need 15 seats", True),
        ("need # seats", "need some seats", False),
        ("^ cancel", "cancel it", True),
        ("^ cancel", "do cancel it", False),
        ("cancel $", "we cancel", True),
        ("cancel $", "we cancel it", False),
        ("<we> leave", "my team leave", True),
        ("plan", "planet", False),
        ("cost money|$", "what it may cost", True),
        ("cost money|$", "what it may cost money", True),
        ("cost money|$", "what it may cost us", False),
    ],
)
def test_phrases_match_whole_words(phrase: str, normal: str, found: bool) -> None:
    """Alternatives, gaps, prefixes, numbers, groups and ends do what the module says."""
    compiled = compile_phrase(phrase, {"we": "we my_team"})
    assert (compiled.pattern.search(f" {normal} ") is not None) is found
    assert not found or compiled.anchors & set(normal.split())


@pytest.mark.parametrize(
    ("phrase", "why"),
    [
        ("a ..99 b", "gap"),
        ("a ..x b", "gap"),
        ("<nobody> b", "no group"),
        ("b (c", "no word"),
        ("#", "whole word"),
        ("can*", "whole word"),
        ("b?? c", "not understood"),
    ],
)
def test_what_cannot_be_compiled_is_refused(phrase: str, why: str) -> None:
    """The error names the phrase and what is wrong with it."""
    with pytest.raises(InvalidPhraseError, match=why):
        compile_phrase(phrase)


def test_a_line_that_ends_in_a_bar_goes_on() -> None:
    """Long alternatives may be wrapped."""
    assert phrase_lines("a|\n   b c\n\n d ") == ("a|b c", "d")
