"""Written text as Intercom's HTML."""

from __future__ import annotations

import html
import re

from hypothesis import given
from hypothesis import strategies as st

from deploy.simulator.demo.markup import to_html
from deploy.simulator.plaintext import plaintext


def test_paragraphs_and_lines() -> None:
    """A blank line parts paragraphs, a line end is a break."""
    assert to_html("Hello\n\nBest\nAnn") == "<p>Hello</p><p>Best<br>Ann</p>"


def test_lists_and_quotes_stand_within_text() -> None:
    """They end where their marks end."""
    assert (
        to_html("We need\n- this\n- that\nsoon")
        == "<p>We need</p><ul><li>this</li><li>that</li></ul><p>soon</p>"
    )
    assert to_html("Ann wrote:\n> one\n> two") == "<p>Ann wrote:</p><blockquote>one<br>two</blockquote>"


def test_links_and_images() -> None:
    """A link leaves out the stop behind it; an image keeps its description."""
    link = '<a href="https://help.crewlark.example/a?b=1&amp;c">https://help.crewlark.example/a?b=1&amp;c</a>'
    assert to_html("See https://help.crewlark.example/a?b=1&c.") == f"<p>See {link}.</p>"
    assert to_html('![a "shot"](https://f.example/1)') == (
        '<p><img src="https://f.example/1" alt="a &quot;shot&quot;"></p>'
    )


@given(st.text(max_size=200))
def test_no_text_can_smuggle_in_markup(text: str) -> None:
    """Only the tags of the format come out, balanced or not needing it."""
    made = to_html(text)
    tags = set(re.findall(r"</?([a-zA-Z]+)", made))
    assert tags <= {"p", "br", "ul", "li", "blockquote", "a", "img"}
    for tag in ("p", "ul", "li", "blockquote", "a"):
        assert made.count(f"<{tag}>") + made.count(f"<{tag} ") == made.count(f"</{tag}>")


@given(
    st.text(st.characters(categories=["L", "N", "Zs"], include_characters="<>&\"'"), min_size=1, max_size=80)
)
def test_words_survive(text: str) -> None:
    """What was written in one line is read in one line."""
    assert plaintext(to_html(f"x {text} x")) == html.unescape(f"x {html.escape(text, quote=False)} x")
