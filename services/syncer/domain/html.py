"""HTML to plain text, once: what a person would read, with the line breaks that they would see.

Detectors point at characters of this text, so it must not change without need: a new way of writing
it gives every message a new version.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from selectolax.lexbor import LexborHTMLParser

from services.syncer.domain.fields import clean

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

LONGEST_TEXT = 200_000
"""Characters of one message; the contracts' limit."""

_LONGEST_BYTES = 500_000
"""Bytes of one message in UTF-8: half of what a record on the bus may weigh, so that JSON's escapes fit."""

_LONGEST_HTML = 2_000_000
"""Characters of HTML that are parsed at all. Styles and tracking links can be ten times the text."""

_BLOCKS = frozenset(
    {
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
    }
)
_PARAGRAPHS = frozenset(
    {"blockquote", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "ul"}
)
_SILENT = frozenset(
    "head script style template title noscript iframe object svg math select textarea".split()  # noqa: SIM905
)
_CELLS = frozenset({"td", "th"})

_SPACES = re.compile(r"[ \t\r\n\f\v\u00a0\u200b\ufeff]+")
_AROUND_BREAK = re.compile(r" *\n *")
_BREAKS = re.compile(r"\n{3,}")
_PLAIN_SPACES = re.compile(r"[ \t\f\v\u00a0\u200b\ufeff]+")
_MARKUP = re.compile(r"[<&]")
_PLAIN_PARAGRAPHS = re.compile(r"[ \t\r\n\f]*(?:<p>[^<&]*</p>[ \t\r\n\f]*)+")
_PARAGRAPH = re.compile(r"<p>([^<&]*)</p>")


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
        found = _PLAIN_SPACES.sub(" ", _unix(source))
    elif _PLAIN_PARAGRAPHS.fullmatch(source):
        # Most messages are nothing else, and need no parser.
        found = _paragraphs(source)
    else:
        found = _render(source)
    found = _BREAKS.sub("\n\n", _AROUND_BREAK.sub("\n", found)).strip()
    kept = _within_limits(found)
    return kept, cut or len(kept) < len(found)


def _paragraphs(source: str) -> str:
    collapsed = (_SPACES.sub(" ", paragraph).strip(" ") for paragraph in _PARAGRAPH.findall(source))
    return "\n\n".join(paragraph for paragraph in collapsed if paragraph)


def _unix(source: str) -> str:
    return source.replace("\r\n", "\n").replace("\r", "\n")


def _within_limits(found: str) -> str:
    kept = found[:LONGEST_TEXT]
    if len(kept) * 4 > _LONGEST_BYTES:
        kept = kept.encode()[:_LONGEST_BYTES].decode(errors="ignore")
    return kept.rstrip() if len(kept) < len(found) else kept


def _render(source: str) -> str:
    body = LexborHTMLParser(source).body
    if body is None:
        return ""
    out = _Text()
    # Iterative, because a hostile body can nest deeper than Python's stack.
    node: LexborNode | None = body
    depth_first = True
    while node is not None:
        child = _entered(node, out) if depth_first else None
        if child is not None:
            node = child
            continue
        if depth_first:
            _left(node, out)
        if node.mem_id == body.mem_id:
            break
        if node.next is not None:
            node, depth_first = node.next, True
            continue
        node, depth_first = node.parent, False
        if node is not None:
            _left(node, out)
    return out.value()


def _entered(node: LexborNode, out: _Text) -> LexborNode | None:
    tag = node.tag or ""
    if tag == "-text":
        out.words(node.text_content or "")
        return None
    if tag in _SILENT or tag.startswith(("-", "_")):
        return None
    if tag == "br":
        out.line()
    elif tag == "img":
        out.raw("[image]")
    elif tag in _BLOCKS:
        out.block(empty_line=tag in _PARAGRAPHS)
        if tag == "li":
            out.raw("- ")
    elif tag in _CELLS:
        out.raw(" ")
    elif tag == "a":
        out.open_link(node.attributes.get("href"))
    return node.first_child


def _left(node: LexborNode, out: _Text) -> None:
    tag = node.tag or ""
    if tag == "a":
        out.close_link()
    elif tag in _BLOCKS:
        out.block(empty_line=tag in _PARAGRAPHS)


class _Text:
    """Collects pieces; line breaks wait until something follows them, so that none pile up."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._breaks = 0
        self._links: list[tuple[str | None, int]] = []

    def words(self, content: str) -> None:
        collapsed = _SPACES.sub(" ", content)
        if collapsed == " " and (self._breaks or not self._pieces):
            return
        self.raw(collapsed)

    def raw(self, content: str) -> None:
        if not content:
            return
        if self._breaks and self._pieces:
            self._pieces.append("\n" * self._breaks)
        self._breaks = 0
        if self._pieces and content[0] == " " and self._pieces[-1][-1:] in {" ", "\n"}:
            content = content[1:]
        if content:
            self._pieces.append(content)

    def line(self) -> None:
        if self._pieces:
            self._breaks = min(self._breaks + 1, 2)

    def block(self, *, empty_line: bool) -> None:
        self._breaks = max(self._breaks, 2 if empty_line else 1) if self._pieces else 0

    def open_link(self, href: str | None) -> None:
        self._links.append((href, len(self._pieces)))

    def close_link(self) -> None:
        if not self._links:
            return
        href, start = self._links.pop()
        label = "".join(self._pieces[start:]).strip()
        if not href or href.startswith(("#", "javascript:", "data:")) or _same_place(label, href):
            return
        self._pieces.append(f" ({href})" if label else href)

    def value(self) -> str:
        return "".join(self._pieces)


def _same_place(label: str, href: str) -> bool:
    """Tell whether the label already is the address, as in links that a mail program made."""
    bare = href.removeprefix("mailto:").removeprefix("https://").removeprefix("http://").rstrip("/")
    return label.removeprefix("https://").removeprefix("http://").rstrip("/") == bare
