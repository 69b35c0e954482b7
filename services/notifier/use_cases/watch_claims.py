"""Whose claims may be taken over: those that this process itself saw unchanged for as long as they last.

No two machines' clocks are compared for it. What a holder does it begins before others can see its claim, and
ends by its own monotonic clock within the lease; whoever has watched the claim for that long is behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.notifier.ports import HeldClaim

_MOST_BETWEEN_LOOKS_SECONDS = 5.0
"""What a time without a look counts for at most. The database may have been away: then the holder could not
store what came of its try, and is left the rest of what its lease has to spare for it."""


class ClaimWatch:
    """How long each claim has been seen. Begins with the process, so that it owes nothing to a former one."""

    def __init__(self) -> None:
        self._seen_seconds: dict[HeldClaim, float] = {}
        self._looked_at: float | None = None

    def ended(self, claims: Sequence[HeldClaim], *, looked_at: float) -> list[HeldClaim]:
        """Note one look, which shows all claims there are; return those seen for their whole lease.

        Args:
            claims: what the look shows. One that is made anew has another token, and is another claim.
            looked_at: this process's monotonic time, read once the look's answer was there.
        """
        passed = 0.0 if self._looked_at is None else looked_at - self._looked_at
        counted = min(passed, _MOST_BETWEEN_LOOKS_SECONDS)
        before, self._looked_at = self._seen_seconds, looked_at
        self._seen_seconds = {claim: before[claim] + counted if claim in before else 0.0 for claim in claims}
        return [claim for claim, seconds in self._seen_seconds.items() if seconds >= claim.lease_seconds]
