"""HTML of a message as plain text, as `display_as=plaintext` gives it: a link becomes `label (url)`."""

from __future__ import annotations

import html
import re

_LINK = re.compile(r"<a\b[^>]*?href\s*=\s*[\"']([^\"']*)[\"'][^>]*>(.*?)</a>", re.IGNORECASE | re.DOTALL)
_BREAK = re.compile(r"<br\s*/?>|</p>|</div>|</li>|</h[1-6]>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")


def plaintext(body: str) -> str:
    """Never raises; what is not HTML comes back unchanged apart from entities."""
    if "<" not in body:
        return html.unescape(body)
    text = _LINK.sub(lambda link: f"{link.group(2)} ({link.group(1)})", body)
    return html.unescape(_TAG.sub("", _BREAK.sub("\n", text))).strip()
