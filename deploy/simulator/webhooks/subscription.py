"""Whether notifications may go out: how Intercom's sender judges the answers it gets (FACTS §9).

Pure: every moment is passed in, as Unix seconds.
"""

from __future__ import annotations

from typing import Literal

State = Literal["live", "throttled", "paused", "suspended", "disabled"]
Outcome = Literal["delivered", "throttled", "failed", "over"]

GONE, TOO_MANY = 410, 429

FIRST_THROTTLE_SECONDS, LONGEST_THROTTLE_SECONDS = 60, 7_200
"""A 429 throttles for a minute; each further one doubles that, up to two hours."""

DROPPED_AFTER_SECONDS = 7_200
"""A throttled notification is given up after two hours."""

ERRORS_TO_PAUSE, ERROR_WINDOW_SECONDS, PAUSE_SECONDS = 1_000, 900, 900
"""More errors in a row than this, within a quarter of an hour: nothing is sent for a quarter of an hour."""

SUSPENDED_AFTER_SECONDS = 7 * 86_400
"""Nothing but errors for longer than this: suspended until somebody sets it live."""


class Subscription:
    """One address as the sender knows it. `resumes_at` is when a throttling or pause ends; 0 for neither."""

    def __init__(self) -> None:
        self.resumes_at = 0.0
        self._state: State = "live"
        self._throttles = 0
        self._errors = 0
        self._first_error_at: float | None = None
        self._counted_from = 0.0

    def state(self, now: float) -> State:
        if self._state in ("throttled", "paused") and now >= self.resumes_at:
            self._state, self.resumes_at = "live", 0.0
        return self._state

    def answered(self, status: int | str, now: float) -> Outcome:
        """Take note of an answer (a status, or the name of what came instead) and say what it means."""
        if status == GONE:
            # A 410 means: never again.
            self._state, self.resumes_at = "disabled", 0.0
            return "over"
        if status == TOO_MANY:
            self._throttle(now)
            return "throttled"
        if isinstance(status, int) and 200 <= status < 300:  # noqa: PLR2004 (the class of success)
            self._throttles = self._errors = 0
            self._first_error_at = None
            return "delivered"
        self._error(now)
        return "failed"

    def too_old(self, taken_at: float, now: float) -> bool:
        """Whether a throttled notification is given up."""
        return now - taken_at >= DROPPED_AFTER_SECONDS

    def _throttle(self, now: float) -> None:
        if self.state(now) != "live":
            # Answers to what was on its way already say nothing new.
            return
        seconds = min(FIRST_THROTTLE_SECONDS * 2**self._throttles, LONGEST_THROTTLE_SECONDS)
        self._throttles += 1
        self._state, self.resumes_at = "throttled", now + seconds

    def _error(self, now: float) -> None:
        if self._first_error_at is None:
            self._first_error_at = self._counted_from = now
        if now - self._counted_from > ERROR_WINDOW_SECONDS:
            self._counted_from, self._errors = now, 0
        self._errors += 1
        if now - self._first_error_at > SUSPENDED_AFTER_SECONDS:
            self._state, self.resumes_at = "suspended", 0.0
        elif self._errors > ERRORS_TO_PAUSE and self.state(now) == "live":
            self._state, self.resumes_at = "paused", now + PAUSE_SECONDS
            self._errors, self._counted_from = 0, now
