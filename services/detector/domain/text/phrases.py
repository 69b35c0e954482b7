"""A small language for phrases over normalised words, compiled to regular expressions of bounded work.

    cancel|terminate    one of several words; `sign_up|register` holds a two-word alternative
    our?                may be absent
    upgrad*             any word that begins so
    ..3                 up to three words of any kind
    <thing>             a named group of alternatives, given beside the phrase
    #                   a number
    ^ and $             the clause begins, ends here; `it|$` is followed by "it" or by nothing

Gaps are the only repetition and are bounded, so a phrase costs at most a constant per word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from services.detector.domain.errors import InvalidPhraseError
from services.detector.domain.text.wordlist import words

if TYPE_CHECKING:
    from collections.abc import Mapping

_GAP_LIMIT_WORDS = 8
"""A longer gap would join words that have nothing to do with each other."""

_COMMON = words(
    """
    a an the i we you he she it they our my your us me them to of in on at for with and or be is
    are was were am do does did have has had will would can could should may might not no that
    this these those there if as by from up out so any some all more one how what when which who
    why where get got want need like just very other new good please thanks time use using used
    work see know make go going many much then been because into now only
    """
)
"""Words that most clauses have; they make poor anchors."""

_END = "$"
_ELEMENT = re.compile(r"(?P<body>[^\s?]+)(?P<optional>\?)?$")


@dataclass(frozen=True, slots=True)
class Phrase:
    """A compiled phrase: `pattern` is searched in the normal form of a clause, with a space at both ends.

    A clause can only match when it has one of `anchors`, and one of each set in `needed`, among its
    words; asking for those first is a tenth of the cost of searching.
    """

    source: str
    pattern: re.Pattern[str]
    anchors: frozenset[str]
    needed: tuple[frozenset[str], ...] = ()


def phrase_lines(text: str) -> tuple[str, ...]:
    """One phrase per line of a text block; a line that ends with `|` goes on in the next."""
    joined = re.sub(r"\|\s*\n\s*", "|", text)
    return tuple(line.strip() for line in joined.splitlines() if line.strip())


def _alternatives(body: str, groups: Mapping[str, str], phrase: str) -> tuple[str, ...]:
    alternatives: list[str] = []
    for option in body.split("|"):
        if option.startswith("<") and option.endswith(">"):
            if option[1:-1] not in groups:
                raise InvalidPhraseError(phrase, f"there is no group {option}")
            alternatives.extend(groups[option[1:-1]].replace("\n", " ").split())
        else:
            alternatives.append(option)
    return tuple(alternatives)


def _option_regex(option: str, phrase: str) -> str:
    if option == "#":
        return r"\d\S* "
    if option == _END:
        return _END
    parts = option.split("_")
    if not all(re.fullmatch(r"[^\W_]+\*?|[€£]", part) for part in parts):
        raise InvalidPhraseError(phrase, f"{option!r} is no word")
    return " ".join(part[:-1] + r"\S*" if part.endswith("*") else re.escape(part) for part in parts) + " "


def _anchor_words(options: tuple[str, ...]) -> frozenset[str] | None:
    """One word per option that a match must hold; None when an option promises no whole word."""
    chosen = set()
    for option in options:
        whole = [part for part in option.split("_") if "*" not in part and part not in {"#", _END}]
        if not whole:
            return None
        chosen.add(max(whole, key=lambda word: (word not in _COMMON, len(word))))
    return frozenset(chosen)


def _rarity(anchors: frozenset[str]) -> tuple[int, int]:
    return (-len(anchors & _COMMON), -len(anchors))


def compile_phrase(phrase: str, groups: Mapping[str, str] | None = None) -> Phrase:
    """Compile one phrase. Raises InvalidPhraseError when it has no anchor, or an unknown element."""
    return _compiled(phrase, frozenset((groups or {}).items()))


@cache
def _compiled(phrase: str, named: frozenset[tuple[str, str]]) -> Phrase:
    """Compiling costs more than all else when detectors are built again with other parameters."""
    groups = dict(named)
    pieces: list[str] = [r"(?<=\s)"]
    candidates: list[frozenset[str]] = []
    for element in phrase.split():
        if element == "^":
            pieces = ["^ "]
        elif element == _END:
            pieces.append(_END)
        elif element.startswith(".."):
            if not element[2:].isdigit() or int(element[2:]) > _GAP_LIMIT_WORDS:
                raise InvalidPhraseError(phrase, f"a gap is .. and at most {_GAP_LIMIT_WORDS} words")
            pieces.append(r"(?:\S+ ){0," + element[2:] + "}?")
        else:
            matched = _ELEMENT.match(element)
            if matched is None:
                raise InvalidPhraseError(phrase, f"{element!r} is not understood")
            options = _alternatives(matched["body"], groups, phrase)
            pieces.append("(?:" + "|".join(_option_regex(option, phrase) for option in options) + ")")
            if matched["optional"]:
                pieces.append("?")
            elif (anchors := _anchor_words(options)) is not None:
                candidates.append(anchors)
    if not candidates:
        raise InvalidPhraseError(phrase, "no element names a whole word that must occur")
    candidates.sort(key=_rarity, reverse=True)
    return Phrase(phrase, re.compile("".join(pieces)), candidates[0], tuple(candidates[1:]))
