"""The people graph as a picture: a centre, and everything it is tied to as links that lead there.

Drawn twice from the same ties, wide with two sides and narrow as a tree; the style sheet shows what fits.
A tie is as thick as what it stands for; its mood is a tone and a mark of its own, so that colour alone tells
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from shared.web.formats import age_in_words, date_in_words, pluralise
from shared.web.svg import element, with_tooltip

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from markupsafe import Markup

    from services.detector.domain.graph import NodeType
    from services.detector.domain.neighbourhood import Neighbour, Neighbourhood

Mood = Literal["good", "bad", "mixed", "unknown"]
GRAPH = "/people/graph"
MOST = 9
"""Neighbours of one type in the picture; all of them stand in the table."""

_CLEARLY = 0.25
"""From here on a mean of moods is called good or bad, as in every list."""
_GROUPS: tuple[tuple[NodeType, str], ...] = (
    ("customer", "Customers"),
    ("person", "People"),
    ("teammate", "Teammates"),
    ("conversation", "Conversations"),
)
_ROW, _HEADING, _TOP = 30.0, 34.0, 76.0
"""Heights in units of the view box; above the first row a tooltip of three lines fits."""
_WIDE, _NARROW = 880.0, 300.0
_REACH = 150.0
"""From the centre to the marks on each side of the wide picture."""
_THINNEST, _THICKEST = 1.5, 9.0
_THICKEST_OF_ONE = 4.0
"""Of a single conversation, by how much was said in it; it must not look like many."""
_LABEL = 13.0
"""From a mark to its words."""
_LETTER = 6.7
"""Units that a letter takes on average in the picture's type."""
_HUB_LETTER = 7.3
"""The same of the centre's name, which is bold."""
_HUB_LETTERS = 24
_HUB_LINE = 16.0
"""Letters in a line of the centre's name between the two sides, and from one line to the next."""
_DAYS_AS_AGE = 30
_SECONDS_A_DAY = 86_400


def mood_of(value: float | None) -> Mood:
    """Return a mood in one word."""
    if value is None:
        return "unknown"
    return "good" if value > _CLEARLY else "bad" if value < -_CLEARLY else "mixed"


def address_of(neighbour: Neighbour) -> str:
    """Return where a click on a neighbour leads: to its own neighbourhood, or to the conversation."""
    node = neighbour.node
    if node.type == "conversation":
        return f"/conversations/{quote(node.node_id, safe=':')}"
    return f"{GRAPH}?around={quote(f'{node.type}/{node.node_id}', safe='')}"


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where a column of marks stands: at `x` from `top` down, tied to `hub`, its words on one side."""

    x: float
    top: float
    hub: tuple[float, float]
    width: float
    to_left: bool

    @property
    def words_at(self) -> float:
        return self.x - _LABEL if self.to_left else self.x + _LABEL

    @property
    def anchor(self) -> str:
        return "end" if self.to_left else "start"

    @property
    def letters(self) -> int:
        """How many letters fit between the marks and the edge."""
        return int(((self.x if self.to_left else self.width - self.x) - _LABEL) / _LETTER)

    def curve(self, y: float) -> str:
        """Return the path from the hub to a mark: a bow, or a branch of the narrow tree's trunk."""
        x0, y0 = self.hub
        if self.width == _NARROW:
            return f"M{x0:.1f} {y - 12:.1f}Q{x0:.1f} {y:.1f} {x0 + 12:.1f} {y:.1f}H{self.x:.1f}"
        bend = (x0 + self.x) / 2
        return f"M{x0:.1f} {y0:.1f}C{bend:.1f} {y0:.1f} {bend:.1f} {y:.1f} {self.x:.1f} {y:.1f}"


def picture(neighbourhood: Neighbourhood, now: datetime) -> Markup:
    """Return the two drawings; the narrow one is hidden on wide screens, the wide one on narrow ones."""
    groups = [(label, neighbourhood.of(kind)[:MOST]) for kind, label in _GROUPS]
    shown = [(label, mine) for label, mine in groups if mine]
    return _wide(neighbourhood, shown, now) + _narrow(neighbourhood, shown, now)


