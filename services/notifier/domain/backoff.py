"""When a failed delivery is retried, and when it is given up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delays that grow fourfold from 2 seconds to an hour: 8 attempts span up to 1.8 hours.

    Attributes:
        attempts: tries in all, the first included.
    """

    attempts: int = 8
    first_seconds: float = 2.0
    factor: float = 4.0
    longest_seconds: float = 3_600.0

    def delay_seconds(
        self, attempt: int, *, jitter: float, asked_seconds: float | None = None
    ) -> float | None:
        """Return the wait after the given attempt (from 1), or None if it was the last.

        `jitter` in [0, 1) spreads the wait over its upper half, so that a receiver that recovers is not met
        by everything at once. The receiver's own wish is obeyed up to the longest wait.
        """
        if attempt >= self.attempts:
            return None
        full = min(self.first_seconds * self.factor ** min(attempt - 1, 30), self.longest_seconds)
        return max(full / 2 + full / 2 * jitter, min(asked_seconds or 0.0, self.longest_seconds))
