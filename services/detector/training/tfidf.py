"""`python -m services.detector.training.tfidf FOLDER OUT`: the usual baseline, for comparison.

Words and word pairs by TF-IDF and a logistic regression, learned from the rows that the model learned from
and scored on the test splits in FOLDER. Needs scikit-learn (requirements/train.txt). OUT is JSON: the figures
by set.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from services.detector.domain.model_scores import LIFECYCLE, POLARITIES, WISH
from services.detector.evaluation.scoring import LabelCounts
from services.detector.training.examples import read_authored, read_public, task_of
from services.detector.training.recipe import again

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from services.detector.training.examples import Example

_EVEN = 0.5


def _learner() -> Any:
    return make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        LogisticRegression(C=4.0, max_iter=400, class_weight="balanced"),
    )


def _yes_or_no(label: str, examples: Sequence[Example]) -> Callable[[list[str]], Any]:
    known = [example for example in examples if label in example.targets]
    learner = _learner()
    learner.fit([one.text for one in known], [one.targets[label] for one in known])
    return lambda texts: learner.predict_proba(texts)[:, 1]


def predictions(task: str, examples: Sequence[Example], texts: list[str]) -> list[frozenset[str]]:
    """The labels that the baseline gives to texts."""
    if task == "sentiment":
        known = [example for example in examples if example.sentiment is not None]
        learner = _learner()
        learner.fit([one.text for one in known], [POLARITIES[one.sentiment or 0] for one in known])
        return [frozenset({str(label)}) for label in learner.predict(texts)]
    labels = (WISH,) if task == WISH else LIFECYCLE
    nothing = "other" if task == WISH else "none"
    chances = [_yes_or_no(label, examples)(texts) for label in labels]
    return [
        frozenset(label for label, chance in zip(labels, row, strict=True) if chance >= _EVEN)
        or frozenset({nothing})
        for row in zip(*chances, strict=True)
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m services.detector.training.tfidf")
    parser.add_argument("folder", type=Path, help="folder with the labelled sets")
    parser.add_argument("out", type=Path, help="JSON file for the figures")
    given = parser.parse_args()
    examples = [*read_public(), *again(list(read_public())), *read_authored()]
    figures: dict[str, Any] = {}
    for path in sorted(given.folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            rows = [row for row in csv.DictReader(lines) if row["split"] == "test"]
        task = task_of(path.stem)
        counts = LabelCounts()
        found = predictions(task, examples, [row["text"] for row in rows])
        for row, labels in zip(rows, found, strict=True):
            counts.add(frozenset(row["label"].split(";")), labels)
        order = sorted({label for row in rows for label in row["label"].split(";")})
        figures[path.stem] = counts.report(order)
        sys.stdout.write(f"{path.stem}: TF-IDF macro-F1 {figures[path.stem]['macro_f1']:.3f}\n")
    given.out.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
