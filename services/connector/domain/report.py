"""How a connection's syncing stands, put together from what the syncer tells."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime  # noqa: TC003 - the repository validates stored reports by these annotations
from typing import TYPE_CHECKING

from shared.contracts.sync import Gap, ResourceCount  # noqa: TC001 - see above

if TYPE_CHECKING:
    from shared.contracts.sync import SyncCompleted, SyncInterrupted, SyncProgressed


@dataclass(frozen=True, slots=True)
class RunReport:
    """The run that is under way, as last told."""

    run_id: str
    reason: str
    sequence: int
    resource: str
    counts: tuple[ResourceCount, ...]
    calls: int
    items_per_second: float | None
    remaining_seconds: float | None
    waiting_until: datetime | None
    waiting_for: str | None
    started_at: datetime
    reported_at: datetime
    told_share: float | None = None
    least_share: float = 0.0

    @property
    def share(self) -> float | None:
        """Return how much is done in 0…1 by what takes the time, or None while nobody can say.

        It never falls within a run: where more turns up than was announced, it waits until that is read too.
        """
        return None if self.told_share is None else max(self.told_share, self.least_share)


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """What the last completed run proved: complete up to when, and which gaps are known."""

    completed_at: datetime
    complete_up_to: datetime | None
    held: tuple[ResourceCount, ...]
    gaps: tuple[Gap, ...]
    gap_count: int
    changed: int
    calls: int
    reason: str


_FAILURES_TO_TELL = 3
"""Failures in a row until it is said that Intercom does not answer: with the pauses between them these take
seconds, which a blip does not."""


@dataclass(frozen=True, slots=True)
class SyncReport:
    """Everything a page says about syncing.

    Attributes:
        initial_done: turns true with the first whole run.
        failures: how often in a row Intercom gave a run no usable answer, at most, since it last gave one.
        failing_since: when the first of these failures was told; None while Intercom answers.
    """

    run: RunReport | None = None
    ledger: LedgerReport | None = None
    initial_done: bool = False
    failures: int = 0
    failing_since: datetime | None = None

    @property
    def no_answer_since(self) -> datetime | None:
        """Return since when Intercom does not answer; None while it does, and while it may be a blip."""
        return self.failing_since if self.failures >= _FAILURES_TO_TELL else None

    def progressed(self, event: SyncProgressed) -> SyncReport:
        """Return the report with a run's newest word; older words of the same run change nothing."""
        known = self.run
        if event.reason == "hint":
            return self
        if known is not None and known.run_id == event.run_id and known.sequence >= event.sequence:
            return self
        if known is not None and known.run_id != event.run_id and known.started_at > event.started_at:
            return self
        if self.ledger is not None and self.ledger.completed_at > event.reported_at:
            return self
        return replace(
            self,
            # A run after one that was given up counts from one again, and meets the same silence.
            failures=max(event.failures, self.failures) if event.failures else 0,
            failing_since=(self.failing_since or event.reported_at) if event.failures else None,
            run=RunReport(
                run_id=event.run_id,
                reason=event.reason,
                sequence=event.sequence,
                resource=event.resource,
                counts=event.counts,
                calls=event.calls,
                items_per_second=event.items_per_second,
                remaining_seconds=event.remaining_seconds,
                waiting_until=event.waiting_until,
                waiting_for=event.waiting_for,
                started_at=event.started_at,
                reported_at=event.reported_at,
                told_share=event.share,
                least_share=(known.share or 0.0) if known and known.run_id == event.run_id else 0.0,
            ),
        )

    def completed(self, event: SyncCompleted) -> SyncReport:
        """Return the report with a run's end; the ledger keeps the newest end."""
        run = None if self.run is not None and self.run.run_id == event.run_id else self.run
        if event.reason == "hint":
            return replace(self, run=run)
        if self.ledger is not None and self.ledger.completed_at >= event.completed_at:
            return replace(self, run=run)
        return SyncReport(
            run=run,
            initial_done=True,
            ledger=LedgerReport(
                completed_at=event.completed_at,
                complete_up_to=event.complete_up_to,
                held=event.held or event.counts,
                gaps=event.gaps,
                gap_count=event.gap_count,
                changed=event.changed,
                calls=event.calls,
                reason=event.reason,
            ),
        )

    def interrupted(self, event: SyncInterrupted) -> SyncReport:
        """Return the report without the run that cannot go on."""
        run = None if self.run is not None and self.run.run_id == event.run_id else self.run
        return replace(self, run=run)
