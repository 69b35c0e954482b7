"""The call budget: what Intercom's headers leave is used, and never more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.syncer.domain.budget import Need, RateBudget, RateHeaders


def taken(budget: RateBudget, now: float, need: Need = Need.MANY) -> int:
    """Take calls until the budget refuses."""
    amount = 0
    while budget.take(now, need) is None:
        amount += 1
    return amount


def test_starts_carefully() -> None:
    """Before any answer told a limit, a few calls go out, and the next one waits for their answers."""
    budget = RateBudget(reserve_share=0.02)
    assert taken(budget, 0) == 4
    assert budget.take(0) == 0.0


def test_leaves_a_reserve_for_those_who_need_less() -> None:
    """Long runs stop at the reserve, short ones at a third of it; hints may use all of it."""
    budget = RateBudget(reserve_share=0.1)
    budget.take(0)
    budget.answered(0, RateHeaders(100, 99, 10))
    assert taken(budget, 0) == 89
    assert budget.take(0) == 0.0
    assert taken(budget, 0, Need.FEW) == 6
    assert taken(budget, 0, Need.HINT) == 4


def test_what_others_have_in_flight_counts_too() -> None:
    """Who makes half of a window's calls may have no more in flight than half of what is left."""
    budget = RateBudget(reserve_share=0.0)
    for own in range(1, 46):
        assert budget.take(0) is None
        budget.answered(0, RateHeaders(100, 100 - 2 * own, 10, 1_000))
    assert 4 <= taken(budget, 0) <= 5


def test_a_new_window_is_tried_before_it_is_used() -> None:
    """Others may have used a window that has just begun, so a few calls ask first."""
    budget = RateBudget(reserve_share=0.0)
    budget.take(0)
    budget.answered(0, RateHeaders(100, 50, 5, 1_000))
    assert taken(budget, 6) == 4
    assert budget.take(6) == 0.0
    budget.answered(6, RateHeaders(100, 96, 9, 1_010))
    assert taken(budget, 6) == 20


def test_a_clock_read_badly_does_not_hide_a_window() -> None:
    """A window's own name decides which window an answer is about, not our reading of the source's clock."""
    budget = RateBudget(reserve_share=0.0)
    for _ in range(2):
        budget.take(0)
    budget.answered(0, RateHeaders(100, 40, 7.5, 1_000))
    budget.answered(0, RateHeaders(100, 30, 5.0, 1_000))
    assert budget.used_share() == 0.7


def test_a_clock_that_was_set_back_is_followed_in_the_end() -> None:
    """Windows that seem to be over are believed when no others come."""
    budget = RateBudget(reserve_share=0.0)
    budget.take(0)
    budget.answered(0, RateHeaders(100, 10, 5, 9_000))
    for at in (6, 70):
        budget.take(at)
        budget.answered(at, RateHeaders(100, 60, 5, 1_000 + at))
    assert budget.used_share() == 0.4


def test_waits_for_the_window_and_uses_the_next_one() -> None:
    """A spent window is waited out once nothing is in flight; then all of the limit is there again."""
    budget = RateBudget(reserve_share=0.0)
    budget.take(0)
    budget.answered(0, RateHeaders(50, 1, 4))
    wait = budget.take(0)
    assert wait is not None
    assert 4 <= wait <= 4.5
    assert taken(budget, 0 + wait) == 4
    budget.answered(0 + wait, RateHeaders(50, 49, 10))
    assert taken(budget, 0 + wait) == 45


def test_answers_out_of_order_change_nothing() -> None:
    """Of one window the smallest rest counts; a late answer of the last window is ignored."""
    budget = RateBudget(reserve_share=0.0)
    for _ in range(3):
        budget.take(0)
    budget.answered(0, RateHeaders(100, 40, 5))
    budget.answered(0, RateHeaders(100, 60, 5))
    assert budget.used_share() == 0.6
    budget.answered(6, RateHeaders(100, 99, 9))
    budget.take(6)
    budget.answered(6, RateHeaders(100, 0, -1))
    assert budget.used_share() == pytest.approx(0.01)
    assert taken(budget, 6) == 98


def test_a_refusal_stops_everybody() -> None:
    """After a 429 nobody calls before its time, whatever is left on paper; nonsense is bounded."""
    budget = RateBudget(reserve_share=0.0)
    budget.take(0)
    budget.refused(0, 3)
    budget.answered(0, RateHeaders(100, 0, 3))
    assert budget.take(1, Need.HINT) == 2
    assert budget.take(3.5) is None
    budget.refused(4, 1e9)
    wait = budget.take(4)
    assert wait is not None
    assert wait <= 60


def test_answers_without_headers_keep_what_is_known() -> None:
    """An answer that says nothing gives its place back, and that is all."""
    budget = RateBudget(reserve_share=0.0)
    budget.take(0)
    budget.answered(0, None)
    budget.answered(0, RateHeaders(0, 0, 0))
    assert budget.limit is None
    assert budget.in_flight == 0
    assert budget.used_share() is None


@given(limit=st.integers(5, 400), others=st.integers(0, 3), answer_every=st.integers(1, 12))
def test_no_call_of_ours_is_refused(limit: int, others: int, answer_every: int) -> None:
    """Against a server that counts exactly, and others who share its limit, we never exceed it."""
    budget = RateBudget(reserve_share=0.02)
    counted: dict[int, int] = {}
    in_flight, now = 0, 0.0
    while now < 40:
        window = int(now // 10)
        if budget.take(now) is None:
            counted[window] = counted.get(window, 0) + 1
            assert counted[window] <= limit
            in_flight += 1
        else:
            now += 0.05
        if in_flight >= answer_every or (in_flight and int((now + 0.1) // 10) > window):
            in_flight -= 1
            if limit - counted.get(window, 0) > limit // 2:
                counted[window] = counted.get(window, 0) + others
            remaining = max(limit - counted.get(window, 0), 0)
            budget.answered(now, RateHeaders(limit, remaining, (window + 1) * 10 - now, (window + 1) * 10))
        now += 0.002


def test_a_window_is_used_up() -> None:
    """While there is work, at least 95 % of each window goes to it."""
    budget, now = RateBudget(reserve_share=0.02), 0.0
    used: dict[int, int] = {}
    while now < 50:
        wait = budget.take(now)
        if wait is None:
            window = int(now // 10)
            used[window] = used.get(window, 0) + 1
            remaining = max(1_667 - used[window], 0)
            budget.answered(now, RateHeaders(1_667, remaining, (window + 1) * 10 - now, (window + 1) * 10))
            now += 0.003
        else:
            now += wait
    assert all(amount >= 0.95 * 1_667 for amount in used.values())
