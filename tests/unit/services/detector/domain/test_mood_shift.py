"""Moods rolled up, and the turn to the worse."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.finding import Evidence
from services.detector.domain.mood_shift import (
    MoodPoint,
    MoodShift,
    negative_shift,
    positive_shift,
)

START = datetime(2026, 1, 1, tzinfo=UTC)


def points(*scores: float, confidence: float = 0.9, author: str = "", place: str = "") -> list[MoodPoint]:
    return [
        MoodPoint(
            START + timedelta(days=at),
            score,
            confidence,
            Evidence(str(at), 0, 1, "x"),
            author,
            place or str(at),
        )
        for at, score in enumerate(scores)
    ]


def told(shift: MoodShift | None) -> list[str] | None:
    return [quote.part_id for quote in shift.evidence] if shift else None


@pytest.mark.parametrize(
    ("scores", "parts"),
    [
        ((0.5, 0.2, -0.8), ["2"]),
        ((0.1, 0.1, -0.6, -0.7), ["2", "3"]),
        ((0.5, 0.2, 0.1), None),
        ((-0.7, -0.6, -0.8), None),
        ((0.7, -0.8), ["1"]),
        ((0.1, -0.8), None),
        ((), None),
        ((-0.8,), None),
        ((-0.1, -0.1, -0.5), None),
    ],
)
def test_a_turn_needs_a_better_past_and_a_bad_present(
    scores: tuple[float, ...], parts: list[str] | None
) -> None:
    """Constant anger and too short a past are no turn; after one calm message nothing is known yet."""
    assert told(negative_shift(points(*scores))) == parts


@pytest.mark.parametrize(
    ("since", "parts"),
    [
        ((0.0,), ["2"]),
        ((0.9,), ["2"]),
        ((0.9, -0.6), ["2", "4"]),
        ((0.9, 0.9), ["2"]),
        ((0.4, 0.5, 0.4), None),
        ((0.0, 0.1, 0.0), ["2"]),
        ((0.9, 0.9, 0.9, -0.9), ["6"]),
    ],
)
def test_a_turn_lasts_until_three_messages_are_better(
    since: tuple[float, ...], parts: list[str] | None
) -> None:
    """Thanks on another matter do not undo anger; three glad messages do, and then it can turn again."""
    assert told(negative_shift(points(0.6, 0.6, -0.9, *since, confidence=0.82))) == parts


def test_what_is_made_good_on_the_spot_is_no_turn() -> None:
    """A glad answer in the very conversation settles it, a lukewarm one does not."""
    assert negative_shift(points(0.6, 0.6, -0.9, 0.8, place="one")) is None
    assert negative_shift(points(0.6, 0.6, -0.9, 0.2, place="one")) is not None
    before, later = points(0.6, 0.6, -0.9), points(0.0, 0.0, 0.0, -0.9, 0.9, place="two")[3:]
    assert negative_shift([*before, *later]) is not None


def test_an_unsure_turn_must_be_said_twice() -> None:
    """One doubtful message is not enough, two in a row are; after a good mood one needs to be less sure."""
    assert negative_shift(points(0.1, 0.1, -0.8, confidence=0.72)) is None
    assert negative_shift(points(0.6, 0.6, -0.8, confidence=0.72)) is not None
    assert negative_shift(points(0.6, 0.6, -0.8, confidence=0.65)) is None
    assert negative_shift(points(0.3, 0.3, -0.7, confidence=0.95)) is None
    shift = negative_shift(points(0.5, 0.4, -0.6, -0.7, confidence=0.6))
    assert shift is not None
    assert len(shift.evidence) == 2
    assert shift.before > 0 > shift.after


def test_bitterness_after_joy_needs_no_strong_word() -> None:
    """A deep fall from a good mood may be told mildly, if surely or twice; a fall from a fair one may not."""
    assert negative_shift(points(0.8, 0.8, -0.35, confidence=0.72)) is not None
    assert negative_shift(points(0.8, 0.8, -0.35, confidence=0.65)) is None
    assert negative_shift(points(0.8, 0.8, -0.3, -0.35, confidence=0.65)) is not None
    assert negative_shift(points(0.5, 0.5, -0.35, confidence=0.93)) is None


def test_calm_questions_do_not_wear_praise_off() -> None:
    """Who praised and then asks on is as glad as before."""
    assert negative_shift(points(0.9, -0.1, 0.0, 0.05, -0.6, confidence=0.8)) is not None
    assert negative_shift(points(0.9, -0.1, 0.0, 0.05, 0.1, confidence=0.8)) is None


def test_each_person_turns_alone() -> None:
    """Of two people who turned the later one is told; moods of others neither make nor hide a turn."""
    first, second = points(0.6, 0.6, -0.9, author="a"), points(0.6, 0.6, 0.6, -0.9, author="b")
    both = sorted([*first, *second], key=lambda one: one.at)
    shift = negative_shift(both)
    assert shift is not None
    assert shift.at == second[-1].at
    assert told(negative_shift([*first, *points(0.9, 0.9, author="c")])) == ["2"]


@given(st.lists(st.floats(-1, 1), max_size=12), st.integers(0, 12))
def test_the_answer_names_only_bad_words(scores: list[float], rest: int) -> None:
    """Whatever the moods, evidence is bad, in order, and the mood before was better."""
    row = points(*scores)
    shift = negative_shift(row[: len(row) - rest])
    if shift is not None:
        by_part = {point.evidence.part_id: point for point in row}
        bad = [by_part[quote.part_id] for quote in shift.evidence]
        assert all(point.score < 0 for point in bad)
        assert [point.at for point in bad] == sorted(point.at for point in bad)
        assert shift.before > shift.after
        assert shift.at == bad[0].at


UNHAPPY = (-0.6, -0.7, -0.5)


@pytest.mark.parametrize(
    ("scores", "parts"),
    [
        ((*UNHAPPY, 0.6, 0.0, 0.7, 0.1, 0.6), ["3", "5", "7"]),
        ((*UNHAPPY, 0.6, 0.0, 0.7, 0.1, 0.6, 0.9, 0.9), ["3", "5", "7"]),
        ((*UNHAPPY, 0.6, 0.7), None),
        ((*UNHAPPY, 0.6, -0.4, 0.7, 0.1, 0.6), None),
        ((*UNHAPPY, 0.6, 0.0, 0.7, 0.1, 0.6, -0.5), None),
        ((*UNHAPPY[:2], 0.6, 0.0, 0.7, 0.1, 0.6), None),
        ((0.0, 0.0, 0.0, 0.6, 0.0, 0.7, 0.1, 0.6), None),
        ((0.6, 0.7, 0.6, 0.6, 0.7, 0.6), None),
        ((*UNHAPPY, 0.4, 0.0, 0.4, 0.0, 0.4), None),
        ((), None),
    ],
)
def test_gladness_needs_an_unhappy_past_and_lasts(scores: tuple[float, ...], parts: list[str] | None) -> None:
    """Glad again and again after unhappy words is a turn, by the words that made it; a bad one ends it."""
    two_days = [replace(one, at=START + (one.at - START) * 2) for one in points(*scores)]
    assert told(positive_shift(two_days)) == parts


def test_thanks_within_days_are_no_turn() -> None:
    """The same glad words at the end of one matter are politeness, and so are unsure ones."""
    glad = (*UNHAPPY, 0.6, 0.0, 0.7, 0.1, 0.6)
    assert positive_shift(points(*glad)) is None
    slow = [replace(one, at=START + (one.at - START) * 2) for one in points(*glad, confidence=0.75)]
    assert positive_shift(slow) is None


def test_gladness_is_one_person_s() -> None:
    """Others' thanks do not turn somebody's mood, and others' anger does not end it."""
    glad = [replace(one, at=START + (one.at - START) * 2) for one in points(*UNHAPPY, 0.6, 0.7, 0.8, 0.9)]
    assert positive_shift(glad[:4] + [replace(one, author_id="else") for one in glad[4:]]) is None
    assert positive_shift([*glad, replace(glad[0], at=glad[-1].at, author_id="else")]) is None
    later = [
        *points(*UNHAPPY),
        *(replace(one, at=one.at + timedelta(days=9)) for one in points(0.6, 0.7)),
        replace(points(0.8)[0], at=START + timedelta(days=30)),
    ]
    assert positive_shift([*later, replace(glad[0], at=later[-1].at, author_id="else")]) is not None


@given(st.lists(st.tuples(st.floats(-1, 1), st.integers(0, 20)), max_size=14))
def test_gladness_names_only_glad_words(said: list[tuple[float, int]]) -> None:
    """Whatever the moods, its words are glad, in order, over a week at least, and the mood before was bad."""
    at, row = START, []
    for number, (score, days) in enumerate(said):
        at += timedelta(days=days)
        row.append(MoodPoint(at, score, 0.9, Evidence(str(number), 0, 1, "x")))
    shift = positive_shift(row)
    if shift is not None:
        glad = [row[int(quote.part_id)] for quote in shift.evidence]
        assert all(point.score >= 0.4 for point in glad)
        assert glad[-1].at - glad[0].at >= timedelta(days=7)
        assert shift.before < 0 < shift.after
        assert all(point.score > -0.2 for point in row if point.at > glad[0].at)
