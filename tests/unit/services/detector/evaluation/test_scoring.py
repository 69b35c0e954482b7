"""Figures checked against counts done by hand."""

from __future__ import annotations

import pytest

from services.detector.evaluation.scoring import Calibration, LabelCounts, Scorer, Verdict


def said(*labels: str, confidence: float = 0.9, silent: bool = False) -> Verdict:
    chosen = frozenset(labels)
    return Verdict(chosen, confidence, None if silent else chosen, (), labels[0])


def test_figures_of_a_small_file() -> None:
    """Four rows, one wrong, one silent."""
    scorer = Scorer(("a", "b", "c"))
    scorer.add(frozenset("a"), said("a", confidence=0.8))
    scorer.add(frozenset("a"), said("b", confidence=0.6))
    scorer.add(frozenset("b"), said("b", confidence=1.0))
    scorer.add(frozenset("b"), said("a", confidence=0.55, silent=True))
    report = scorer.report()
    assert report["rows"] == 4
    assert report["accuracy"] == 0.5
    assert report["labels"]["a"] == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 2}
    assert report["macro_f1"] == 0.5
    assert report["selective"]["coverage"] == 0.75
    assert report["selective"]["labels"]["b"] == {"precision": 0.5, "recall": 1.0, "f1": 0.6667, "support": 1}
    assert report["confusion"] == {"a": {"a": 1, "b": 1}, "b": {"a": 1, "b": 1}}


def test_labels_that_do_not_occur_are_not_averaged() -> None:
    """A file without "c" is not punished for it, even when "c" was said."""
    scorer = Scorer(("a", "b", "c"))
    scorer.add(frozenset("a"), said("a"))
    scorer.add(frozenset("a"), said("c"))
    report = scorer.report()
    assert set(report["labels"]) == {"a"}
    assert report["macro_f1"] == pytest.approx(2 / 3, abs=1e-4)


def test_several_labels_need_all_for_accuracy() -> None:
    """Each label counts for itself; the row only as a whole."""
    counts = LabelCounts()
    counts.add(frozenset("ab"), frozenset("a"))
    counts.add(frozenset("ab"), frozenset("ab"))
    assert counts.report("ab")["accuracy"] == 0.5
    assert counts.figures("b")["recall"] == 0.5


def test_calibration_error_is_the_weighted_gap() -> None:
    """Two answers at 0.75, one right: a gap of 0.25."""
    scorer = Scorer(("a", "b"))
    scorer.add(frozenset("a"), said("a", confidence=0.75))
    scorer.add(frozenset("b"), said("a", confidence=0.75))
    report = scorer.report()
    assert report["ece"] == 0.25
    assert report["calibration"] == [
        {"from": 0.7, "to": 0.8, "rows": 2, "confidence": 0.75, "right": 0.5},
    ]


def test_gaps_of_two_files_in_opposite_directions_cancel() -> None:
    """Too sure on one and not sure enough on the other: together the confidence says what is right."""
    sure, unsure = Calibration(), Calibration()
    for right in (True, False, False, True):
        sure.add(0.75, right=right)
        unsure.add(0.75, right=True)
    assert (sure.expected_error, unsure.expected_error) == (0.25, 0.25)
    assert (sure + unsure).expected_error == 0.0


def test_a_report_tells_all_that_is_needed_to_add_it_up() -> None:
    """The largest confidence has a bin, and bins without rows are not told."""
    whole = Calibration()
    for confidence, right in ((1.0, True), (0.31, False), (0.39, True)):
        whole.add(confidence, right=right)
    again = Calibration.of(whole.report())
    assert [one.rows for one in again.bins] == [one.rows for one in whole.bins]
    assert again.report() == whole.report()
    assert again.expected_error == pytest.approx(whole.expected_error, abs=1e-4)


def test_nothing_scored_gives_zeroes() -> None:
    """No division by nothing."""
    report = Scorer(("a",)).report()
    assert (report["rows"], report["macro_f1"], report["ece"]) == (0, 0.0, 0.0)
