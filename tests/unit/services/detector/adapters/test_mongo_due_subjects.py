"""What taking the marks of reviewed subjects away costs."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import groupby

from pymongo import DeleteOne, UpdateOne

from services.detector.adapters.mongo_due_subjects import _done
from services.detector.domain.identity import Subject
from services.detector.ports import DueSubject

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_subjects_that_are_done_cost_two_round_trips() -> None:
    """However many they are, all deletions come in a row and all updates in another."""
    reviewed = [DueSubject("acme", Subject("customer", f"c{number}"), "con1", None, 1) for number in range(9)]
    kinds = [kind for kind, _ in groupby(_done(reviewed, NOW), key=type)]
    assert kinds == [DeleteOne, UpdateOne]
