"""How long a connection that failed is skipped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

_FIRST_SECONDS = 1.0
"""A hiccup delays a run by no more than it may be late anyway (README, Measured)."""

_LONGEST_SECONDS = 600.0
"""Once the cause is fixed, nobody waits longer than this for the next run."""

_MOST = 5_000
"""Connections that are skipped at once. Each search for due connections names them, in 200 kB of query at
most; of more, the first to be due are tried too early, in turns."""


@dataclass(frozen=True, slots=True)
class _Pause:
    failures: int
    until: datetime


class Pauses:
    """Remembers when each failed connection is tried again, for as long as the process lives."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._known: dict[str, _Pause] = {}

    def now(self, now: datetime) -> list[str]:
        """Return the connections to skip now, in order of their ids."""
        # A clock that was ahead, and is corrected, left times further away than any pause lasts.
        latest = now + timedelta(seconds=_LONGEST_SECONDS)
        return sorted(key for key, pause in self._known.items() if now < pause.until <= latest)

    def failed(self, connection_id: str, now: datetime, jitter: float) -> None:
        """Skip one: for a second, then twice as long each time; `jitter` in [0, 1) spreads the upper half."""
        known = self._known.pop(connection_id, None)
        failures = known.failures + 1 if known else 1
        full = min(_FIRST_SECONDS * 2.0 ** min(failures - 1, 32), _LONGEST_SECONDS)
        if len(self._known) >= self._most:
            del self._known[min(self._known, key=lambda key: self._known[key].until)]
        seconds = full / 2 + full / 2 * jitter
        self._known[connection_id] = _Pause(failures, now + timedelta(seconds=seconds))

    def went_well(self, connection_id: str) -> None:
        """Forget that it ever failed."""
        self._known.pop(connection_id, None)

    def forget_old(self, now: datetime) -> None:
        """Forget connections that were not tried for long although they could be: they are no longer due."""
        before = now - timedelta(seconds=_LONGEST_SECONDS)
        self._known = {key: pause for key, pause in self._known.items() if pause.until > before}
