"""What the pages say of syncing, from what the syncer tells: in order or not, once or twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.connector.domain.report import SyncReport
from shared.contracts.sync import ResourceCount, SyncCompleted, SyncInterrupted, SyncProgressed
from tests.unit.services.connector.fakes import NOW


def progressed(sequence: int = 1, **changes: Any) -> SyncProgressed:
    whole: dict[str, Any] = {
        "organization_id": "acme",
        "connection_id": "c-1",
        "run_id": "run-1",
        "reason": "scheduled",
        "sequence": sequence,
        "resource": "conversation",
        "counts": (ResourceCount(resource="conversation", done=sequence, total=10),),
        "calls": sequence,
        "started_at": NOW,
        "reported_at": NOW + timedelta(seconds=sequence),
        **changes,
    }
    return SyncProgressed(**whole)


def completed(**changes: Any) -> SyncCompleted:
    whole: dict[str, Any] = {
        "organization_id": "acme",
        "connection_id": "c-1",
        "run_id": "run-1",
        "reason": "scheduled",
        "counts": (ResourceCount(resource="conversation", done=10, total=10),),
        "changed": 10,
        "calls": 12,
        "complete_up_to": NOW,
        "started_at": NOW,
        "completed_at": NOW + timedelta(minutes=1),
        **changes,
    }
    return SyncCompleted(**whole)


def interrupted(**changes: Any) -> SyncInterrupted:
    whole: dict[str, Any] = {
        "organization_id": "acme",
        "connection_id": "c-1",
        "run_id": "run-1",
        "reason": "token_revoked",
        "detail": "401 token_revoked",
        "interrupted_at": NOW + timedelta(minutes=1),
        **changes,
    }
    return SyncInterrupted(**whole)


def test_a_source_that_does_not_answer_is_told_since_its_first_failure() -> None:
    """Two failures may be a blip; the third says since when. An answer, or a run's end, ends it."""
    report = SyncReport().progressed(progressed(1))
    assert (report.failing_since, report.no_answer_since) == (None, None)
    for number in (1, 2, 3):
        report = report.progressed(progressed(1 + number, failures=number))
        assert report.failing_since == NOW + timedelta(seconds=2)
        assert report.no_answer_since == (report.failing_since if number == 3 else None)
    given_up = report.interrupted(interrupted(reason="unreachable"))
    assert given_up.no_answer_since == report.failing_since
    again = given_up.progressed(
        progressed(9, run_id="run-2", failures=1, started_at=NOW + timedelta(hours=1))
    )
    once_more = again.progressed(progressed(10, run_id="run-2", failures=2))
    assert again.no_answer_since == once_more.no_answer_since == report.failing_since
    assert report.progressed(progressed(5)).no_answer_since is None
    assert report.completed(completed()).no_answer_since is None


@given(st.permutations(range(1, 7)))
def test_progress_never_goes_back(order: list[int]) -> None:
    """However the words of a run arrive, the newest one stands."""
    report = SyncReport()
    highest = 0
    for sequence in order:
        report = report.progressed(progressed(sequence))
        highest = max(highest, sequence)
        assert report.run is not None
        assert report.run.sequence == highest


def test_an_older_run_says_nothing_about_a_newer_one() -> None:
    """Its late word is dropped; the newer run's takes over."""
    newer = progressed(1, run_id="run-2", started_at=NOW + timedelta(hours=1))
    report = SyncReport().progressed(newer)
    assert report.progressed(progressed(9)) == report
    assert SyncReport().progressed(progressed(9)).progressed(newer).run == report.run


def test_a_word_from_before_the_end_does_not_reopen_the_run() -> None:
    """Progress that arrives after the completion is history."""
    done = SyncReport().progressed(progressed(1)).completed(completed())
    assert done.run is None
    assert done.initial_done
    assert done.progressed(progressed(2)) == done


def test_the_newest_end_is_the_ledger() -> None:
    """An older end, or the same twice, changes nothing but closes its run."""
    newest = completed(run_id="run-2", completed_at=NOW + timedelta(hours=2), calls=99)
    report = SyncReport().completed(newest)
    assert report.completed(newest) == report
    assert (
        report.progressed(progressed(1, reported_at=NOW + timedelta(hours=3))).completed(completed())
        == report
    )
    assert report.ledger is not None
    assert report.ledger.calls == 99
    assert report.ledger.held == newest.counts


def test_what_is_held_in_all_is_preferred() -> None:
    """A run's own counts stand in only where the syncer did not tell what is held."""
    held = (ResourceCount(resource="contact", done=5, total=5),)
    report = SyncReport().completed(completed(held=held))
    assert report.ledger is not None
    assert report.ledger.held == held


def test_hints_are_not_runs_to_look_at() -> None:
    """Their progress would flicker, and their end proves nothing about the whole."""
    report = SyncReport().progressed(progressed(1))
    assert report.progressed(progressed(5, reason="hint", run_id="hint-1")) == report
    assert report.completed(completed(reason="hint", run_id="hint-1")) == report
    assert SyncReport().completed(completed(reason="hint")) == SyncReport()


def test_an_interruption_ends_its_own_run() -> None:
    """Another run goes on being shown."""
    report = SyncReport().progressed(progressed(1))
    assert report.interrupted(interrupted()).run is None
    assert report.interrupted(interrupted(run_id="run-2")) == report
    assert SyncReport().interrupted(interrupted()) == SyncReport()


def test_the_share_is_the_syncers() -> None:
    """It knows what a resource costs; while it cannot say, nor can we, whatever was counted."""
    assert SyncReport().progressed(progressed(3)).run is not None
    told = SyncReport().progressed(progressed(3, share=0.25))
    assert told.run is not None
    assert told.run.share == 0.25
    unknown = told.progressed(progressed(4)).run
    assert unknown is not None
    assert unknown.share is None


def test_the_share_never_falls_within_a_run() -> None:
    """Where more turns up than was announced, it waits; another run begins anew."""
    report = SyncReport().progressed(progressed(3, share=0.5)).progressed(progressed(4, share=0.4))
    assert report.run is not None
    assert report.run.share == 0.5
    other = report.progressed(
        progressed(1, run_id="run-2", share=0.1, started_at=NOW + timedelta(hours=1))
    ).run
    assert other is not None
    assert other.share == 0.1
