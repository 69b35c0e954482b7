"""Which parts of a message its author wrote, as offsets into the original text.

Quoted mail, forwarded headers, signatures, disclaimers, pasted transcripts of the other side, code
and reported speech are somebody else's words or no words at all; a detector must not take them as the
customer's view. Every pattern is anchored to a line or bounded, so the work is linear in the text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

READ_LIMIT_CHARACTERS = 50_000
"""A person does not type more in one message; what follows is a log or a pasted document."""

_SIGNATURE_LINES = 8
"""A closing followed by more lines than this is not a signature but a letter that goes on."""

_REPORTED_MINIMUM_WORDS = 4
"""Shorter quotations are names of buttons and plans, which are the author's own point..."""
_REPORTED_MINIMUM_WORDS_OF_PEOPLE = 2
"""...unless it is a person who is said to have spoken."""


class Span(NamedTuple):
    """Half-open range of code points in the original text."""

    start: int
    end: int


_SUSPECT_WORDS = re.compile(r"\bregards\b|\bwrote:|confidential", re.IGNORECASE)
_SUSPECT_PIECES = ("regards", "wrote:", "confidential")
"""What stands in every text that _SUSPECT_WORDS finds; asking for it first is many times cheaper."""
_SUSPECT_MARKS = re.compile(r"[\"“”«]|```")
_SUSPECT_LINE = re.compile(
    r"[ \t]*(?:(?:>|\||--|__|==|\*\*\*|~~~|from:|sent from|get outlook|on [^\n]{1,200}wrote|begin"
    r"|agent|support|bot|operator|rep)"
    r"|(?:thanks|thank you|many thanks|best|cheers|sincerely|yours|warmly|cordially|br|thx|kr)\b"
    r"[^\n]{0,25}$)",
    re.IGNORECASE | re.MULTILINE,
)
_REST_IS_QUOTED = re.compile(
    r"^[ \t]*(?:>[ \t]*)?(?:on\b[^\n]{4,200}\bwrote:|[^\n]{0,120}<[^\n>]{3,80}@[^\n>]{3,80}>[^\n]{0,30}wrote:"
    r"|-{2,}[ ]?(?:original message|forwarded message|forwarded by|reply above)[^\n]{0,60}"
    r"|begin forwarded message:?|_{10,}|={10,})[ \t]*$",
    re.IGNORECASE,
)
_ATTRIBUTION = re.compile(r"wrote:[ \t]*$", re.IGNORECASE)
_BEGINS_ATTRIBUTION = re.compile(r"^[ \t]*on\b[^\n]{4,200}$", re.IGNORECASE)
_MARKED = re.compile(r"^[ \t]*>")
_HEADER = re.compile(r"^[ \t]*\*?(?:from|sent|date|to|cc|subject):\*?[ \t]+\S", re.IGNORECASE)
_REST_IS_SIGNATURE = re.compile(
    r"^[ \t]*(?:--[ \t]?$|—[ \t]*$|sent from (?:my|mail|outlook|yahoo|gmail|proton)\b|get outlook for\b"
    r"|(?:this|the information in this) (?:e-?mail|message|communication)[^\n]{0,120}"
    r"(?:confidential|privileged|intended (?:only|solely))|confidentiality notice|disclaimer:)",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"^[ \t]*(?:(?:kind|best|warm|many|with kind|with best) regards|regards|best wishes|all the best"
    r"|best|cheers|sincerely|yours (?:truly|sincerely|faithfully)|warmly|cordially|br|kr"
    r"|thanks(?: again| so much| a lot| in advance)?|thank you|many thanks|thx)[ \t]*[,.!\u2013-]?"
    r"[ \t]*(?P<name>[^\n.!?]{0,25})$",
    re.IGNORECASE,
)
_OTHER_SIDE = re.compile(
    r"^[ \t]*(?:>|\|[ \t]|(?:agent|support(?: agent| team)?|bot|chatbot|operator|rep)[ \t]?[:>])",
    re.IGNORECASE,
)
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)")
_REPORTED = re.compile(
    r"(?P<person>\b(?:he|she|they|who|client|customer|guest|member|patient|tenant|student|parent|buyer|visitor|user"
    r"|colleague|chair|boss|director|manager|owner)\s(?:\w+\s){0,2})?"
    r"\b(?:said|says|saying|wrote|writes|told|tells|asked|asks|stated|states|reads|replied|mentioned|quote"
    r"|email|message|article|error)\b"
    r"[^\n\"“«]{0,30}[\"“«](?P<speech>[^\"“”»\n]{8,600})[\"”»]",
    re.IGNORECASE,
)


_SIGNED_WORDS = 8
"""A name with a role and a firm behind it; longer lines that begin with the writer's name tell something."""


def signed_from(text: str, name: str) -> int | None:
    """Where the last line signs with its writer's name ("Ivo Sandvik, site lead"); None where it does not.

    A line that is all there is signs nothing.
    """
    body = text.rstrip()
    start = body.rfind("\n") + 1
    line = body[start:].strip()
    signs = bool(name.strip()) and line.casefold().startswith(name.strip().casefold())
    return start if start and signs and len(line.split()) <= _SIGNED_WORDS else None


