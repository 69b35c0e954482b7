"""Charts: what they say without being seen, and that they stay inside their canvas."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import get_args
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.signals import SignalKind
from shared.web.charts import Dot, Point, SignalMark, line_chart, sparkline, timeline
from shared.web.shapes import KIND_LOOKS
from shared.web.time_axis import TimeAxis

START = datetime(2025, 3, 1, tzinfo=UTC)
END = datetime(2026, 3, 1, tzinfo=UTC)


def _timeline(**changes: object) -> str:
    whole: dict[str, object] = {"conversations": [], "signals": [], "sentiment": [], **changes}
    return str(timeline(title="A year", start=START, end=END, **whole))  # type: ignore[arg-type] # parts vary by test


def test_every_kind_of_the_contract_can_be_drawn() -> None:
    """A kind that the contract gains must be given a look."""
    assert set(KIND_LOOKS) == set(get_args(SignalKind))


def test_points_speak_and_link() -> None:
    """Each point is reachable by keyboard and has its date, its value and its words as a label."""
    at = START + timedelta(days=59)
    drawn = _timeline(
        conversations=[Dot(at, "Invoices <late>", "/conversations/1")],
        signals=[SignalMark(at, "churn_risk", "Leaves", "/insights/1", cleared=True)],
        sentiment=[Point(at, -0.25)],
    )
    ET.fromstring(drawn)  # noqa: S314 - made one line above
    assert 'href="/conversations/1" aria-label="29 Apr 2025, Invoices &lt;late&gt;"' in drawn
    assert 'aria-label="29 Apr 2025, Churn risk, cleared, Leaves"' in drawn
    assert re.search(r'tabindex="0" role="img" aria-label="29 Apr 2025, \u22120.25 sentiment"', drawn)


def test_an_empty_timeline_still_has_its_axes() -> None:
    """No data draws lanes and dates, and nothing else."""
    drawn = _timeline()
    assert "polyline" not in drawn
    assert "Mar 2025" in drawn


@given(st.floats(-5, 5), st.integers(-900, 900))
def test_marks_stay_inside_the_canvas(value: float, days: int) -> None:
    """Values and moments beyond the axes are drawn at their edges, tooltips included."""
    drawn = ET.fromstring(_timeline(sentiment=[Point(START + timedelta(days=days), value, "x" * 40)]))  # noqa: S314 - ours
    for shape in drawn.iter("rect"):
        assert float(shape.attrib["x"]) >= 0
        assert float(shape.attrib["x"]) + float(shape.attrib["width"]) <= 960
        assert float(shape.attrib["y"]) >= 0


def test_a_value_axis_needs_a_span() -> None:
    """Equal ends are a mistake of the caller and are called so."""
    with pytest.raises(ValueError, match="upper end"):
        line_chart([], title="t", unit="u", start=START, end=END, low=1, high=1, ticks=())


def test_line_names_its_unit() -> None:
    """The unit stands on the axis and in each point's label."""
    drawn = line_chart(
        [Point(START, 82), Point(END, 41)],
        title="Health",
        unit="of 100",
        start=START,
        end=END,
        low=0,
        high=100,
        ticks=((0, "0"), (100, "100")),
    )
    assert 'aria-label="1 Mar 2025, 82 of 100"' in drawn
    assert 'class="axis-unit"' in drawn


def test_a_sparkline_says_what_it_shows() -> None:
    """A line without axes has its meaning as a label, even with one value only."""
    assert 'aria-label="Sentiment falls"' in sparkline([0.5], title="Sentiment falls")


@given(
    st.integers(1, 20_000),
    st.integers(0, 15_000).map(lambda days: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(days=days)),
)
def test_ticks_are_few_and_in_order(hours: int, start: datetime) -> None:
    """From an hour to decades there are at most nine ticks, in order and on the axis."""
    axis = TimeAxis(start, start + timedelta(hours=hours * 10), 0, 100)
    places = [place for place, _ in axis.ticks()]
    assert places == sorted(places)
    assert len(places) <= 10
    assert all(0 <= place <= 100 for place in places)


def test_a_span_of_nothing_is_its_middle() -> None:
    """A customer heard of once has a timeline with one place."""
    assert TimeAxis(START, START, 0, 100).position(START) == 50
