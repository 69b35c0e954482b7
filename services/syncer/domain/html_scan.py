"""Scans markup from left to right, in time that grows with its length and nothing else.

Tags that HTML would open, close or move implicitly are taken as they stand. For messages as people write
them, the text is the same as from a parsed tree.
"""

from __future__ import annotations

import re
from html import unescape
from html.entities import html5
from typing import TYPE_CHECKING

from services.syncer.domain.html_text import SILENT

if TYPE_CHECKING:
    from services.syncer.domain.html_text import Text

_MARKUP = re.compile(r"<(?:(?P<other>[!?]|/(?![A-Za-z]))|(?P<end>/?)(?P<name>[A-Za-z][^\s/>]*))")
# Possessive throughout: nothing is looked at twice.
_ATTRIBUTE = re.compile(
    r"[\s/]*+(?P<name>=?[^\s/>=]*+)"
    r"(?:\s*+=\s*+(?:\"(?P<double>[^\"]*+)\"|'(?P<single>[^']*+)'|(?P<bare>[^\s>\"'][^\s>]*+)))?+"
)
_COMMENT_END = re.compile(r"--!?>")
_REFERENCE = re.compile(r"&(?:#(?:[0-9]++|[xX][0-9A-Fa-f]++);?|(?P<name>[A-Za-z][A-Za-z0-9]*+(?:;|(?!=))))")
_LONG_NUMBER = re.compile(r"&#(?=[0-9]{100})0*+([0-9]{0,8})[0-9]*+")
"""Python converts no number of thousands of digits; beyond eight it is no character, whatever follows."""

_HIDDEN = SILENT - {"head"}
"""A head's end may be left out; all that may stand in one is silent itself, and anything else ends it."""

_RAW = frozenset({"iframe", "script", "style", "textarea", "title"})
"""Without an end they go on to the end of all; of others only the tag is left out then."""

_DRAWINGS = frozenset({"math", "svg"})
"""Where the tag alone may say that there is nothing in it."""

_ENDS = {tag: re.compile(rf"</{tag}(?=[\s/>])", re.IGNORECASE) for tag in _HIDDEN}


def scan(source: str, out: Text) -> None:
    """Hand the text of the markup to `out`. What stands in a tag without an end is left out."""
    at = 0
    endless: set[str] = set()
    while (match := _MARKUP.search(source, at)) is not None:
        out.words(_resolved(source[at : match.start()]))
        following = (
            _element(source, match, out, endless) if match["other"] is None else _unseen(source, match)
        )
        if following is None:
            at = len(source)
            break
        at = following
    out.words(_resolved(source[at:]))
    if out.in_link:
        out.closed("a")


def _element(source: str, match: re.Match[str], out: Text, endless: set[str]) -> int | None:
    """Take a tag; return where what follows it begins, None where nothing does.

    `endless` are hidden elements that have no end from here on, so that it is looked for once.
    """
    tag = match["name"].lower()
    at, href = _attributes(source, match.end())
    if at is None:
        return None
    if tag in _HIDDEN:
        return at if match["end"] else _hidden(source, tag, at, endless)
    if match["end"] and tag != "br":
        out.closed(tag)
        return at
    if tag == "a" and out.in_link:
        out.closed("a")  # Links do not nest.
    out.opened(tag, href)
    return at


def _hidden(source: str, tag: str, at: int, endless: set[str]) -> int | None:
    if tag in _DRAWINGS and source.startswith("/>", at - 2):
        return at
    end = None if tag in endless else _ENDS[tag].search(source, at)
    if end is not None:
        return end.start()
    endless.add(tag)
    return None if tag in _RAW else at


def _attributes(source: str, at: int) -> tuple[int | None, str | None]:
    """Return where a tag ends, None where it does not, and its `href`."""
    if source.startswith(">", at):
        return at + 1, None
    href = None
    while (match := _ATTRIBUTE.match(source, at)) is not None and match.end() > at:
        at = match.end()
        if href is None and match["name"].lower() == "href":
            values = (match["double"], match["single"], match["bare"])
            href = _address(next((value for value in values if value is not None), ""))
    return (at + 1 if source.startswith(">", at) else None), href


def _resolved(words: str) -> str:
    return unescape(_LONG_NUMBER.sub(r"&#0\1", words))


def _address(value: str) -> str:
    """Resolve references as in an attribute, where `&copy=1` is a parameter and no sign."""
    return _REFERENCE.sub(
        lambda match: _resolved(match[0]) if match["name"] is None else html5.get(match["name"], match[0]),
        value,
    )


def _unseen(source: str, match: re.Match[str]) -> int | None:
    """Return where what follows a comment or a declaration begins, None where nothing does."""
    if source.startswith("<!--", match.start()):
        end = _COMMENT_END.search(source, match.end())
        return end.end() if end else None
    at = source.find(">", match.end())
    return at + 1 if at >= 0 else None
