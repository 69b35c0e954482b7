"""Choices, slots and dates in braces."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.simulator.demo.wording import Slots, UnknownSlotError, Wording, parse_slots

FRIDAY_NOON = 1_795_176_000
SLOTS = parse_slots("# people\ntech = Ann | Bo | Cy\nhi: Hi | Hello {first}\njob = {n1000-9999}\n")


def wording(seed: int = 1, slots: Slots = SLOTS, **facts: str) -> Wording:
    return Wording(slots, random.Random(seed), dict(facts))


def test_slots_know_what_is_kept() -> None:
    """An equals sign keeps the choice for the conversation, a colon does not."""
    assert SLOTS.kept == {"tech", "job"}
    assert SLOTS.choices["hi"] == ("Hi", "Hello {first}")


@given(st.integers())
def test_a_kept_slot_stays_and_its_second_differs(seed: int) -> None:
    """The same person is meant throughout, and `tech2` is somebody else; numbers in a kept slot stay too."""
    speaker = wording(seed)
    text = "{tech} {tech2} {job}"
    first = speaker.fill(text, FRIDAY_NOON)
    assert speaker.fill(text, FRIDAY_NOON) == first
    one, other, _ = first.split()
    assert one != other


@given(st.integers())
def test_linked_choices_choose_alike(seed: int) -> None:
    """A question and its answer agree."""
    speaker = wording(seed)
    question = speaker.fill("q {1:a|b|c}", FRIDAY_NOON)
    assert speaker.fill("q {1:a|b|c}", FRIDAY_NOON) == question


def test_facts_come_before_slots_and_braces_nest() -> None:
    """A slot's value may hold another slot."""
    assert wording(first="Ann", hi="{first|first}").fill("well {hi}", FRIDAY_NOON) == "well first"
    assert wording(first="Ann").fill("x {{first}|{first}}", FRIDAY_NOON) == "x Ann"


def test_an_unknown_slot_is_refused() -> None:
    """A spelling mistake in a dialogue does not reach a reader."""
    with pytest.raises(UnknownSlotError, match="tehc"):
        wording().fill("{tehc}", FRIDAY_NOON)


def test_dates_are_counted_from_the_moment() -> None:
    """And appointments fall on working days."""
    text = "on {date+1} ({weekday+1}), {month-1}, {month+2}, {year+1}"
    assert wording().fill(text, FRIDAY_NOON) == "on 23 November (Monday), October, January, 2027"


def test_a_text_is_tidied() -> None:
    """Empty choices leave no odd spaces or stops, and a chosen beginning gets its capital."""
    assert wording().fill("{found|found} it{|} .  {|}Really!.", FRIDAY_NOON) == "Found it. Really!"
    assert wording().fill("hiya, {found|found}...", FRIDAY_NOON) == "hiya, found..."


@given(st.text(st.characters(exclude_characters="{}"), max_size=80), st.integers())
def test_the_same_numbers_give_the_same_words(text: str, seed: int) -> None:
    """Nothing but the random numbers and the facts decides."""
    said = f"{{a|b|c}} {text} {{n1-99}}"
    assert wording(seed).fill(said, FRIDAY_NOON) == wording(seed).fill(said, FRIDAY_NOON)
