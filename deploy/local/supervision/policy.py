"""When a part that ended is started again, and when one that is silent is ended. Pure numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """Quickly after a first accident, slowly in a crash loop, never not at all.

    Attributes:
        first_seconds: pause after the first failure; doubles with each further one.
        longest_seconds: where doubling ends, so that a mended cause is noticed within half a minute.
        stable_seconds: a part that ran this long has earned a quick restart again.
        silence_seconds: a part that says nothing for this long is hung and ended. Longer than any pause
            that a busy machine or a recovering broker takes.
    """

    first_seconds: float = 0.25
    longest_seconds: float = 30.0
    stable_seconds: float = 60.0
    silence_seconds: float = 120.0

    def failures_after(self, failures: int, *, ran_seconds: float) -> int:
        """Return how many failures in a row there are once a part ended after `ran_seconds`."""
        return 1 if ran_seconds >= self.stable_seconds else failures + 1

    def delay(self, failures: int) -> float:
        """Return the pause in seconds before the start that follows `failures` (1 or more) in a row."""
        # Bounded before the power is taken, so that no long crash loop ends in an overflow.
        doublings = min(failures - 1, 16)
        return min(self.first_seconds * 2.0**doublings, self.longest_seconds)
