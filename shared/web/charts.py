"""Charts as SVG drawn on the server: axes with units, direct labels, and points that speak on focus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.web.formats import MINUS, date_in_words
from shared.web.shapes import KIND_LOOKS
from shared.web.svg import element, with_tooltip
from shared.web.time_axis import TimeAxis

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from markupsafe import Markup

    from shared.contracts.signals import SignalKind

_WIDTH = 960.0
_LEFT = 104.0
"""Room for the names of lanes and for the numbers of the vertical axis."""
_RIGHT = _WIDTH - 16.0
_LANE = 28.0
_AXIS = 24.0
_SHAPE = 12.0
_TIP_ROOM = 56.0
"""A tooltip of two lines; the canvas is at least so high that one fits above or below a mark."""


@dataclass(frozen=True, slots=True)
class Point:
    """A value at a moment. `label` is what its tooltip says beside the date and the value."""

    at: datetime
    value: float
    label: str = ""
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Dot:
    """A conversation on a timeline."""

    at: datetime
    label: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class SignalMark:
    """A signal on a timeline, drawn with its kind's shape and tone."""

    at: datetime
    kind: SignalKind
    label: str
    url: str | None = None
    cleared: bool = False


@dataclass(frozen=True, slots=True)
class _ValueAxis:
    low: float
    high: float
    top: float
    bottom: float

    def position(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.bottom - min(1.0, max(0.0, share)) * (self.bottom - self.top)


def line_chart(
    points: Sequence[Point],
    *,
    title: str,
    unit: str,
    start: datetime,
    end: datetime,
    low: float,
    high: float,
    ticks: Sequence[tuple[float, str]],
    height: float = 200.0,
) -> Markup:
    """Return a line over time. `ticks` are the values worth a grid line, with what each is called.

    Raises:
        ValueError: `high` is not above `low`.
    """
    if high <= low:
        raise ValueError("A value axis needs its upper end above its lower one.")
    axis = TimeAxis(start, end, _LEFT, _RIGHT)
    values = _ValueAxis(low, high, 28.0, height - _AXIS - 8.0)
    return _figure(
        title,
        height,
        _text(unit, 0, 12, "axis-unit"),
        *_grid(values, ticks),
        *_time_ticks(axis, height),
        *_line(points, axis, values, unit),
    )


def timeline(
    *,
    title: str,
    start: datetime,
    end: datetime,
    conversations: Sequence[Dot],
    signals: Sequence[SignalMark],
    sentiment: Sequence[Point],
) -> Markup:
    """Return signals as marks, sentiment (-1 to 1) as a line, conversations as dots, on one time axis."""
    axis = TimeAxis(start, end, _LEFT, _RIGHT)
    sentiment_top, sentiment_bottom = _LANE + 16, _LANE + 136
    dots_at = sentiment_bottom + _LANE
    height = dots_at + _LANE / 2 + _AXIS
    values = _ValueAxis(-1.0, 1.0, sentiment_top, sentiment_bottom)
    return _figure(
        title,
        height,
        _text("Signals", 0, _LANE / 2 + 4, "lane"),
        _text("Sentiment", 0, (sentiment_top + sentiment_bottom) / 2 + 4, "lane"),
        _text("Conversations", 0, dots_at + 4, "lane"),
        *_grid(values, ((1.0, "+1"), (0.0, "0"), (-1.0, f"{MINUS}1"))),
        *_time_ticks(axis, height),
        *(_dot(dot, axis, dots_at) for dot in conversations),
        *_line(sentiment, axis, values, "sentiment"),
        *(_signal(mark, axis, _LANE / 2) for mark in signals),
    )


def sparkline(values: Sequence[float], *, title: str, low: float = -1.0, high: float = 1.0) -> Markup:
    """Return a small line without axes for a table's cell; `title` says in words what it shows."""
    width, height = 96.0, 20.0
    axis = _ValueAxis(low, high, 2.0, height - 2.0)
    step = (width - 4) / max(1, len(values) - 1)
    corners = " ".join(f"{2 + index * step:.1f},{axis.position(v):.1f}" for index, v in enumerate(values))
    middle = axis.position((low + high) / 2)
    return element(
        "svg",
        element("line", x1=0, x2=width, y1=middle, y2=middle, class_="grid"),
        element("polyline", points=corners, class_="line"),
        class_="sparkline",
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        width=width,
        height=height,
        role="img",
        aria_label=title,
    )


def _figure(title: str, height: float, *children: Markup) -> Markup:
    drawing = element(
        "svg",
        *children,
        class_="chart",
        viewBox=f"0 0 {_WIDTH:.0f} {max(height, _TIP_ROOM * 2):.0f}",
        role="group",
        aria_label=title,
    )
    # The drawing keeps its size and scrolls in its own box, so that labels stay legible on a phone.
    return element("div", drawing, class_="chart-scroll", tabindex=0, role="region", aria_label=title)


def _text(words: str, x: float, y: float, class_: str, anchor: str | None = None) -> Markup:
    return element("text", words, x=x, y=y, class_=class_, text_anchor=anchor)


def _grid(values: _ValueAxis, ticks: Sequence[tuple[float, str]]) -> list[Markup]:
    drawn = []
    for value, label in ticks:
        y = values.position(value)
        drawn.append(element("line", x1=_LEFT, x2=_RIGHT, y1=y, y2=y, class_="grid"))
        drawn.append(_text(label, _LEFT - 8, y + 4, "tick", "end"))
    return drawn


def _time_ticks(axis: TimeAxis, height: float) -> list[Markup]:
    base = height - _AXIS
    drawn = [element("line", x1=_LEFT, x2=_RIGHT, y1=base, y2=base, class_="axis")]
    for x, label in axis.ticks():
        drawn.append(element("line", x1=x, x2=x, y1=base, y2=base + 4, class_="axis"))
        # A label that would leave the canvas is drawn towards its middle.
        anchor = "end" if x > _RIGHT - 30 else "middle"
        drawn.append(_text(label, x, height - 6, "tick", anchor))
    return drawn


def _line(points: Sequence[Point], axis: TimeAxis, values: _ValueAxis, unit: str) -> list[Markup]:
    placed = [(axis.position(p.at), values.position(p.value), p) for p in sorted(points, key=lambda p: p.at)]
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in placed)
    drawn = [element("polyline", points=corners, class_="line")] if len(placed) > 1 else []
    for x, y, point in placed:
        value = (
            f"{point.value:+.2f}".replace("-", MINUS)
            if values.low < 0
            else f"{point.value:,.2f}".removesuffix(".00")
        )
        lines = tuple(filter(None, (date_in_words(point.at), f"{value} {unit}", point.label)))
        mark = element("circle", cx=x, cy=y, r=3, class_="vertex")
        drawn.append(with_tooltip(mark, lines, x=x, y=y, width=_WIDTH, url=point.url))
    return drawn


def _dot(dot: Dot, axis: TimeAxis, y: float) -> Markup:
    x = axis.position(dot.at)
    mark = element("circle", cx=x, cy=y, r=4, class_="dot")
    return with_tooltip(mark, (date_in_words(dot.at), dot.label), x=x, y=y, width=_WIDTH, url=dot.url)


def _signal(mark: SignalMark, axis: TimeAxis, y: float) -> Markup:
    x = axis.position(mark.at)
    look = KIND_LOOKS[mark.kind]
    shape = element(
        "path",
        d=look.path,
        fill_rule="evenodd",
        transform=f"translate({x - _SHAPE / 2:.1f} {y - _SHAPE / 2:.1f})",
        class_=f"tone-{look.tone}{' cleared' if mark.cleared else ''}",
    )
    name = f"{look.label}, cleared" if mark.cleared else look.label
    return with_tooltip(
        shape, (date_in_words(mark.at), name, mark.label), x=x, y=y, width=_WIDTH, url=mark.url
    )
