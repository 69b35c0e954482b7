"""Written text as the HTML that Intercom stores: paragraphs, lists, quotes, links and images."""

from __future__ import annotations

import html
import re

_IMAGE = re.compile(r"!\[([^\]]*)\]\((https://[^)\s]+)\)")
_LINK = re.compile(r"(?<![\"=])https://[^\s<>\"]*[^\s<>\".,;:!?)]")


def to_html(text: str) -> str:
    """Blank lines part paragraphs; `- ` begins a list entry, `> ` a quoted line. The rest is escaped."""
    return "".join(_paragraph(block.split("\n")) for block in re.split(r"\n\s*\n", text.strip()))


def _paragraph(lines: list[str]) -> str:
    made: list[str] = []
    plain: list[str] = []
    position = 0
    while position < len(lines):
        mark = lines[position][:2]
        if mark not in {"- ", "> "}:
            plain.append(_inline(lines[position]))
            position += 1
            continue
        if plain:
            made.append(f"<p>{'<br>'.join(plain)}</p>")
            plain = []
        run = position
        while run < len(lines) and lines[run][:2] == mark:
            run += 1
        entries = [_inline(line[2:]) for line in lines[position:run]]
        made.append(_listed(entries) if mark == "- " else f"<blockquote>{'<br>'.join(entries)}</blockquote>")
        position = run
    if plain:
        made.append(f"<p>{'<br>'.join(plain)}</p>")
    return "".join(made)


def _listed(entries: list[str]) -> str:
    return f"<ul>{''.join(f'<li>{entry}</li>' for entry in entries)}</ul>"


def _inline(line: str) -> str:
    parts: list[str] = []
    end = 0
    for image in _IMAGE.finditer(line):
        parts.append(_linked(line[end : image.start()]))
        alt = html.escape(image[1])
        parts.append(f'<img src="{html.escape(image[2])}" alt="{alt}">')
        end = image.end()
    parts.append(_linked(line[end:]))
    return "".join(parts)


def _linked(text: str) -> str:
    escaped = html.escape(text, quote=False)
    return _LINK.sub(lambda found: f'<a href="{found[0]}">{found[0]}</a>', escaped)
