"""The picture of ties: every neighbour is a link that says all about its tie, in shapes as well as tones."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from services.detector.domain.graph import Node
from services.detector.domain.neighbourhood import Neighbour, Neighbourhood
from services.detector.pages.graph_picture import MOST, address_of, lines_of, mood_of, picture
from tests.unit.services.detector.rig import NOW

if TYPE_CHECKING:
    from services.detector.domain.graph import NodeType

CENTRE = Node("c1", "customer", "Northwind & <Sons>", 9)


def person(number: int, mood: float | None = None, conversations: int = 1) -> Neighbour:
    node = Node(f"ws1:p{number}", "person", f"Person {number}", conversations)
    last = NOW - timedelta(days=3) if conversations else None
    return Neighbour(node, conversations, last, mood)


CONVERSATION = Neighbour(
    Node("ws1:k1", "conversation", "About the contract"), 1, NOW - timedelta(days=60), -0.9, 4
)


def drawn(*neighbours: Neighbour) -> str:
    return str(picture(Neighbourhood(CENTRE, neighbours), NOW))


def test_neighbours_are_links_that_lead_on() -> None:
    """People lead to their own neighbourhood, a conversation to its page, in both drawings."""
    text = drawn(person(1), CONVERSATION)
    assert text.count('href="/people/graph?around=person%2Fws1%3Ap1"') == 2
    assert text.count('href="/conversations/ws1:k1"') == 2
    assert address_of(CONVERSATION) == "/conversations/ws1:k1"


def test_each_link_says_who_how_much_when_and_how() -> None:
    """What hovering shows is also the link's name for those who hear it."""
    assert lines_of(person(1, 0.9, 2), NOW, "Person 1") == (
        "Person 1",
        "2 conversations, last 3 days ago",
        "mood good",
    )
    assert lines_of(CONVERSATION, NOW, "About…") == (
        "About…",
        "2 Apr 2026, 4 messages",
        "mood bad",
        "About the contract",
    )
    silent = lines_of(person(2, None, 0), NOW, "Person 2")
    assert silent[1:] == ("no conversation in this time", "nothing said of the mood")
    assert 'aria-label="Person 1, 2 conversations, last 3 days ago, mood good"' in drawn(person(1, 0.9, 2))


def test_moods_differ_in_shape_and_tone() -> None:
    """Four moods have four marks, so that colour alone tells nothing."""
    marks = {}
    for value in (0.9, -0.9, 0.0, None):
        text = drawn(person(1, value))
        found = re.search(r'<(\w+)([^>]*)class="mood-mark mood-(\w+)"', text)
        assert found is not None
        marks[found[3]] = found[1]
        assert f"tie-{mood_of(value)}" in text
    assert marks == {"good": "circle", "bad": "path", "mixed": "circle", "unknown": "rect"}


def test_more_is_thicker() -> None:
    """The width of a tie grows with its conversations."""
    widths = [float(one) for one in re.findall(r'stroke-width="([\d.]+)"', drawn(person(1, 0, 9), person(2)))]
    assert widths[0] > widths[1] > 0


def test_a_crowd_is_cut_and_names_are_text() -> None:
    """At most so many of a kind are drawn; markup in names stays text; nothing carries a style."""
    text = drawn(*(person(number) for number in range(30)))
    assert text.count("<a ") == 2 * MOST
    assert "<Sons>" not in text
    assert "Northwind &amp; &lt;Sons&gt;" in text
    assert "style=" not in text


def test_a_long_name_stands_whole_in_the_middle() -> None:
    """It takes two lines before it is cut, and a name of spaces alone draws all the same."""

    def wide(name: str) -> str:
        centre = Node("c1", "customer", name, 9)
        return str(picture(Neighbourhood(centre, (person(1),)), NOW)).partition("ties-narrow")[0]

    whole = wide("Stonefield Security Patrols")
    assert re.findall(r"<tspan[^>]*>(Stonefield Security|Patrols)</tspan>", whole) == [
        "Stonefield Security",
        "Patrols",
    ]
    assert "…" in wide("Stonefield Security Patrols and Sons of the Northern Counties Limited")
    assert "hub" in wide(" " * 60)


def test_everything_stands_inside_the_canvas() -> None:
    """Marks and headings lie within the view box, with one neighbour or with all kinds full."""
    kinds: tuple[NodeType, ...] = ("customer", "person", "teammate", "conversation")
    full = [Neighbour(Node(f"ws1:{kind}{n}", kind, kind), 1, NOW) for kind in kinds for n in range(MOST)]
    for neighbours in ([person(1)], full):
        for svg in drawn(*neighbours).split("<svg")[1:]:
            box = re.search(r'viewBox="0 0 (\d+) (\d+)"', svg)
            assert box is not None
            heights = [float(y) for y in re.findall(r'<text x="[\d.]+" y="([\d.]+)"', svg)]
            assert heights
            assert min(heights) >= 0
            assert max(heights) <= float(box[2])
