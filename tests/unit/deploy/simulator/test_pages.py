"""Small rules of the pages: the switches form, plain text, and what receivers got."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from deploy.simulator.pages import forms
from deploy.simulator.plaintext import plaintext
from deploy.simulator.sinks.store import SinkStore
from deploy.simulator.switches import Switches


def as_form(switches: Switches) -> dict[str, str]:
    """The form as a browser would send it."""
    sent: dict[str, str] = {}
    for _, _, fields in forms.grouped(switches):
        for field in fields:
            if field.kind != "flag":
                sent[field.name] = str(field.value)
            elif field.value:
                sent[field.name] = "on"
    return sent


def test_the_form_shows_every_switch_and_reads_it_back() -> None:
    """Nothing is lost between page and setting."""
    switches = Switches().changed(
        contact_dates="exact", rows_move=True, deleted_companies_listed=False, plan_restricted=("read_tags",)
    )
    shown = {field.name for _, _, fields in forms.grouped(switches) for field in fields}
    assert shown == set(Switches.model_fields)
    assert forms.read(as_form(switches)) == switches


def test_a_bad_value_in_the_form_is_refused() -> None:
    """The message names the switch."""
    with pytest.raises(ValidationError, match="app_limit"):
        forms.read(as_form(Switches()) | {"app_limit": "many"})


def test_the_changed_switches_are_marked() -> None:
    """So that one sees at a glance what is not as usual."""
    marked = [
        f.name
        for _, _, fields in forms.grouped(Switches().changed(rows_move=True))
        for f in fields
        if f.changed
    ]
    assert marked == ["rows_move"]


def test_unknown_switches_are_refused() -> None:
    """A typing error never passes for a setting."""
    with pytest.raises(ValidationError):
        Switches().changed(contact_date="exact")


@given(st.text(max_size=200))
def test_plain_text_never_raises(text: str) -> None:
    """Whatever a body holds."""
    plaintext(text)


def test_links_keep_their_address() -> None:
    """Tags go, links become label and address, entities become characters."""
    body = '<p>See <a href="https://x.example/a">the page</a> &amp; more</p><p>Bye</p>'
    assert plaintext(body) == "See the page (https://x.example/a) & more\nBye"


def test_a_repeated_message_is_counted_per_receiver() -> None:
    """The same id at another receiver is no repeat."""
    store = SinkStore()
    for name in ("a", "a", "b"):
        store.add("webhook", name, 1.0, title="t", text="x", message_id="m1")
    assert [each.copy for each in store.messages] == [1, 2, 1]
    assert store.as_json()["duplicates"] == {"webhook/a": 1}
    assert len(store.as_json("webhook", "b")["messages"]) == 1
    store.clear()
    assert store.as_json()["messages"] == []


def test_moods_are_checked() -> None:
    """Only kinds and moods that exist are taken."""
    store = SinkStore()
    assert store.set_mood("slack/team", "error")
    assert store.mood("slack", "team") == "error"
    assert not store.set_mood("slack/team", "angry")
    assert not store.set_mood("pigeon/team", "error")
