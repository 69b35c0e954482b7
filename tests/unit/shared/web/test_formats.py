"""How values are written for people."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.web import formats

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (2, "just now"),
        (40, "40 s"),
        (12 * 60, "12 min"),
        (3_600, "1 h"),
        (86_400, "1 day"),
        (6 * 86_400 + 5, "6 days"),
        (45 * 86_400, "28 Jan 2026"),
        (-300, "in 5 min"),
    ],
)
def test_ages_are_said_in_one_unit(seconds: float, words: str) -> None:
    """An age is one number with one unit; a date once days say little; the future is said as such."""
    assert formats.age_in_words(NOW - timedelta(seconds=seconds), NOW) == words


def test_relative_time_carries_the_exact_one() -> None:
    """The element says the age, holds the exact time for hover and focus, and can be reached by keyboard."""
    html = str(formats.relative_time(NOW - timedelta(minutes=12), now=NOW, ago=True))
    assert 'datetime="2026-03-14T09:18:00+00:00"' in html
    assert 'data-exact="14 Mar 2026, 09:18:00 UTC"' in html
    assert 'tabindex="0"' in html
    assert html.endswith(">12 min ago</time>")


def test_what_is_planned_and_due_has_no_age() -> None:
    """An age beside "next sync" would read like the time that is left."""
    late = formats.relative_time(NOW - timedelta(minutes=4), now=NOW, planned=True)
    assert late.endswith(">now</time>")
    ahead = formats.relative_time(NOW + timedelta(minutes=4), now=NOW, planned=True)
    assert ahead.endswith(">in 4 min</time>")


def test_a_moment_that_never_was_is_said_in_words() -> None:
    """None is not shown as an empty cell."""
    assert "never" in formats.relative_time(None, now=NOW)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (200, "3 min 20 s"), (3_600, "1 h"), (90_000, "1 day 1 h"), (172_800, "2 days")],
)
def test_durations_have_at_most_two_units(seconds: float, words: str) -> None:
    """A length of time is said in its largest two units."""
    assert formats.duration(seconds) == words


@pytest.mark.parametrize(
    ("share", "words"), [(0, "0"), (0.001, "1"), (0.625, "62"), (0.9999, "99"), (1, "100")]
)
def test_per_cent_never_rounds_to_an_end(share: float, words: str) -> None:
    """100 is said only when all is done, and 0 only while nothing is."""
    assert formats.percent(share) == f"{words}\u202f%"


def test_money_has_its_unit() -> None:
    """An amount has a sign or a code; an unknown one says so."""
    assert formats.money(1200) == "$1,200"
    assert formats.money(-30.4, "CHF") == f"{formats.MINUS}30 CHF"
    assert formats.money(None) == "unknown"


def test_counts_agree_with_their_nouns() -> None:
    """One is singular, everything else plural."""
    assert formats.pluralise(1, "signal") == "1 signal"
    assert formats.pluralise(0, "reply", "replies") == "0 replies"
    assert formats.pluralise(1204, "signal") == "1,204 signals"


def test_initials_take_first_and_last() -> None:
    """An avatar shows two letters at most, and never nothing."""
    assert formats.initials("Dana van Ruiz") == "DR"
    assert formats.initials("ines") == "I"
    assert formats.initials("") == "?"


def test_time_left_needs_a_rate() -> None:
    """Without a rate or a total nothing is promised."""
    assert formats.time_left(10, 110, 5) == timedelta(seconds=20)
    assert formats.time_left(10, 110, 0) is None
    assert formats.time_left(120, 110, 5) == timedelta(0)


def test_markup_in_a_quote_is_shown_and_not_run() -> None:
    """What a customer wrote is text, inside a mark and outside of one."""
    html = formats.marked("<b>no</b> & yes", [(0, 9)])
    assert str(html) == "<mark>&lt;b&gt;no&lt;/b&gt;</mark> &amp; yes"


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(-10, 80), st.integers(-10, 80)), max_size=6))
def test_marking_never_changes_the_text(text: str, spans: list[tuple[int, int]]) -> None:
    """Whatever the offsets, the words stay the same and the marks are whole and never nested."""
    html = str(formats.marked(text, spans))
    assert unescape(re.sub(r"</?mark>", "", html)) == text
    assert re.fullmatch(r"(?s)[^<]*(<mark>[^<]+</mark>[^<]*)*", html)


def test_a_plain_day_is_written_like_a_moment() -> None:
    """A renewal date has no zone, and reads as every other date does."""
    assert formats.date_in_words(date(2027, 3, 12)) == "12 Mar 2027"


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("ann@acme.example", "ann<wbr>@acme.example"),
        ("<b>@acme.example", "&lt;b&gt;<wbr>@acme.example"),
        ("ann", "ann"),
        ("@acme", "@acme"),
        ("", ""),
    ],
)
def test_an_address_breaks_before_its_at(address: str, written: str) -> None:
    """In a narrow column it takes two lines, and no word of it is torn."""
    assert formats.address(address) == written
