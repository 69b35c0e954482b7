"""What a message looks like before it is sent to a language model: without what names or reaches a person.

Masking goes by rules and by the names known in the conversation. It errs on the side of masking, and it
changes only what is sent: what is stored and shown is the customer's own text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

MOST_CHARACTERS = 6_000
"""Characters of one message that are sent: a thousand words around the claims say what they mean."""
_AROUND = 2_000
"""Characters kept on each side of the claims, where a message is longer than that."""
_SHORTEST_NAME = 3
"""Letters; shorter parts of names ("Al", "Jo") are masked only as part of the whole name or a greeting."""
_LEAST_PHONE_DIGITS = 7

# Every repetition is bounded or cannot start in the middle of itself: texts have up to 200,000 characters.
_URL = re.compile(r"\b(?:[a-z][a-z0-9+.-]{0,20}://|www\.)[^\s<>\"']+", re.IGNORECASE)
_URL_PRIVATE = re.compile(r"(?<=//)[^/@\s]*@|[?#].*", re.DOTALL)
_PLAIN = (
    (re.compile(r"[\w.+%'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"), "[email]"),
    (re.compile(r"(?<![\w@./])@[A-Za-z_][\w.-]{0,60}\w"), "[handle]"),
    (re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{16,}(?!\w)"), "[code]"),
    (re.compile(r"\d{6,}"), "[number]"),
)
_SEPARATED_DIGITS = re.compile(r"(?<![\w.])\+?\(?\d(?:[ \t().\-/–]{0,3}\d){5,}(?!\w)")  # noqa: RUF001 - people type en dashes into phone numbers
_DATE = re.compile(r"\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{4}")
_STARTERS = (
    "We|It|The|This|That|These|Those|There|They|You|Your|Our|My|He|She|Can|Could|Would|Will|Is|Are|Do|Does|Did"
    "|Please|For|But|And|If|When|What|Where|Why|How|Not|No|In|On|At|To|As|All|So|Also|Any|Anyway|After|Before|Since|With|From"
).replace("|", r"\b|")
"""Words that begin a sentence after a greeting; they are not names."""
_NAME = r"[^\W\d_a-z][\w'’-]{1,40}"  # noqa: RUF001 - names are typed with both apostrophes
_BESIDE_A_NAME = re.compile(
    r"\b(?i:hi|hello|hey|dear|morning|afternoon|thanks|thank you|cheers|regards|wishes|best|sincerely"
    r"|mr|mrs|ms|dr|cc|name is|this is|i am|i'm|ask|tell|contact|call me)\b[ \t]{0,3}[,.:!]?\s{0,4}"
    rf"(?!(?:{_STARTERS})\b)(?P<name>{_NAME}(?:[ \t]{{1,2}}{_NAME}){{0,2}})"
)
_ALSO_WORDS = frozenset(
    (
        *(
            "will",
            "mark",
            "may",
            "june",
            "april",
            "august",
            "grace",
            "hope",
            "art",
            "bill",
            "rich",
            "pat",
            "sue",
        ),
        *(
            "rob",
            "grant",
            "chase",
            "drew",
            "jack",
            "frank",
            "dean",
            "earl",
            "faith",
            "joy",
            "iris",
            "rose",
            "lily",
        ),
        *(
            "ivy",
            "dawn",
            "eve",
            "gene",
            "guy",
            "jean",
            "max",
            "miles",
            "nick",
            "norm",
            "pearl",
            "penny",
            "ray",
        ),
        *(
            "robin",
            "sandy",
            "sky",
            "skip",
            "summer",
            "autumn",
            "terry",
            "victor",
            "wade",
            "ward",
            "young",
            "long",
        ),
        *(
            "page",
            "price",
            "case",
            "store",
            "cook",
            "baker",
            "hunter",
            "day",
            "best",
            "good",
            "small",
            "little",
        ),
        *(
            "brown",
            "black",
            "white",
            "green",
            "west",
            "north",
            "south",
            "east",
            "bot",
            "team",
            "support",
            "sales",
        ),
        *(
            "admin",
            "user",
            "customer",
            "customers",
            "success",
            "account",
            "manager",
            "the",
            "and",
            "for",
            "from",
        ),
    )
)
"""Names, and words of display names, that are ordinary words as well: masked only where capitalised."""


@dataclass(frozen=True, slots=True)
class PrivateSpan:
    """A stretch of text that must not be sent, and what is sent instead."""

    start: int
    end: int
    stands_for: str


def private_spans(text: str, names: Collection[str] = ()) -> tuple[PrivateSpan, ...]:
    """Return the stretches that must not be sent, in order and without overlaps.

    `names` are the names of people that the conversation knows.
    """
    spans = sorted(_found(text, names), key=lambda span: (span.start, -span.end))
    apart: list[PrivateSpan] = []
    for span in spans:
        if apart and span.start < apart[-1].end:
            if span.end > apart[-1].end:
                apart[-1] = PrivateSpan(apart[-1].start, span.end, apart[-1].stands_for)
        elif span.end > span.start:
            apart.append(span)
    return tuple(apart)


def excerpt(text: str, spans: Collection[PrivateSpan], claimed: Collection[tuple[int, int]]) -> str:
    """Return the masked text; of a long one at most `MOST_CHARACTERS`, around what is `claimed`."""
    if len(text) <= MOST_CHARACTERS or not claimed:
        return masked(text, spans, 0, min(len(text), MOST_CHARACTERS))
    start = max(0, min(start for start, _ in claimed) - _AROUND)
    end = min(len(text), max(end for _, end in claimed) + _AROUND, start + MOST_CHARACTERS)
    return masked(text, spans, start, end)


def masked(text: str, spans: Collection[PrivateSpan], start: int, end: int) -> str:
    """Return text[start:end] with private stretches masked; a cut never leaves half of one."""
    pieces: list[str] = []
    at = start
    for span in spans:
        if span.end <= start or span.start >= end:
            continue
        pieces += (text[at : max(span.start, at)], span.stands_for)
        at = span.end
    pieces.append(text[at : max(end, at)] if at < end else "")
    return "".join(pieces)


def _found(text: str, names: Collection[str]) -> Iterator[PrivateSpan]:
    for match in _URL.finditer(text):
        for private in _URL_PRIVATE.finditer(match.group()):
            yield PrivateSpan(match.start() + private.start(), match.start() + private.end(), "[removed]")
    for pattern, stands_for in _PLAIN:
        for match in pattern.finditer(text):
            yield PrivateSpan(match.start(), match.end(), stands_for)
    for match in _SEPARATED_DIGITS.finditer(text):
        if _is_number_of_somebody(match.group()):
            yield PrivateSpan(match.start(), match.end(), "[number]")
    for match in _BESIDE_A_NAME.finditer(text):
        yield PrivateSpan(match.start("name"), match.end("name"), "[name]")
    for pattern in _patterns(names):
        for match in pattern.finditer(text):
            yield PrivateSpan(match.start(), match.end(), "[name]")


def _is_number_of_somebody(digits: str) -> bool:
    count = sum(letter.isdigit() for letter in digits)
    return count >= _LEAST_PHONE_DIGITS and not _DATE.fullmatch(digits)


def _patterns(names: Collection[str]) -> Iterator[re.Pattern[str]]:
    whole = {" ".join(name.split()) for name in names if name and name.strip()}
    parts = {part.strip(".,()'\"") for name in whole for part in re.split(r"[\s@]+", name)}
    plain = {part for part in parts if len(part) >= _SHORTEST_NAME}
    words = {part for part in plain if part.casefold() in _ALSO_WORDS}
    free = whole | (plain - words)
    if free:
        yield re.compile(rf"(?<!\w)(?:{_either(free)})(?!\w)", re.IGNORECASE)
    if words:
        capitalised = {form for word in words for form in (word.capitalize(), word.upper())}
        yield re.compile(rf"(?<!\w)(?:{_either(capitalised)})(?!\w)")


def _either(words: Collection[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))
