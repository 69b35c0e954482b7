"""`python -m services.detector.training.table FOLDER TFIDF LEFT_OUT`: the README's tables, in one run.

Every set in FOLDER (its test split) and the held-out authored messages: the detectors with the text
model, by rules alone, TF-IDF (from the JSON that `tfidf` wrote), and for moods VADER with its usual cuts.
Then each public source as read by a model that never saw it (from the JSON that `left_out` wrote).
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from services.detector.adapters.onnx_text_model import OnnxTextModel
from services.detector.evaluation.labelled_files import read_labelled
from services.detector.evaluation.run import evaluate_file
from services.detector.evaluation.scoring import Calibration, LabelCounts
from services.detector.training.examples import AUTHORED, task_of
from services.detector.training.origins import origins_table, read_origins

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_AUTHORED = "authored"
_VADER_CUT = 0.05
"""The cut that VADER's authors name for its compound score."""
_COLUMNS = (
    "task",
    "set",
    "rows",
    "macro-F1",
    "F1",
    "accuracy",
    "ECE",
    "answered",
    "macro-F1 when silent if unsure",
    "rules alone",
    "TF-IDF",
    "VADER",
)


def vader_macro_f1(path: Path, split: str) -> float:
    """What VADER reaches on the rows of a split."""
    analyzer = SentimentIntensityAnalyzer()
    counts = LabelCounts()
    for row in read_labelled(path):
        if row.split == split:
            score = analyzer.polarity_scores(row.text)["compound"]
            label = "positive" if score >= _VADER_CUT else "negative" if score <= -_VADER_CUT else "neutral"
            counts.add(row.labels, frozenset({label}))
    return float(counts.report(("negative", "neutral", "positive"))["macro_f1"])


def line_of(path: Path, task: str, model: OnnxTextModel, tfidf: dict[str, Any]) -> tuple[str, Calibration]:
    """One row of the table, of the rows of a file that are tested, and how sure the answers were."""
    split = "held_out" if path.stem.startswith(_AUTHORED) else "test"
    with_model = evaluate_file(path, task, model=model, split=split)
    rules = evaluate_file(path, task, rules_only=True, split=split)
    positive = {"churn": "churn_risk", "feature_request": "feature_request"}.get(task, "")
    one = with_model["labels"].get(positive)
    other = tfidf.get(path.stem) if task != "churn" else None
    cells = (
        task,
        path.stem,
        with_model["rows"],
        f"**{with_model['macro_f1']:.3f}**",
        f"{one['f1']:.3f}" if one else "",
        f"{with_model['accuracy']:.3f}",
        f"{with_model['ece']:.3f}",
        f"{with_model['selective']['coverage']:.0%}",
        f"{with_model['selective']['macro_f1']:.3f}",
        f"{rules['macro_f1']:.3f}",
        f"{other['macro_f1']:.3f}" if other else "",
        f"{vader_macro_f1(path, split):.3f}" if task == "sentiment" else "",
    )
    return f"| {' | '.join(map(str, cells))} |", Calibration.of(with_model["calibration"])


def together(task: str, parts: Sequence[Calibration]) -> str:
    """The row of all sets of a task: how many rows, how many right, and the calibration error over all."""
    whole = sum(parts, start=Calibration())
    rows, right = sum(one.rows for one in whole.bins), sum(one.right for one in whole.bins)
    cells = (task, "all of them", rows, "", "", f"{right / rows:.3f}", f"{whole.expected_error:.3f}")
    return f"| {' | '.join(map(str, cells))} |" + " |" * (len(_COLUMNS) - len(cells))


def gathered(target: Path) -> Iterator[Path]:
    """The authored messages as one file per task in a folder."""
    for task in ("sentiment", "feature_request", "lifecycle"):
        with (target / f"{_AUTHORED}_{task}.csv").open("w", encoding="utf-8", newline="") as lines:
            writer = csv.writer(lines)
            writer.writerow(("text", "label", "split"))
            for path in sorted(AUTHORED.glob("*.csv")):
                if task_of(path.stem) == task:
                    writer.writerows(
                        (row.text, ";".join(sorted(row.labels)), row.split) for row in read_labelled(path)
                    )
        yield target / f"{_AUTHORED}_{task}.csv"


def table(folder: Path, tfidf: dict[str, Any]) -> Iterator[str]:
    """The table's lines: public sets, the held-out authored messages, each task as a whole."""
    model = OnnxTextModel()
    calibrations: dict[str, list[Calibration]] = {}
    yield f"| {' | '.join(_COLUMNS)} |"
    yield "|" + " --- |" * len(_COLUMNS)
    with tempfile.TemporaryDirectory() as place:
        for path in [*sorted(folder.glob("*.csv")), *gathered(Path(place))]:
            task = task_of(path.stem.removeprefix(f"{_AUTHORED}_"))
            for each in ("lifecycle", "churn") if task == "lifecycle" else (task,):
                line, calibration = line_of(path, each, model, tfidf)
                calibrations.setdefault(each, []).append(calibration)
                yield line
    for task, parts in calibrations.items():
        yield together(task, parts)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m services.detector.training.table")
    parser.add_argument("folder", type=Path, help="folder with the labelled sets")
    parser.add_argument("tfidf", type=Path, help="what the tfidf command wrote")
    parser.add_argument("left_out", type=Path, help="what the left_out command wrote")
    given = parser.parse_args()
    figures = json.loads(given.tfidf.read_text(encoding="utf-8"))
    moods = {path.stem: vader_macro_f1(path, "test") for path in given.folder.glob("sentiment_*.csv")}
    unseen = origins_table(read_origins(given.left_out), moods)
    for line in itertools.chain(table(given.folder, figures), ("",), unseen):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
