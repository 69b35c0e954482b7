"""The format in which conversations are written down."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.simulator.demo.script import Script, ScriptError, Step, parse_scripts

EXAMPLE = """# a comment
== leaving
account: Acme Lifts
expect: churn_risk explicit
tags: Cancellation, VIP

customer* Ann Lee
  We are leaving.

  Sorry: it is decided.

+2h note Tom
  Ring her.
+{n5-90}m agent Tom
  Understood.
+1d rate 2 | kind people
"""


def test_a_script_is_read_whole() -> None:
    """Header, steps, delays, stars, paragraphs and remarks all arrive."""
    (script,) = parse_scripts(EXAMPLE, "example.txt")
    assert script.header == {
        "account": "Acme Lifts",
        "expect": "churn_risk explicit",
        "tags": "Cancellation, VIP",
    }
    assert script.tags == ("Cancellation", "VIP")
    assert script.steps == (
        Step("customer", (0, 0), "Ann Lee", "We are leaving.\n\nSorry: it is decided.", starred=True),
        Step("note", (7200, 7200), "Tom", "Ring her."),
        Step("agent", (300, 5400), "Tom", "Understood."),
        Step("rate", (86_400, 86_400), "2", "", "kind people"),
    )


def test_notes_do_not_count_as_messages() -> None:
    """Starred positions are those among what the customer can read."""
    text = "== x\ncustomer A\n  1\nnote T\n  2\nagent T\n  3\ncustomer* A\n  4\n"
    (script,) = parse_scripts(text, "example.txt")
    assert script.starred_messages == (2,)


@pytest.mark.parametrize(
    ("text", "part_of_message"),
    [
        ("stray\n== x\n", "before the first"),
        ("== x\n", "must begin"),
        ("== x\nclose Tom\n", "must begin"),
        ("== x\ncustomer A\n", "lacks its text"),
        ("== x\ncustomer A\n  hello\nclose Tom\n  bye\n", "takes no text"),
        ("== x\ncustomer A\n  hello\nshout Tom\n", "example.txt:4"),
        ("== x\ncustomer A\n  hello\n+5y close Tom\n", "example.txt:4"),
        ("== x\ncolour: red\ncustomer A\n  hello\n", "example.txt:2"),
    ],
)
def test_what_is_not_in_the_format_is_refused(text: str, part_of_message: str) -> None:
    """The message names the file and what is wrong."""
    with pytest.raises(ScriptError, match=part_of_message):
        parse_scripts(text, "example.txt")


@given(st.text(max_size=300), st.text(max_size=60))
def test_rubbish_is_refused_or_read_but_never_crashes(rubbish: str, header: str) -> None:
    """Only a ScriptError comes out of any text."""
    for text in (rubbish, f"== x\n{rubbish}", f"== x\n{header}\ncustomer A\n  {rubbish}"):
        with contextlib.suppress(ScriptError):
            for script in parse_scripts(text, "rubbish.txt"):
                assert script.steps


@given(st.lists(st.text(st.characters(categories=["L", "N", "P"]), min_size=1), min_size=1, max_size=5))
def test_what_is_said_comes_back_as_written(lines: list[str]) -> None:
    """Any indented lines are the text of the step above them."""
    said = "\n".join(f"  {line}" for line in lines)
    (script,) = parse_scripts(f"== x\ncustomer A\n{said}\n", "example.txt")
    assert script.steps[0].text == "\n".join(lines)


def test_a_script_without_a_key_gives_the_default() -> None:
    """Absent keys read as nothing, or as what the caller prefers."""
    script = Script("x", "example.txt")
    assert script.get("channel", "messenger") == "messenger"
    assert script.tags == ()
