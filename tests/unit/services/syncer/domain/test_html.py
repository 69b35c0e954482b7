"""Messages read as a person would see them, whatever markup they come in."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.syncer.domain import html
from services.syncer.domain.html import LONGEST_TEXT, plain_text
from services.syncer.domain.html_scan import scan
from services.syncer.domain.html_text import Text


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (None, ""),
        ("", ""),
        ("<p></p>", ""),
        ("<p>Hi <b>you</b> &amp; me</p><p>Bye</p>", "Hi you & me\n\nBye"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("a<br><br><br><br>b", "a\n\nb"),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("<ul><li>one</li><li>two</li></ul>after", "- one\n- two\n\nafter"),
        ('see <a href="https://x.test/p">the page</a>.', "see the page (https://x.test/p)."),
        ('<a href="https://x.test/">x.test</a>', "x.test"),
        ('<a href="mailto:a@x.test">a@x.test</a>', "a@x.test"),
        ('<a href="https://x.test/p"></a>', "https://x.test/p"),
        ('<a href="javascript:alert(1)">click</a>', "click"),
        ('<img src="x.png" alt="secret">', "[image]"),
        ('<p>look</p><div class="intercom-container"><img src="x"></div>', "look\n\n[image]"),
        ("<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>", "1 2\n3"),
        ("a <script>alert(1)</script><style>p{}</style><!-- no --> b", "a b"),
        ("5 < 6 & 7 > 3", "5 < 6 & 7 > 3"),
        ("&nbsp;tight&nbsp;&nbsp;space ", "tight space"),
        ("caf&eacute; &#128512;", "café 😀"),
        ("plain  text\r\nsecond line\n\n\n\nlast", "plain text\nsecond line\n\nlast"),
        ("<p>half a \ud800 pair and \x00 nothing</p>", "half a pair and nothing"),
        ("<p>unclosed <b>bold", "unclosed bold"),
        ("<blockquote>said</blockquote>answer", "said\n\nanswer"),
        ('<span title="a > b">w</span>x', "wx"),
        ("w<!-- <b --> x", "w x"),
        ("v <<b>w</b> x", "v <w x"),
        ("if v <w </b>x <br>y", "if v x\ny"),
    ],
)
def test_reads_like_a_person(body: str | None, expected: str) -> None:
    """Paragraphs, breaks, lists, links and images are kept in words; everything unseen is dropped."""
    assert plain_text(body) == (expected, False)


def test_cuts_what_is_too_long() -> None:
    """A message beyond the contract's limit is cut and says so; one that just fits is whole."""
    assert plain_text("x" * LONGEST_TEXT) == ("x" * LONGEST_TEXT, False)
    text, cut = plain_text("<p>" + "y" * (LONGEST_TEXT + 1) + "</p>")
    assert (len(text), cut) == (LONGEST_TEXT, True)
    text, cut = plain_text("😀" * LONGEST_TEXT)
    assert cut
    assert len(text.encode()) <= 500_000


@pytest.mark.parametrize(
    "body",
    [
        "<p>" + "".join(f"<font color={number}>" for number in range(3_000)) + "<p>w" * 10_000,
        "<p>" + "".join(f'<font a="<" color={number}>' for number in range(800)) + "<p>w" * 10_000,
        "<div>" * 10_000 + "w" * 10_000,
        "<a href=x><table><tr><td>w" * 10_000,
        "<svg>" * 10_000 + "w" * 10_000,
        '<p a=">" ' + " ".join(f"a{number}=1" for number in range(100_000)) + ">" + "w" * 10_000,
    ],
    ids=["looks", "hidden looks", "depth", "links in links", "drawings", "attributes"],
)
def test_markup_is_no_weapon(body: str) -> None:
    """No body grows in memory: some forty thousand characters would be gigabytes as a tree."""
    tracemalloc.start()
    try:
        text, _ = plain_text(body)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert text.count("w") == 10_000
    assert most < 40 * len(body)


def test_nesting_is_no_weapon() -> None:
    """A body nested deeper than Python's stack is read like any other."""
    assert plain_text("<div>" * 50_000 + "deep") == ("deep", False)