def _is_prose(line: str) -> bool:
    return len(line) > 60 or (line.rstrip()[-1:] in "?!" and len(line.split()) > 3)  # noqa: PLR2004 - longer than any name or job title


def _ends_letter(lines: list[tuple[int, str]], index: int) -> bool:
    # Only as far as a signature is long: a message may be nothing but closings, each asked in its turn.
    rest = 0
    for at in range(index + 1, len(lines)):
        line = lines[at][1]
        if not line.strip():
            continue
        rest += 1
        if rest > _SIGNATURE_LINES or _is_prose(line):
            return False
    return True


def _stops_here(lines: list[tuple[int, str]], index: int) -> bool:
    line = lines[index][1]
    if _REST_IS_QUOTED.match(line) or _REST_IS_SIGNATURE.match(line):
        return True
    following = lines[index + 1][1] if index + 1 < len(lines) else ""
    if _HEADER.match(line) and _HEADER.match(following):
        return True
    return index > 0 and bool(_CLOSING.match(line)) and _ends_letter(lines, index)


def _answers_below(lines: list[tuple[int, str]], index: int) -> bool:
    """Whether a line says who wrote what follows, and that is marked line by line: the answer is below it."""
    end = index + 1
    if not _ATTRIBUTION.search(lines[index][1]) and _BEGINS_ATTRIBUTION.match(lines[index][1]):
        # Mail programs wrap it before the address.
        end += 1
    answer = " ".join(line for _, line in lines[index:end])
    if not (_REST_IS_QUOTED.match(answer) and _ATTRIBUTION.search(answer)):
        return False
    following = next((line for _, line in lines[end : end + 2] if line.strip()), "")
    return bool(_MARKED.match(following))


def _own_header_end(lines: list[tuple[int, str]]) -> int:
    """How many lines at the very beginning are a mail's own header; further down it is a quoted mail's."""
    first = next((index for index, (_, line) in enumerate(lines) if line.strip()), len(lines))
    end = next(
        (index for index in range(first, len(lines)) if not _HEADER.match(lines[index][1])), len(lines)
    )
    return end if end - first > 1 else 0


def _lines(text: str) -> list[tuple[int, str]]:
    """The lines of a text without their ends, each with its offset."""
    lines: list[tuple[int, str]] = []
    offset = 0
    for line in text.splitlines(keepends=True):
        lines.append((offset, line.rstrip("\r\n")))
        offset += len(line)
    return lines


def _own_lines(text: str) -> Iterator[Span]:
    lines = _lines(text)
    fenced = below = carried = written = False
    body = _own_header_end(lines)
    for index, (start, line) in enumerate(lines):
        if _FENCE.match(line):
            fenced = not fenced
        elif not line.strip():
            carried = False
        elif fenced or index < body:
            continue
        elif not written and not below and _answers_below(lines, index):
            below = carried = True
        elif below and (carried or _MARKED.match(line)):
            # What a mail program wrapped goes on without a mark, up to the next empty line.
            carried = True
        elif _stops_here(lines, index):
            closing = _CLOSING.match(line)
            if closing and closing["name"] == "" and "thank" in line.lower():
                yield Span(start, start + len(line))
            return
        elif not _OTHER_SIDE.match(line):
            written = True
            yield Span(start, start + len(line))


def _without_reported_speech(text: str, span: Span) -> Iterator[Span]:
    cursor = span.start
    for reported in _REPORTED.finditer(text, span.start, span.end):
        least = _REPORTED_MINIMUM_WORDS_OF_PEOPLE if reported["person"] else _REPORTED_MINIMUM_WORDS
        if len(reported["speech"].split()) < least:
            continue
        if reported.start("speech") > cursor:
            yield Span(cursor, reported.start("speech"))
        cursor = reported.end("speech")
    if cursor < span.end:
        yield Span(cursor, span.end)


def _suspect(text: str) -> bool:
    """Whether anything in a text may be somebody else's; most texts show no sign of it."""
    if _SUSPECT_MARKS.search(text):
        return True
    start = 0
    while not _SUSPECT_LINE.match(text, start):
        start = text.find("\n", start) + 1
        if start == 0:
            folded = text.casefold()
            return any(piece in folded for piece in _SUSPECT_PIECES) and bool(_SUSPECT_WORDS.search(text))
    return True


def authored_spans(text: str) -> tuple[Span, ...]:
    """The author's own words, in order and without overlap; each span lies within one line of thought.

    Text beyond READ_LIMIT_CHARACTERS is not read.
    """
    limited = text[:READ_LIMIT_CHARACTERS]
    if not limited.strip():
        return ()
    if not _suspect(limited):
        return (Span(0, len(limited)),)
    return tuple(part for span in _own_lines(limited) for part in _without_reported_speech(limited, span))
