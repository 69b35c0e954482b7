"""What the files of lists hold."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from services.detector.domain.occasion import Slot
from services.detector.pages.export import ASKED_HEADING, asked_rows
from tests.unit.services.detector.domain.test_book import NOW, assessment, proof, settled

if TYPE_CHECKING:
    from services.detector.domain.signal import ClearReason


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (None, True),
        ("resolved", True),
        ("expired", True),
        ("dismissed", False),
        ("withdrawn", False),
        ("merged", False),
        ("evidence_gone", False),
    ],
)
def test_whom_to_tell_are_those_who_count(reason: ClearReason | None, told: bool) -> None:
    """The list names who stands behind the request, and why each wish is closed; nobody who did not ask."""
    words = replace(proof(), author_id="ws1:dana", author_email="dana@n.example")
    (signal,) = settled(assessment(words, slot=Slot("feature_request", "r1")))
    closed = signal.cleared(reason, at=NOW) if reason else signal
    rows = [dict(zip(ASKED_HEADING, row, strict=True)) for row in asked_rows(closed, "EUR")]
    expected = [("dana@n.example", closed.state, reason or "")] if told else []
    assert [(row["email"], row["state"], row["cleared_because"]) for row in rows] == expected
