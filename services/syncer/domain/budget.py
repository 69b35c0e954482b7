"""How many calls may be made now, by Intercom's own headers (FACTS §4); no number is hard-coded.

Intercom grants a number of calls for each window of time. Every response says how many are left and when the
window ends. Those numbers count everybody who shares the limit: other connections of the same app, other
replicas, other vendors. So obeying them is sharing, and replicas need not agree on anything. Runs that need
few calls may use the reserve that runs with many calls leave, so a huge workspace never starves a small one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

_UNKNOWN_IN_FLIGHT = 4
"""Calls before a response has described the present window: enough to learn of it, too few to exceed it."""

LONGEST_WAIT_SECONDS = 60.0
"""A window lasts ten seconds; a source that claims much more has a wrong clock and is asked again."""

_SHORTEST_WAIT_SECONDS = 0.05
_SAME_WINDOW_SECONDS = 1.0
"""Ends closer together than this belong to one window: Reset is in whole seconds, and clocks waver."""

_WINDOW_GUARD_SECONDS = 0.15
"""How long after the announced end the next window is used, since clocks may differ a little."""

_MOST_OTHERS = 16.0
"""How many times our own calls others are assumed to make at most; more would leave none near the end."""


class Need(Enum):
    """What a call is for; the value is the share of the reserve that it must leave to others."""

    MANY = 1.0
    """One of very many: a first sync, a reconcile, a run that has made its first hundred calls."""

    FEW = 1 / 3
    """One of a run that may be over soon."""

    HINT = 0.0
    """Somebody waits for this one."""


@dataclass(frozen=True, slots=True)
class RateHeaders:
    """What one response said.

    Attributes:
        limit: calls per window.
        remaining: calls left in it.
        reset_in_seconds: until it ends, as far as our clock can tell.
        reset_at: its end in Unix seconds, as the source gave it; identifies the window. None: not known.
    """

    limit: int
    remaining: int
    reset_in_seconds: float
    reset_at: float | None = None


class RateBudget:
    """The calls one connection may make, as far as this process can know.

    Times are monotonic seconds, passed in. Not thread-safe: one event loop owns it.
    """

    def __init__(self, *, reserve_share: float) -> None:
        self._reserve_share = reserve_share
        self._limit: int | None = None
        self._remaining = 0
        self._window_end = 0.0
        self._window_name: float | None = None
        self._guessed = True
        self._tried = 0
        self._own = 0
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

    def take(self, now: float, need: Need = Need.MANY) -> float | None:
        """Take one call. Return None if it may be made, else the seconds to wait.

        Zero means: wait for the response to a call in flight, which will say more.
        """
        if now < self._blocked_until:
            return max(self._blocked_until - now, _SHORTEST_WAIT_SECONDS)
        if self._limit is not None and now >= self._window_end:
            self._begin_unknown_window(now)
        if self._limit is None or self._guessed:
            return self._try()
        if self._fits(need):
            self._in_flight += 1
            return None
        if self._in_flight:
            return 0.0
        return max(self._window_end - now, _SHORTEST_WAIT_SECONDS)

    def answered(self, now: float, headers: RateHeaders | None) -> None:
        """Return one call in flight, with what its response said (None if it said nothing)."""
        self._in_flight = max(self._in_flight - 1, 0)
        if headers is None or headers.limit < 1:
            # It is unknown whether the source counted it, so it counts.
            self._remaining = max(self._remaining - 1, 0)
            return
        end = now + min(max(headers.reset_in_seconds, 0.0), LONGEST_WAIT_SECONDS) + _WINDOW_GUARD_SECONDS
        age = self._age(headers, end)
        if age > _SAME_WINDOW_SECONDS or (self._guessed and self._is_over(headers, age)):
            return  # A late answer from a window that is over.
        same = not self._guessed and age >= -_SAME_WINDOW_SECONDS
        self._own = self._own + 1 if same else 1
        self._remaining = min(self._remaining, headers.remaining) if same else headers.remaining
        self._window_end = min(self._window_end, end) if same else end
        self._window_name = headers.reset_at if not same else self._window_name
        self._limit = headers.limit
        self._guessed = False

    def refused(self, now: float, wait_seconds: float) -> None:
        """Note a 429: nobody calls before the wait is over, whatever seems to be left."""
        wait = min(max(wait_seconds, _SHORTEST_WAIT_SECONDS), LONGEST_WAIT_SECONDS)
        self._blocked_until = max(self._blocked_until, now + wait)
        self._remaining = 0
        self._window_end = self._blocked_until
        self._guessed = False

    def _begin_unknown_window(self, now: float) -> None:
        """Begin another window.

        Others may have used it already, so its first responses say how much is left.
        """
        if self._guessed:
            self._window_name = None  # The source's clock was set back, or it names its windows oddly.
        self._window_end = now + LONGEST_WAIT_SECONDS
        self._guessed = True
        self._tried = 0

    def _try(self) -> float | None:
        if self._in_flight == 0:
            self._tried = 0
        if self._tried < _UNKNOWN_IN_FLIGHT:
            self._tried += 1
            self._in_flight += 1
            return None
        return 0.0

    def _fits(self, need: Need) -> bool:
        """Return whether one more call is within the limit, whatever is in flight here and elsewhere.

        Responses arrive out of order, so a call in flight may or may not be counted in `remaining` already.
        How many others have in flight is unknown: they are assumed to call as often as they did in this
        window so far.
        """
        limit = self._limit or 0
        reserve = min(max(1, round(limit * self._reserve_share)) * need.value, limit - 1)
        spare = self._remaining - reserve
        if self._in_flight == 0:
            return spare > 0
        others = (limit - self._remaining) / max(self._own, 1)
        return (self._in_flight + 1) * min(max(others, 1.0), _MOST_OTHERS) <= spare

    def _age(self, headers: RateHeaders, end: float) -> float:
        """Return by how many seconds the window of an answer is older than the one known."""
        if headers.reset_at is not None and self._window_name is not None:
            return self._window_name - headers.reset_at
        return -LONGEST_WAIT_SECONDS if self._guessed else self._window_end - end

    def _is_over(self, headers: RateHeaders, age: float) -> bool:
        return abs(age) <= _SAME_WINDOW_SECONDS and headers.reset_in_seconds <= 0
