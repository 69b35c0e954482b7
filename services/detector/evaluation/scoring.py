"""How good predictions are: counts that grow row by row, and the figures they give at the end.

Pure and of constant size: only counters are kept, so a file of any length takes the same memory.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
        occurring = {label: figure for label, figure in figures.items() if figure["support"]}
        return {
            "macro_f1": ratio(sum(one["f1"] for one in occurring.values()), len(occurring)),
            "accuracy": ratio(self.exact, self.rows),
            "labels": occurring,
        }


def ratio(part: float, whole: float) -> float:
    """A share rounded to four places; 0 of nothing is 0."""
    return round(part / whole, 4) if whole else 0.0


@dataclass
class Bin:
    """Answers of about the same confidence: how many, the sum of their confidences, how many were right."""

    rows: int = 0
    confidence: float = 0.0
    right: int = 0

    def __add__(self, other: Bin) -> Bin:
        return Bin(self.rows + other.rows, self.confidence + other.confidence, self.right + other.right)


@dataclass
class Calibration:
    """How confidence and being right go together, in equal-width bins of confidence.

    Those of several files can be added up: a confidence means the same wherever a message comes from, so
    the error of a task is that of all its rows together.
    """

    bins: list[Bin] = field(default_factory=lambda: [Bin() for _ in range(CALIBRATION_BINS)])

    def add(self, confidence: float, *, right: bool) -> None:
        """Count one answer; `confidence` is from 0 to 1."""
        into = self.bins[min(CALIBRATION_BINS - 1, int(confidence * CALIBRATION_BINS))]
        into.rows += 1
        into.confidence += confidence
        into.right += right

    @classmethod
    def of(cls, report: Iterable[Mapping[str, float]]) -> Calibration:
        """What `report` of another one tells, exact to its four places."""
        made = cls()
        for one in report:
            made.bins[round(one["from"] * CALIBRATION_BINS)] = Bin(
                int(one["rows"]), one["rows"] * one["confidence"], round(one["rows"] * one["right"])
            )
        return made

    def __add__(self, other: Calibration) -> Calibration:
        return Calibration([one + two for one, two in zip(self.bins, other.bins, strict=True)])

    @property
    def expected_error(self) -> float:
        """Mean gap between confidence and share of right answers, weighted by the rows of each bin."""
        return ratio(
            sum(abs(one.confidence - one.right) for one in self.bins), sum(one.rows for one in self.bins)
        )

    def report(self) -> list[dict[str, float]]:
        """The bins that hold rows: `from`, `to`, `rows`, mean `confidence`, and the share that is `right`."""
        return [
            {
                "from": at / CALIBRATION_BINS,
                "to": (at + 1) / CALIBRATION_BINS,
                "rows": one.rows,
                "confidence": ratio(one.confidence, one.rows),
                "right": ratio(one.right, one.rows),
            }
            for at, one in enumerate(self.bins)
            if one.rows
        ]


@dataclass
class Scorer:
    """Takes gold labels and verdicts one by one; `report` gives every figure of a task."""

    order: tuple[str, ...]
    forced: LabelCounts = field(default_factory=LabelCounts)
    answered: LabelCounts = field(default_factory=LabelCounts)
    calibration: Calibration = field(default_factory=Calibration)
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, gold: frozenset[str], verdict: Verdict) -> None:
        """Count one row. A row with several labels counts in the confusion matrix by each of them."""
        self.forced.add(gold, verdict.labels)
        if verdict.selective is not None:
            self.answered.add(gold, verdict.selective)
        self.calibration.add(verdict.confidence, right=verdict.lead in gold)
        for label in gold:
            shown = label if label in verdict.labels else verdict.lead
            self.confusion[label, shown] += 1

    def report(self) -> dict[str, Any]:
        """The figures as plain values, ready for JSON."""
        selective = self.answered.report(self.order)
        return {
            "rows": self.forced.rows,
            **self.forced.report(self.order),
            "ece": self.calibration.expected_error,
            "calibration": self.calibration.report(),
            "selective": {"coverage": ratio(self.answered.rows, self.forced.rows), **selective},
            "confusion": {
                gold: {
                    shown: self.confusion[gold, shown] for shown in self.order if self.confusion[gold, shown]
                }
                for gold in self.order
                if any(self.confusion[gold, shown] for shown in self.order)
            },
        }
