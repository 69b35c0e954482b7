"""When a part is started again: quickly at first, slowly in a crash loop, never not at all."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from deploy.local.supervision.policy import RestartPolicy

POLICY = RestartPolicy(first_seconds=0.25, longest_seconds=30, stable_seconds=60)


def test_pauses_double_up_to_the_longest() -> None:
    """Each further failure in a row doubles the pause, up to half a minute."""
    assert [POLICY.delay(failures) for failures in range(1, 10)] == [0.25, 0.5, 1, 2, 4, 8, 16, 30, 30]


@given(st.integers(min_value=1, max_value=10**9))
def test_a_pause_is_always_bounded(failures: int) -> None:
    """However long a crash loop lasts, the next start is half a minute away at most."""
    assert 0 < POLICY.delay(failures) <= 30


def test_a_part_that_ran_well_is_restarted_quickly_again() -> None:
    """Failures in a row are forgotten once a part ran for a minute."""
    assert POLICY.failures_after(7, ran_seconds=60) == 1
    assert POLICY.failures_after(7, ran_seconds=59.9) == 8
