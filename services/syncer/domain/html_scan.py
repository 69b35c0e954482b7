"""Markup read from left to right, in time that grows with its length and nothing else.

Tags that HTML would open, close or move by itself are taken as they stand. Of a message that is as people
write them the text is the same as by its tree.
"""

from __future__ import annotations

import re
from html import unescape
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
_ENDS = {tag: re.compile(rf"</{tag}(?=[\s/>])", re.IGNORECASE) for tag in SILENT}


def scan(source: str, out: Text) -> None:
    """Hand the text of the markup to `out`. What stands in a tag without an end is left out."""
    at = 0
    while (found := _MARKUP.search(source, at)) is not None:
        out.words(unescape(source[at : found.start()]))
        if found["other"] is not None:
            following = _after(
                source, "-->" if source.startswith("<!--", found.start()) else ">", found.end()
            )
        else:
            following = _element(source, found, out)
        if following is None:
            at = len(source)
            break
        at = following
    out.words(unescape(source[at:]))
    if out.in_link:
        out.closed("a")


def _element(source: str, found: re.Match[str], out: Text) -> int | None:
    """Take a tag; return where what follows it begins, None where nothing does."""
    tag = found["name"].lower()
    at, href = _attributes(source, found.end())
    if at is None:
        return None
    if found["end"]:
        out.closed(tag)
        return at
    if tag in SILENT:
        end = _ENDS[tag].search(source, at)
        return end.start() if end else None
    if tag == "a" and out.in_link:
        out.closed("a")  # Links do not nest.
    out.opened(tag, href)
    return at


def _attributes(source: str, at: int) -> tuple[int | None, str | None]:
    """Return where a tag ends, None where it does not, and its `href`."""
    if source.startswith(">", at):
        return at + 1, None
    href = None
    while (found := _ATTRIBUTE.match(source, at)) is not None and found.end() > at:
        at = found.end()
        if href is None and found["name"].lower() == "href":
            given = (found["double"], found["single"], found["bare"])
            href = unescape(next((value for value in given if value is not None), ""))
    return (at + 1 if source.startswith(">", at) else None), href


def _after(source: str, sign: str, at: int) -> int | None:
    end = source.find(sign, at)
    return end + len(sign) if end >= 0 else None
