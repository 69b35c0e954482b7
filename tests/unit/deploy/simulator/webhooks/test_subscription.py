"""How the sender judges answers: throttled, paused, suspended, disabled, live again."""

from __future__ import annotations

from deploy.simulator.webhooks.subscription import (
    DROPPED_AFTER_SECONDS,
    ERRORS_TO_PAUSE,
    PAUSE_SECONDS,
    SUSPENDED_AFTER_SECONDS,
    Subscription,
)


def test_a_429_throttles_for_a_minute_and_then_longer() -> None:
    """One minute, doubled each time, at most two hours; a success begins anew."""
    subscription, now, pauses = Subscription(), 0.0, []
    for _ in range(9):
        assert subscription.answered(429, now) == "throttled"
        pauses.append(subscription.resumes_at - now)
        assert subscription.state(subscription.resumes_at - 1) == "throttled"
        now = subscription.resumes_at
        assert subscription.state(now) == "live"
    assert pauses[:3] == [60, 120, 240]
    assert pauses[-1] == 7_200
    subscription.answered(200, now)
    subscription.answered(429, now)
    assert subscription.resumes_at == now + 60


def test_answers_to_what_was_on_its_way_do_not_throttle_longer() -> None:
    """Eight 429s at once are one."""
    subscription = Subscription()
    for _ in range(8):
        subscription.answered(429, 0.0)
    assert subscription.resumes_at == 60


def test_a_throttled_notification_is_given_up_after_two_hours() -> None:
    """Not before."""
    subscription = Subscription()
    assert not subscription.too_old(0.0, DROPPED_AFTER_SECONDS - 1)
    assert subscription.too_old(0.0, DROPPED_AFTER_SECONDS)


def test_a_thousand_errors_in_a_row_pause() -> None:
    """One more than a thousand within a quarter of an hour; then a quarter of an hour of silence."""
    subscription = Subscription()
    for _ in range(ERRORS_TO_PAUSE):
        assert subscription.answered(500, 10.0) == "failed"
    assert subscription.state(10.0) == "live"
    subscription.answered("ConnectError", 10.0)
    assert subscription.state(10.0) == "paused"
    assert subscription.state(10.0 + PAUSE_SECONDS) == "live"


def test_errors_apart_do_not_pause() -> None:
    """Slow failures are retried, each for itself; so are failures with a success among them."""
    slow = Subscription()
    for number in range(ERRORS_TO_PAUSE * 2):
        slow.answered(500, float(number))
    assert slow.state(float(ERRORS_TO_PAUSE * 2)) == "live"
    mixed = Subscription()
    for number in range(ERRORS_TO_PAUSE * 2):
        mixed.answered(200 if number == ERRORS_TO_PAUSE else 500, 0.0)
    assert mixed.state(0.0) == "live"


def test_a_week_of_errors_suspends() -> None:
    """Until somebody sets it live: time alone does not help."""
    subscription = Subscription()
    subscription.answered(500, 0.0)
    subscription.answered(500, SUSPENDED_AFTER_SECONDS + 1.0)
    assert subscription.state(10 * SUSPENDED_AFTER_SECONDS) == "suspended"


def test_a_410_disables() -> None:
    """For good."""
    subscription = Subscription()
    assert subscription.answered(410, 0.0) == "over"
    assert subscription.state(1e12) == "disabled"
