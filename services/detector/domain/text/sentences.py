"""How a message is cut into clauses, the unit that rules read and that evidence quotes.

A clause is a sentence, or the part of one before or after "but", "however" or a semicolon: people
say one thing on each side of those. Offsets always refer to the original text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.detector.domain.text.quoting import Span, authored_spans
from services.detector.domain.text.words import WORD, normalised

if TYPE_CHECKING:
    from collections.abc import Iterator

CLAUSE_LIMIT_CHARACTERS = 400
"""A longer sentence is cut at a space; evidence must stay a quote that fits a line or two."""

# A run of blanks or marks is looked at from its first character only, and once: from each of its characters
# anew, a message of nothing else would take minutes.
_BREAK = re.compile(
    r"""
      (?P<stop> (?<![.!?…。]) [.!?…。]++ [\"”')\]]*+ (?=\s|$) | (?<![.!?…]) [.!?…]++ (?=(?-i:[A-Z][a-z]))
        | [。！？]+ )
    | (?P<line> (?<!\s) \s*\n\s* | \n\s* )
    | (?P<semicolon> ; | \s[–—-]{1,2}\s | (?<!\s) \s*+[•·]\s | [•·]\s )
    | (?P<turn> (?: , | (?<!\s) ) \s++ (?=(?:but|however|although|whereas|nevertheless|otherwise)\b) )
    """,  # noqa: RUF001 - full-width marks end sentences too
    re.IGNORECASE | re.VERBOSE,
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|st|vs|etc|approx|no|inc|ltd|co|dept|e\.g|i\.e|eg|ie|a\.m|p\.m|jr|sr|min|max|tel)|\b[a-z]|\d)\.$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Clause:
    """A piece of the author's text: offsets, its words in normal form, and whether it asks.

    `normal` is the words joined by single spaces, with a space at both ends.
    """

    start: int
    end: int
    normal: str
    words: frozenset[str]
    raw_words: tuple[str, ...]
    asks: bool
    index: int


def _cuts(text: str, span: Span) -> Iterator[Span]:
    start = span.start
    for match in _BREAK.finditer(text, span.start, span.end):
        if match.lastgroup == "stop" and _is_abbreviation(text, start, match):
            continue
        end = match.end() if match.lastgroup == "stop" else match.start()
        if end > start:
            yield Span(start, end)
            start = match.end()
        elif match.lastgroup != "turn":
            start = match.end()
    if start < span.end:
        yield Span(start, span.end)


def _is_abbreviation(text: str, start: int, match: re.Match[str]) -> bool:
    if match.group() != "." or match.end() == len(text) or text[match.end()] == "\n":
        return False
    return bool(_ABBREVIATION.search(text, max(start, match.start() - 8), match.end()))


def _bounded(text: str, span: Span) -> Iterator[Span]:
    start, end = span
    if end - start <= CLAUSE_LIMIT_CHARACTERS:
        yield span
        return
    while end - start > CLAUSE_LIMIT_CHARACTERS:
        cut = text.rfind(" ", start + 1, start + CLAUSE_LIMIT_CHARACTERS)
        cut = cut if cut > start else start + CLAUSE_LIMIT_CHARACTERS
        yield Span(start, cut)
        start = cut
    yield Span(start, end)


def _trimmed(text: str, span: Span) -> Span:
    piece = text[span.start : span.end]
    start = span.start + len(piece) - len(piece.lstrip())
    return Span(start, max(start, span.start + len(piece.rstrip())))


def _clause(text: str, span: Span, index: int) -> Clause | None:
    raw = WORD.findall(text, span.start, span.end)
    words = [word for word in raw if word[0] not in "?!"]
    if not words:
        return None
    normal = " ".join(map(normalised, words))
    return Clause(
        start=span.start,
        end=span.end,
        normal=f" {normal} ",
        words=frozenset(normal.split(" ")),
        raw_words=tuple(raw),
        asks=raw[-1][0] == "?",
        index=index,
    )


def split_clauses(text: str) -> tuple[Clause, ...]:
    """The clauses of what the author wrote, in order; none for text without words."""
    clauses: list[Clause] = []
    for authored in authored_spans(text):
        for sentence in _cuts(text, authored):
            for piece in _bounded(text, sentence):
                clause = _clause(text, _trimmed(text, piece), len(clauses))
                if clause is not None:
                    clauses.append(clause)
    return tuple(clauses)