def _wide(
    neighbourhood: Neighbourhood, groups: Sequence[tuple[str, Sequence[Neighbour]]], now: datetime
) -> Markup:
    sides = _in_two(groups)
    height = max(_TOP - _HEADING + _height(side) for side in sides)
    middle = (_WIDE / 2, (_TOP + height - _ROW) / 2 + 2)
    lines = _hub_lines(neighbourhood.centre.name)
    half = max(map(len, lines)) * _HUB_LETTER / 2 + 16
    drawn: list[Markup] = []
    for side, to_left in zip(sides, (True, False), strict=True):
        sign = -1 if to_left else 1
        hub = (middle[0] + sign * half, middle[1])
        layout = _Layout(
            x=middle[0] + sign * _REACH,
            top=_TOP + (height - _TOP + _HEADING - _height(side)) / 2,
            hub=hub,
            width=_WIDE,
            to_left=to_left,
        )
        drawn += _column(side, layout, _scale(neighbourhood), now)
    rise = _HUB_LINE * (len(lines) - 1) / 2
    deep = 17 + rise
    box = element(
        "rect", x=middle[0] - half, y=middle[1] - deep, width=2 * half, height=2 * deep, rx=17, class_="hub"
    )
    label = element(
        "text",
        *(
            element("tspan", line, x=middle[0], y=middle[1] + 4 - rise + at * _HUB_LINE)
            for at, line in enumerate(lines)
        ),
        text_anchor="middle",
        class_="hub-name",
    )
    return _svg(neighbourhood, _WIDE, height, "ties ties-wide", [*drawn, box, label])


def _hub_lines(name: str) -> list[str]:
    """Return a name as one line, or as two where one is too long for the middle of the picture."""
    first, *rest = wrap(name, _HUB_LETTERS) or [""]
    return [first, _cut(" ".join(rest), _HUB_LETTERS)] if rest else [first]


def _narrow(
    neighbourhood: Neighbourhood, groups: Sequence[tuple[str, Sequence[Neighbour]]], now: datetime
) -> Markup:
    name = _cut(neighbourhood.centre.name, 36)
    drawn = _column(
        groups,
        _Layout(x=44.0, top=_TOP, hub=(16.0, 40.0), width=_NARROW, to_left=False),
        _scale(neighbourhood),
        now,
    )
    box = element("rect", x=4.0, y=8.0, width=len(name) * _HUB_LETTER + 28, height=32.0, rx=16, class_="hub")
    label = element("text", name, x=18.0, y=28.0, class_="hub-name")
    height = _TOP - _HEADING + _height(groups)
    trunk = element("path", d=f"M16 40V{height - _ROW - 6:.1f}", class_="trunk")
    return _svg(neighbourhood, _NARROW, height, "ties ties-narrow", [trunk, *drawn, box, label])


def _svg(
    neighbourhood: Neighbourhood, width: float, height: float, names: str, drawn: Sequence[Markup]
) -> Markup:
    label = f"What {neighbourhood.centre.name} is tied to; the table below says the same"
    return element(
        "svg", *drawn, class_=names, viewBox=f"0 0 {width:.0f} {height:.0f}", role="group", aria_label=label
    )


def _in_two(
    groups: Sequence[tuple[str, Sequence[Neighbour]]],
) -> tuple[list[tuple[str, Sequence[Neighbour]]], list[tuple[str, Sequence[Neighbour]]]]:
    """Return the groups on two sides, in their order, as even as may be."""
    cut = min(
        range(1, len(groups) + 1),
        key=lambda at: abs(_height(groups[:at]) - _height(groups[at:])),
        default=0,
    )
    return list(groups[:cut]), list(groups[cut:])


def _height(groups: Sequence[tuple[str, Sequence[Neighbour]]]) -> float:
    return sum(_HEADING + len(mine) * _ROW for _, mine in groups)


