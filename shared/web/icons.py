"""Line icons of the frame, drawn in a box of 16 by 16; each stands beside its word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Mapping

_PATHS: Mapping[str, str] = {
    "insights": "M2 9.5h2.5L6.5 3l3 10 2-5.5H14",
    "customers": "M2.5 14V4l5.5-2v12M8 6.5l5.5 1.5v6M1.5 14h13M5 6.5h.5M5 9.5h.5M10.8 10.5h.4",
    "requests": "M2 3h12v8H7.5L4 14v-3H2ZM8 5v4M6 7h4",
    "people": (
        "M6 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM1.5 13.5c0-2.5 2-4 4.5-4s4.5 1.5 4.5 4"
        "M10.5 3.3a2.4 2.4 0 0 1 0 4.4M12 9.9c1.5.5 2.5 1.7 2.5 3.6"
    ),
    "conversations": "M2 2.5h9v6H6L3.5 11V8.5H2ZM13 5.5h1v6h-1.5V14L10 11.5H6.5v-.5",
    "inbox": "M2 9.5 4 3h8l2 6.5V13H2ZM2 9.5h3.5L6.5 11h3l1-1.5H14",
    "settings": (
        "M2 4.5h6M12 4.5h2M2 11.5h2M8 11.5h6M10 6.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z"
        "M6 13.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z"
    ),
    "operations": "M2.5 13.5V9M6.2 13.5V5M9.8 13.5V7.5M13.5 13.5v-11",
    "bell": ("M3.5 11.5c1-1 1-2 1-4.5a3.5 3.5 0 0 1 7 0c0 2.5 0 3.5 1 4.5ZM6.7 13.5a1.5 1.5 0 0 0 2.6 0"),
    "search": "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.7 10.7 14 14",
    "more": "M3 8h.01M8 8h.01M13 8h.01",
    "download": "M8 2v8M4.5 7 8 10.5 11.5 7M2.5 13.5h11",
    "external": "M9 2.5h4.5V7M13.5 2.5 7 9M11.5 9.5v4h-9v-9h4",
    "check": "M2.5 8.5 6 12l7.5-8",
    "plus": "M8 2.5v11M2.5 8h11",
    "close": "M3.5 3.5l9 9M12.5 3.5l-9 9",
}


def icon(name: str) -> Markup:
    """Return an icon as inline SVG, hidden from screen readers.

    Raises:
        KeyError: there is no icon of that name.
    """
    return Markup(
        '<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">'
        '<path d="{}"/></svg>'
    ).format(_PATHS[name])
