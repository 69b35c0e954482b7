"""Builds up the text of a message: which elements begin a line, and where breaks and links go."""

from __future__ import annotations

import re

BLOCKS = frozenset(
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
PARAGRAPHS = frozenset(
    {"blockquote", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "ul"}
)
SILENT = frozenset(
    "head script style template title noscript iframe object svg math select textarea".split()  # noqa: SIM905
)
CELLS = frozenset({"td", "th"})

SPACES = re.compile(r"[ \t\r\n\f\v\u00a0\u200b\ufeff]+")


class Text:
    """Collects pieces; line breaks wait until something follows them, so that none pile up."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._breaks = 0
        self._links: list[tuple[str | None, int]] = []

    @property
    def in_link(self) -> bool:
        return bool(self._links)

    def opened(self, tag: str, href: str | None = None) -> None:
        """Take the beginning of an element that is not silent; `href` is where a link leads."""
        if tag == "br":
            self.line()
        elif tag == "img":
            self.raw("[image]")
        elif tag in BLOCKS:
            self.block(empty_line=tag in PARAGRAPHS)
            if tag == "li":
                self.raw("- ")
        elif tag in CELLS:
            self.raw(" ")
        elif tag == "a":
            self.open_link(href)

    def closed(self, tag: str) -> None:
        if tag == "a":
            self.close_link()
        elif tag in BLOCKS:
            self.block(empty_line=tag in PARAGRAPHS)

    def words(self, content: str) -> None:
        collapsed = SPACES.sub(" ", content)
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
