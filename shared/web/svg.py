"""SVG elements built from Python: names and values are escaped, and no element carries a style."""

from __future__ import annotations

from markupsafe import Markup, escape

Attribute = str | float | None


def element(name: str, *children: Markup | str, **attributes: Attribute) -> Markup:
    """Return an element. `_` in attribute names becomes `-`; a trailing one is dropped; None is left out."""
    written = Markup("").join(
        Markup(' {}="{}"').format(Markup(key.rstrip("_").replace("_", "-")), _text(value))  # noqa: S704 - our own names
        for key, value in attributes.items()
        if value is not None
    )
    tag = Markup(name)  # noqa: S704 - element names are written in this package only
    return Markup("<{0}{1}>{2}</{0}>").format(tag, written, Markup("").join(escape(c) for c in children))


def _text(value: str | float) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def with_tooltip(
    mark: Markup, lines: tuple[str, ...], *, x: float, y: float, width: float, url: str | None
) -> Markup:
    """Return a mark that can be reached by keyboard and shows `lines` beside itself on hover and focus.

    The tooltip is placed inside [0, width], above the mark where there is room. With a `url` the
    mark is a link.
    """
    box_width = max(len(line) for line in lines) * _CHARACTER_WIDTH + 2 * _PADDING
    box_height = len(lines) * _LINE_HEIGHT + 1.5 * _PADDING
    left = min(max(x - box_width / 2, 0.0), max(width - box_width, 0.0))
    above = y - box_height - _GAP
    top = above if above >= 0 else y + _GAP
    texts = (
        element("text", line, x=left + _PADDING, y=top + _PADDING + _LINE_HEIGHT * (index + 0.65))
        for index, line in enumerate(lines)
    )
    tip = element(
        "g",
        element("rect", x=left, y=top, width=box_width, height=box_height, rx=4),
        *texts,
        class_="tip",
        aria_hidden="true",
    )
    label = ", ".join(lines)
    if url is None:
        return element("g", mark, tip, class_="point", tabindex=0, role="img", aria_label=label)
    return element("a", mark, tip, class_="point", href=url, aria_label=label)


_CHARACTER_WIDTH = 6.6
"""Units a character of the tooltip's 12-unit type takes on average, with some to spare."""
_LINE_HEIGHT = 16.0
_PADDING = 8.0
_GAP = 10.0
