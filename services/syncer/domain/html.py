"""HTML to plain text, once: what a person would read, with the line breaks that they would see.

Detectors point at characters of this text, so it must not change without need: a different conversion gives
every message a new version.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from selectolax.lexbor import LexborHTMLParser

from services.syncer.domain.fields import clean
from services.syncer.domain.html_scan import scan
from services.syncer.domain.html_text import SILENT, SPACES, Text

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

LONGEST_TEXT = 200_000
"""Characters of one message; the contracts' limit."""

_LONGEST_BYTES = 500_000
"""Bytes of one message in UTF-8: half of what a record on the bus may weigh, so that JSON's escapes fit."""

_LONGEST_HTML = 2_000_000
"""Characters of HTML that are parsed at all. Styles and tracking links can be ten times the text."""

_AROUND_BREAK = re.compile(r" *\n *")
_BREAKS = re.compile(r"\n{3,}")
_PLAIN_SPACES = re.compile(r"[ \t\f\v\u00a0\u200b\ufeff]+")
_MARKUP = re.compile(r"[<&]")
_PLAIN_PARAGRAPHS = re.compile(r"[ \t\r\n\f]*(?:<p>[^<&]*</p>[ \t\r\n\f]*)+")
_PARAGRAPH = re.compile(r"<p>([^<&]*)</p>")

_LONGEST_TREE = 30_000
_MOST_TAGS = 2_000
_MOST_LOOKS = 10
"""What a tree is made of, in characters, tags, and tags about looks that could not be left out. Its cost
grows with the square of each, and forty thousand characters can be gigabytes; more is read without one."""

_LOOK_NAMES = "b|big|code|em|font|i|nobr|s|small|span|strike|strong|tt|u"
_REST_OF_TAG = r"(?:[^>=]|=\s*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|(?![\"'])))*+(?:>|\Z)"
# What stays is taken whole too, so that no tag is looked for in a comment or in another tag; nor is one after
# a lone `<` left out, which would begin a tag then. It never fails once begun: nothing is looked at twice.
_LOOKS = re.compile(
    rf"(<!--.*?(?:--!?>|\Z)|<(?!/?(?:{_LOOK_NAMES})[\s/>])/?[a-z]{_REST_OF_TAG})"
    rf"|(?<!<)</?(?:{_LOOK_NAMES})(?=[\s/>]){_REST_OF_TAG}",
    re.IGNORECASE | re.DOTALL,
)
_LOOKS_LEFT = re.compile(rf"<(?:{_LOOK_NAMES})(?![a-z0-9])", re.IGNORECASE)


def plain_text(body: str | None) -> tuple[str, bool]:
    """Return the text of a message body, and whether it had to be cut.

    Paragraphs are separated by an empty line, list items start with "- ", links read `label (url)`,
    images read `[image]`. Bodies without markup keep their own line breaks.
    """
    if not body:
        return "", False
    cut = len(body) > _LONGEST_HTML
    source = clean(body[:_LONGEST_HTML])
    if not _MARKUP.search(source):
        plain = _PLAIN_SPACES.sub(" ", _unix(source))
    elif _PLAIN_PARAGRAPHS.fullmatch(source):
        # Most messages are nothing else, and need no parser.
        plain = _paragraphs(source)
    else:
        plain = _render(source)
    plain = _BREAKS.sub("\n\n", _AROUND_BREAK.sub("\n", plain)).strip()
    within = _within_limits(plain)
    return within, cut or len(within) < len(plain)


def _paragraphs(source: str) -> str:
    collapsed = (SPACES.sub(" ", paragraph).strip(" ") for paragraph in _PARAGRAPH.findall(source))
    return "\n\n".join(paragraph for paragraph in collapsed if paragraph)


def _unix(source: str) -> str:
    return source.replace("\r\n", "\n").replace("\r", "\n")


def _within_limits(plain: str) -> str:
    within = plain[:LONGEST_TEXT]
    if len(within) * 4 > _LONGEST_BYTES:
        within = within.encode()[:_LONGEST_BYTES].decode(errors="ignore")
    return within.rstrip() if len(within) < len(plain) else within


def _render(source: str) -> str:
    out = Text()
    # What only changes how words look leaves no trace in text, and is what makes trees grow.
    plainer = _LOOKS.sub(r"\1", source)
    if (
        len(plainer) > _LONGEST_TREE
        or plainer.count("<") > _MOST_TAGS
        or len(_LOOKS_LEFT.findall(plainer)) > _MOST_LOOKS
    ):
        scan(source, out)
    else:
        _walk(plainer, out)
    return out.value()


def _walk(source: str, out: Text) -> None:
    body = LexborHTMLParser(source).body
    # Iterative, because a hostile body can nest deeper than Python's stack.
    node: LexborNode | None = body
    depth_first = True
    while node is not None and body is not None:
        child = _entered(node, out) if depth_first else None
        if child is not None:
            node = child
            continue
        if depth_first:
            out.closed(node.tag or "")
        if node.mem_id == body.mem_id:
            break
        if node.next is not None:
            node, depth_first = node.next, True
            continue
        node, depth_first = node.parent, False
        if node is not None:
            out.closed(node.tag or "")


def _entered(node: LexborNode, out: Text) -> LexborNode | None:
    tag = node.tag or ""
    if tag == "-text":
        out.words(node.text_content or "")
        return None
    if tag in SILENT or tag.startswith(("-", "_")):
        return None
    out.opened(tag, node.attributes.get("href") if tag == "a" else None)
    return node.first_child
