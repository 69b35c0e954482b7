"""How far each resource of a connection is read, and what was learned about the workspace's search."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.contracts.sync import ResourceType

_SECONDS_PER_CALL = 60
"""A walk that cannot ask for changes only is repeated so seldom that it costs about a call a minute."""

_LONGEST_PAUSE_SECONDS = 86_400
"""Even the largest list is walked once a day."""

DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next run of one resource goes on. Times are Unix seconds on the source's clock.

    Attributes:
        position: every change up to here has been asked for; None until the first walk ended.
        covered_from: for conversations, how far back closed ones were read.
        walked_at, walk_calls: when the whole list was last walked, and what that cost.
        short: how many fewer were held than the source counted when the whole list was last walked.
        asked_at: for companies, when each was last asked for by its id; lists show deleted ones.
        exact: whether the search reads seconds as seconds; None while not proven either way.
        sorted: whether the search obeys the order asked for; only learned where it matters.
        deleted_from: everything deleted up to here was heard of.
        retried_to: by reason, the id of the single gap that was tried again last; a round begins with none.
        audited_at, audited_to: when conversations were last audited, and the id that the audit came to.
    """

    resource: ResourceType
    position: int | None = None
    covered_from: int | None = None
    walked_at: int | None = None
    walk_calls: int = 0
    short: int | None = None
    asked_at: int | None = None
    exact: bool | None = None
    sorted: bool | None = None
    deleted_from: int | None = None
    audited_at: int | None = None
    audited_to: str = ""
    retried_to: Mapping[str, str] = field(default_factory=dict)

    def advanced(self, position: int) -> Cursor:
        """Return the cursor moved forward; it never moves back."""
        return replace(self, position=max(position, self.position or 0))

    def walk_due(self, now: int, *, shortest_pause_seconds: int = 0) -> bool:
        """Return whether the whole list should be walked again, given what walking it costs."""
        if self.walked_at is None:
            return True
        pause = min(self.walk_calls * _SECONDS_PER_CALL, _LONGEST_PAUSE_SECONDS)
        return now - self.walked_at >= max(pause, shortest_pause_seconds)


def asking_due(asked_at: int | None, now: int, amount: int) -> bool:
    """Tell whether to ask again by id, where `amount` are asked for: daily, or at about a call a minute."""
    return asked_at is None or now - asked_at >= max(_LONGEST_PAUSE_SECONDS, amount * _SECONDS_PER_CALL)


def audit_amount(audited_at: int | None, now: int, *, a_minute: int, pause_seconds: int) -> int:
    """Return how many conversations to audit: so many for each minute since the last time.

    A first audit, and one after a long silence, is as large as one after the usual pause, or after a day, so
    that it is never a burst.
    """
    passed = pause_seconds if audited_at is None else min(now - audited_at, _LONGEST_PAUSE_SECONDS)
    return max(passed, 0) * a_minute // 60


def lookback_start(now: int, lookback_days: int) -> int:
    """Return the oldest time of a closed conversation that is wanted."""
    return max(now - lookback_days * DAY_SECONDS, 0)
