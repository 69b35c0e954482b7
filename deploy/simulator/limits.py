"""How many calls are left: fixed windows of ten seconds, per app and per workspace (FACTS §4)."""

from __future__ import annotations

from dataclasses import dataclass

WINDOW_SECONDS = 10
"""Intercom spreads its limit per minute evenly over windows of this length."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the headers of an answer say, and whether the call was within the limit."""

    limit: int
    remaining: int
    reset: int
    allowed: bool

    def headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset),
        }


class RateLimiter:
    """Counts calls by name (an app, a workspace) in the current window; refused calls count too."""

    def __init__(self) -> None:
        self._window = -1
        self._used: dict[str, int] = {}

    def take(self, now: float, limits: dict[str, int]) -> Allowance:
        """Count one call against every named limit. The headers tell the one with the least left."""
        window = int(now // WINDOW_SECONDS)
        if window != self._window:
            self._window, self._used = window, {}
        reset = (window + 1) * WINDOW_SECONDS
        tightest: Allowance | None = None
        for name, limit in limits.items():
            used = self._used.get(name, 0) + 1
            self._used[name] = used
            allowance = Allowance(limit, max(0, limit - used), reset, used <= limit)
            if tightest is None or (allowance.allowed, allowance.remaining) < (
                tightest.allowed,
                tightest.remaining,
            ):
                tightest = allowance
        if tightest is None:
            raise ValueError("A call must be counted against at least one limit.")
        return tightest
