"""How good predictions are: counts that grow row by row, and the figures they give at the end.

Pure and of constant size: only counters are kept, so a file of any length takes the same memory.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

CALIBRATION_BINS = 10
"""The usual number of equal-width bins for the expected calibration error."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was predicted for one text.

    `labels` is the answer when one must be given, with `confidence`, the probability of its surest
    label. `selective` is the answer given when silence is allowed; None is silence.
    """

    labels: frozenset[str]
    confidence: float
    selective: frozenset[str] | None
    evidence: tuple[str, ...] = ()
    lead: str = ""


@dataclass
class LabelCounts:
    """Right and wrong answers per label, for answers that are sets of labels."""

    hit: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    exact: int = 0

    def add(self, gold: frozenset[str], predicted: frozenset[str]) -> None:
        self.rows += 1
        self.exact += gold == predicted
        self.hit.update(gold & predicted)
        self.wrong.update(predicted - gold)
        self.missed.update(gold - predicted)

    def figures(self, label: str) -> dict[str, float | int]:
        """Precision, recall, F1 and support of a label; 0 where nothing was predicted or expected."""
        hit, wrong, missed = self.hit[label], self.wrong[label], self.missed[label]
        return {
            "precision": ratio(hit, hit + wrong),
            "recall": ratio(hit, hit + missed),
            "f1": ratio(2 * hit, 2 * hit + wrong + missed),
            "support": hit + missed,
        }

    def report(self, labels: Iterable[str]) -> dict[str, Any]:
        """Accuracy (all labels of a row right), macro-F1 and figures over the labels that occur."""
        figures = {label: self.figures(label) for label in labels}
        occurring = {label: one for label, one in figures.items() if one["support"]}
        return {
            "macro_f1": ratio(sum(one["f1"] for one in occurring.values()), len(occurring)),
            "accuracy": ratio(self.exact, self.rows),
            "labels": occurring,
        }


def ratio(part: float, whole: float) -> float:
    """A share rounded to four places; 0 of nothing is 0."""
    return round(part / whole, 4) if whole else 0.0


@dataclass
class Scorer:
    """Takes gold labels and verdicts one by one; `report` gives every figure of a task."""

    order: tuple[str, ...]
    forced: LabelCounts = field(default_factory=LabelCounts)
    answered: LabelCounts = field(default_factory=LabelCounts)
    bins: list[list[float]] = field(
        default_factory=lambda: [[0.0, 0.0, 0.0] for _ in range(CALIBRATION_BINS)]
    )
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, gold: frozenset[str], verdict: Verdict) -> None:
        """Count one row. A row with several labels counts in the confusion matrix by each of them."""
        self.forced.add(gold, verdict.labels)
        if verdict.selective is not None:
            self.answered.add(gold, verdict.selective)
        at = min(CALIBRATION_BINS - 1, int(verdict.confidence * CALIBRATION_BINS))
        self.bins[at][0] += 1
        self.bins[at][1] += verdict.confidence
        self.bins[at][2] += verdict.lead in gold
        for label in gold:
            shown = label if label in verdict.labels else verdict.lead
            self.confusion[label, shown] += 1

    @property
    def expected_calibration_error(self) -> float:
        """Mean gap between confidence and accuracy of the leading label, weighted by bin size."""
        gap = sum(abs(confidence - right) for _, confidence, right in self.bins)
        return ratio(gap, sum(count for count, _, _ in self.bins))

    def report(self) -> dict[str, Any]:
        """The figures as plain values, ready for JSON."""
        selective = self.answered.report(self.order)
        return {
            "rows": self.forced.rows,
            **self.forced.report(self.order),
            "ece": self.expected_calibration_error,
            "selective": {"coverage": ratio(self.answered.rows, self.forced.rows), **selective},
            "confusion": {
                gold: {
                    shown: self.confusion[gold, shown] for shown in self.order if self.confusion[gold, shown]
                }
                for gold in self.order
                if any(self.confusion[gold, shown] for shown in self.order)
            },
        }