@given(st.text(alphabet=st.characters(), max_size=300))
def test_any_text_can_be_stored(body: str) -> None:
    """Whatever came, the result is valid UTF-8, trimmed, and has no pile of empty lines."""
    text, _ = plain_text(body)
    text.encode()
    assert text == text.strip()
    assert "\n\n\n" not in text


def _scanned(body: str) -> str:
    out = Text()
    scan(body, out)
    return out.value().strip()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>Hi <b>you</b> &amp; me</p><p>Bye</p>", "Hi you & me\n\nBye"),
        ('<A HREF = "https://x.test/?a=1&amp;b=2">the page</A>', "the page (https://x.test/?a=1&b=2)"),
        ("<a href='https://x.test/p'>page", "page (https://x.test/p)"),
        ("<a href=https://x.test/p/>page</a>", "page (https://x.test/p/)"),
        ('<p title="a > b" hidden>w</p>', "w"),
        ("a <script>if (1<2) {}</script><style>p{}</STYLE ><!-- no > --> b", "a b"),
        ("<!doctype html><html><head><title>no</title></head><body>w", "w"),
        ("5 < 6 & 7 > 3", "5 < 6 & 7 > 3"),
        ("w<!-- never closed", "w"),
        ("w<p title=never closed", "w"),
        ("w<textarea>never closed", "w"),
        ("w</>x<?php ?>", "wx"),
        ("<html><head><meta charset=x><title>no</title><body>w", "w"),
        ("w<head><title>no</title>x", "wx"),
        ("v</br>w", "v\nw"),
        ("v<svg width=1 /><p>w", "v\n\nw"),
        ("v<svg><path><p>w", "v\n\nw"),
        ("v<!-- no --!>w", "vw"),
        ("v&#" + "0" * 5_000 + "119;&#" + "1" * 5_000 + ";w", "vw\ufffdw"),
        ("v<!-->w<!--->x", "vwx"),
        (
            '<a href="https://x.test/?a&timestamp=1&copy=2&currency=EUR&amp;b&#38;c&reg">w</a>',
            "w (https://x.test/?a&timestamp=1&copy=2&currency=EUR&b&c®)",
        ),
    ],
)
def test_a_body_that_is_too_much_for_a_tree_reads_the_same(body: str, expected: str) -> None:
    """Attributes, comments and what nobody sees are left out there, too."""
    assert _scanned(body) == expected
    out = Text()
    html._walk(body, out)
    assert out.value().strip() == expected


_WHOLE = st.recursive(
    st.sampled_from(["w", " ", "two words ", "&lt;", "<br>", '<img src="x">', "<a href='y'>w</a>"]),
    lambda inner: st.tuples(
        st.sampled_from(["div", "blockquote", "b", "span", "section"]), st.lists(inner, max_size=4)
    ).map(lambda pair: f"<{pair[0]} class='x'>{''.join(pair[1])}</{pair[0]}>"),
    max_leaves=12,
)


@given(_WHOLE)
def test_whole_markup_reads_the_same_either_way(body: str) -> None:
    """What is closed as it was opened is the same text by its tree and from left to right."""
    out = Text()
    html._walk(body, out)
    assert _scanned(body) == out.value().strip()


@given(st.lists(st.sampled_from(["<p>", "</p>", "<a href='x'>", "</a>", "<li>", "<br>", "w", " ", "&amp;"])))
def test_broken_markup_never_fails(pieces: list[str]) -> None:
    """Tags in any order give text with every word in it, in the same way each time."""
    body = "".join(pieces)
    text, _ = plain_text(body)
    assert text.count("w") == body.count("w")
    assert plain_text(body) == (text, False)


@given(
    st.lists(
        st.text(st.sampled_from("ab>\"' \t\r\n\f\v\u00a0\u200b\ufeff\u2003\u2028é"), max_size=12), min_size=1
    ),
    st.sampled_from(["", " ", "\n\n", "\t"]),
)
def test_plain_paragraphs_read_the_same_by_either_way(texts: list[str], between: str) -> None:
    """What is read without a parser is what the parser would have read: an empty tag decides which it is."""
    body = between.join(f"<p>{text}</p>" for text in texts)
    assert plain_text(body) == plain_text(body + "<i></i>")