def _scale(neighbourhood: Neighbourhood) -> dict[bool, int]:
    """Return the most there is of conversations and, of a conversation, of messages."""
    return {
        of_messages: max(
            (
                _amount(neighbour)
                for neighbour in neighbourhood.neighbours
                if (neighbour.node.type == "conversation") is of_messages
            ),
            default=1,
        )
        or 1
        for of_messages in (False, True)
    }


def _amount(one: Neighbour) -> int:
    return one.messages if one.node.type == "conversation" else one.conversations


def _column(
    groups: Sequence[tuple[str, Sequence[Neighbour]]], layout: _Layout, most: dict[bool, int], now: datetime
) -> list[Markup]:
    drawn: list[Markup] = []
    y = layout.top - _HEADING
    for label, mine in groups:
        y += _HEADING
        drawn.append(
            element("text", label, x=layout.words_at, y=y - 14, text_anchor=layout.anchor, class_="lane")
        )
        for neighbour in mine:
            of_one = neighbour.node.type == "conversation"
            thickest = _THICKEST_OF_ONE if of_one else _THICKEST
            thickness = _THINNEST + (thickest - _THINNEST) * _amount(neighbour) / most[of_one]
            drawn.append(_tie(neighbour, layout, y + 4, thickness, now))
            y += _ROW
    return drawn


def _tie(neighbour: Neighbour, layout: _Layout, y: float, thickness: float, now: datetime) -> Markup:
    mood, beside = mood_of(neighbour.mood), _beside(neighbour, now)
    name = _cut(neighbour.node.name, layout.letters - len(beside) - 2)
    label = element(
        "text",
        name,
        element("tspan", f"  {beside}" if beside else "", class_="amount"),
        x=layout.words_at,
        y=y + 4,
        text_anchor=layout.anchor,
    )
    path = element("path", d=layout.curve(y), stroke_width=round(thickness, 1), class_=f"tie tie-{mood}")
    drawn = element("g", path, _mark(mood, layout.x, y), label)
    lines, url = lines_of(neighbour, now, name), address_of(neighbour)
    return with_tooltip(drawn, lines, x=layout.x, y=y, width=layout.width, url=url)


def _beside(one: Neighbour, now: datetime) -> str:
    """Return what stands beside a name: of how many conversations, or of one when it was."""
    if one.node.type == "conversation":
        return _when(one.last_at, now) if one.last_at else ""
    return str(one.conversations) if one.conversations else ""


def _mark(mood: Mood, x: float, y: float) -> Markup:
    """Return the mood's own shape: a disc, a diamond, a ring, a bar."""
    if mood == "bad":
        return element("path", d=f"M{x} {y - 7}l7 7l-7 7l-7 -7Z", class_="mood-mark mood-bad")
    if mood == "unknown":
        return element("rect", x=x - 5, y=y - 1.5, width=10.0, height=3.0, class_="mood-mark mood-unknown")
    return element("circle", cx=x, cy=y, r=5.0, class_=f"mood-mark mood-{mood}")


def lines_of(one: Neighbour, now: datetime, shown: str) -> tuple[str, ...]:
    """Return what a neighbour says on hover and focus: who, how much, when last, in which mood.

    It begins with the words that are seen, `shown` being the name as it stands there: who says to a machine
    what they see must be understood. A name that was cut follows in full.
    """
    when = _when(one.last_at, now) if one.last_at is not None else None
    facts: tuple[str | None, ...]
    if one.node.type == "conversation":
        facts = (when, pluralise(one.messages, "message"))
    elif one.conversations:
        facts = (pluralise(one.conversations, "conversation"), f"last {when}" if when else None)
    else:
        facts = ("no conversation in this time", None)
    mood = {"unknown": "nothing said of the mood"}.get(mood_of(one.mood), f"mood {mood_of(one.mood)}")
    whole = () if shown == one.node.name else (_cut(one.node.name, 60),)
    return (shown, ", ".join(each for each in facts if each), mood, *whole)


def _when(moment: datetime, now: datetime) -> str:
    if (now - moment).total_seconds() > _DAYS_AS_AGE * _SECONDS_A_DAY:
        return date_in_words(moment)
    return f"{age_in_words(moment, now)} ago"


def _cut(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[: max(1, most - 1)].rstrip()}…"
