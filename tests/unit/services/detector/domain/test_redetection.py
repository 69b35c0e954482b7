"""What newer detectors would change, counted by conversation and kind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.mirror import Mark
from services.detector.domain.redetection import (
    MOST_EXAMPLES,
    NOTABLE,
    Difference,
    Redetection,
    difference_of,
)

if TYPE_CHECKING:
    from random import Random

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def mark(start: int = 0, confidence: float = 0.8, kind: str = "renewal", note: str = "") -> Mark:
    return Mark("p1", start, start + 10, kind, confidence, "renewal 1", note)


@pytest.mark.parametrize(
    ("before", "after", "fate"),
    [
        ([], [mark()], "added"),
        ([mark()], [], "gone"),
        ([mark()], [mark(5)], None),
        ([mark()], [mark(20)], "changed"),
        ([mark()], [mark(), mark(20)], "changed"),
        ([mark(), mark(20)], [mark()], "changed"),
        ([mark()], [mark(confidence=0.8 + NOTABLE)], "changed"),
        ([mark()], [mark(confidence=0.8 - NOTABLE / 2)], None),
    ],
)
def test_fates(before: list[Mark], after: list[Mark], fate: str | None) -> None:
    """Added, gone, changed in place or confidence, or the same; what stays has no example."""
    found = difference_of("ws1:k1", NOW, before, after)
    (tally,) = found.tallies
    assert {"added": tally.added, "gone": tally.gone, "changed": tally.changed} == {
        one: int(one == fate) for one in ("added", "gone", "changed")
    }
    assert [one.fate for one in found.examples] == ([fate] if fate else [])
    assert found.changes_nothing is (fate is None)


def test_an_example_shows_the_place_that_differs() -> None:
    """A changed one quotes the new place, else the one given up, with the confidences around it."""
    (new,) = difference_of("ws1:k1", NOW, [mark()], [mark(), mark(20, 0.6)]).examples
    (lost,) = difference_of("ws1:k1", NOW, [mark(), mark(20, 0.6)], [mark()]).examples
    assert (new.start, lost.start) == (20, 20)
    assert (new.before, new.after) == (0.8, 0.8)


def test_explicit_and_implied_are_two_kinds() -> None:
    """Notice that turns out to be a hint only is one gone and one added, as its signals are two."""
    before = [mark(kind="churn_risk", note="explicit")]
    after = [mark(kind="churn_risk", note="implied")]
    tallies = difference_of("ws1:k1", NOW, before, after).tallies
    assert [(one.kind, one.added, one.gone) for one in tallies] == [
        ("churn_risk/explicit", 0, 1),
        ("churn_risk/implied", 1, 0),
    ]


def test_a_wish_s_words_are_no_kind_and_are_not_kept() -> None:
    """A request's note quotes the customer; neither counts nor examples hold it."""
    found = difference_of("ws1:k1", NOW, [], [mark(kind="feature_request", note="dark mode")])
    assert [one.kind for one in found.tallies] == ["feature_request"]
    assert "dark mode" not in repr(found)


def test_the_newest_examples_stay() -> None:
    """Of many, those of the newest conversations are shown."""
    found = reduce(
        Difference.joined,
        (difference_of(f"ws1:k{n}", NOW + timedelta(minutes=n), [], [mark()]) for n in range(9)),
        Difference(),
    )
    assert found.tallies[0].added == 9
    assert [one.conversation_key for one in found.examples] == [f"ws1:k{8 - n}" for n in range(MOST_EXAMPLES)]


marks = st.lists(
    st.builds(
        mark,
        st.integers(0, 40),
        st.sampled_from([0.5, 0.55, 0.6, 0.9]),
        st.sampled_from(["renewal", "churn_risk", "feature_request"]),
        st.sampled_from(["explicit", "implied"]),
    ),
    max_size=4,
)
conversations = st.lists(st.tuples(marks, marks), max_size=8)


@given(conversations, st.randoms(use_true_random=False), st.integers(0, 8))
def test_slices_join_in_any_order(
    found: list[tuple[list[Mark], list[Mark]]], random: Random, cut: int
) -> None:
    """However the conversations are cut into slices and in which order they come, it is the same."""
    singles = [
        difference_of(f"ws1:k{n}", NOW + timedelta(minutes=n), before, after)
        for n, (before, after) in enumerate(found)
    ]
    whole = reduce(Difference.joined, singles, Difference())
    shuffled = random.sample(singles, len(singles))
    left = reduce(Difference.joined, shuffled[:cut], Difference())
    right = reduce(Difference.joined, shuffled[cut:], Difference())
    assert left.joined(right) == whole


@given(marks, marks)
def test_going_back_is_the_reverse(before: list[Mark], after: list[Mark]) -> None:
    """What one version adds the way back takes away; the same marks change nothing."""
    there = difference_of("ws1:k1", NOW, before, after).tallies
    back = difference_of("ws1:k1", NOW, after, before).tallies
    assert [(one.kind, one.added, one.gone, one.changed) for one in there] == [
        (one.kind, one.gone, one.added, one.changed) for one in back
    ]
    assert difference_of("ws1:k1", NOW, before, before).changes_nothing


def test_another_version_is_another_question() -> None:
    """The id that a decision names belongs to one pair of versions of one connection."""
    one = Redetection("con1", "acme", "a=1", "a=2", NOW)
    others = [
        Redetection("con1", "acme", "a=1", "a=3", NOW),
        Redetection("con2", "acme", "a=1", "a=2", NOW),
        Redetection("con1", "other", "a=1", "a=2", NOW),
    ]
    assert len({one.redetection_id, *(other.redetection_id for other in others)}) == 4
