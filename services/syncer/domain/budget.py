"""How many calls may be made now, by what Intercom's own headers say (FACTS §4); no number is hard-coded.

Intercom gives a number of calls for each window of time. Every answer says how many are left and when
the window ends. Those numbers count everybody who shares the limit: other connections of the same app,
other replicas, other vendors. So obeying them is sharing, and replicas need not agree on anything.
"""

from __future__ import annotations

from dataclasses import dataclass

_UNKNOWN_IN_FLIGHT = 4
"""Calls in flight while no answer has told a limit yet: enough to learn it, too few to exceed any."""

_LONGEST_WAIT_SECONDS = 60.0
"""A window lasts ten seconds; whoever claims much more has a wrong clock and is asked again."""

_SHORTEST_WAIT_SECONDS = 0.05
_SAME_WINDOW_SECONDS = 1.0
"""Ends that lie closer together are one window's: Reset is told in whole seconds, and clocks waver."""

_WINDOW_GUARD_SECONDS = 0.15
"""How long after the announced end the next window is used, so that clocks may differ a little."""


@dataclass(frozen=True, slots=True)
class RateHeaders:
    """What one answer said: calls per window, calls left in it, seconds until it ends."""

    limit: int
    remaining: int
    reset_in_seconds: float


class RateBudget:
    """The calls one connection may make, as far as this process can know.

    Times are monotonic seconds, handed in. Not thread-safe: one event loop owns it.
    """

    def __init__(self, *, reserve_share: float) -> None:
        self._reserve_share = reserve_share
        self._limit: int | None = None
        self._remaining = 0
        self._window_end = 0.0
        self._guessed = True
        self._blocked_until = 0.0
        self._in_flight = 0

    @property
    def in_flight(self) -> int:
        return self._in_flight

    @property
    def limit(self) -> int | None:
        """Calls per window as last announced; None before the first answer."""
        return self._limit

    def used_share(self) -> float | None:
        """Return which share of the present window is spent, by everybody together."""
        return None if not self._limit else 1 - max(self._remaining, 0) / self._limit

    def take(self, now: float, *, urgent: bool = False) -> float | None:
        """Take one call. Return None when it may be made, else the seconds to wait.

        Zero means: wait for a call in flight to be answered, it will tell more. Urgent calls may use
        the reserve that others leave.
        """
        if now < self._blocked_until:
            return max(self._blocked_until - now, _SHORTEST_WAIT_SECONDS)
        if self._limit is None:
            if self._in_flight < _UNKNOWN_IN_FLIGHT:
                self._in_flight += 1
                return None
            return 0.0
        if now >= self._window_end:
            self._remaining = self._limit
            # Until an answer says otherwise; a first wrong guess is bounded by what is left of the limit.
            self._window_end = now + _LONGEST_WAIT_SECONDS
            self._guessed = True
        reserve = 0 if urgent else max(1, round(self._limit * self._reserve_share))
        # Answers come out of order, so a call in flight may or may not be counted in `remaining` already.
        if self._remaining - self._in_flight > min(reserve, self._limit - 1):
            self._in_flight += 1
            return None
        if self._in_flight:
            return 0.0
        return max(self._window_end - now, _SHORTEST_WAIT_SECONDS)

    def answered(self, now: float, headers: RateHeaders | None) -> None:
        """Give back one call in flight, with what its answer said (None when it said nothing)."""
        self._in_flight = max(self._in_flight - 1, 0)
        if headers is None or headers.limit < 1:
            return
        end = now + min(max(headers.reset_in_seconds, 0.0), _LONGEST_WAIT_SECONDS) + _WINDOW_GUARD_SECONDS
        if not self._guessed and end < self._window_end - _SAME_WINDOW_SECONDS:
            return  # A late answer from a window that is over.
        same = not self._guessed and end <= self._window_end + _SAME_WINDOW_SECONDS
        self._remaining = min(self._remaining, headers.remaining) if same else headers.remaining
        self._window_end = min(self._window_end, end) if same else end
        self._limit = headers.limit
        self._guessed = False

    def refused(self, now: float, wait_seconds: float) -> None:
        """Note a 429: nobody calls before the wait is over, whatever is left on paper."""
        wait = min(max(wait_seconds, _SHORTEST_WAIT_SECONDS), _LONGEST_WAIT_SECONDS)
        self._blocked_until = max(self._blocked_until, now + wait)
        self._remaining = 0
        self._window_end = self._blocked_until
        self._guessed = False
