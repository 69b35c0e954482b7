"""Scoring a labelled file from beginning to end: read, classify, count, and keep predictions if asked."""

from __future__ import annotations

import csv
import time
from contextlib import ExitStack
from itertools import islice
from typing import TYPE_CHECKING, Any

from services.detector.adapters.onnx_text_model import OnnxTextModel
from services.detector.evaluation.errors import EvaluationError
from services.detector.evaluation.events import evaluate_events
from services.detector.evaluation.labelled_files import read_labelled
from services.detector.evaluation.predictions import open_predictions
from services.detector.evaluation.scoring import Scorer
from services.detector.evaluation.tasks import TASKS, Classifier

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from services.detector.domain.model_scores import TextModel
    from services.detector.evaluation.labelled_files import LabelledText
    from services.detector.evaluation.scoring import Verdict

EVENTS = "events"
TASK_NAMES = (*TASKS, EVENTS)
BATCH_ROWS = 128
"""Rows that are held and read together: enough for full batches of like length."""
_FIRST = "We would love to see a dark mode, or else we may have to cancel our plan and look for another tool."
"""A text that every detector looks at."""


def evaluate_file(
    path: Path,
    task: str,
    predictions: Path | None = None,
    clock: Callable[[], float] = time.perf_counter,
    *,
    model: TextModel | None = None,
    rules_only: bool = False,
    split: str = "",
) -> dict[str, Any]:
    """Score a file for a task; returns the object that `--json` prints.

    `model` reads the texts beside the rules: the packaged one unless another is given, none if `rules_only`.

    `split` keeps to the rows of one split. Writes a row per text to `predictions` (CSV: line, text, label,
    confidence, answered, evidence) when given. `clock` gives seconds and only serves to tell the speed.
    Raises EvaluationError.
    """
    if task not in TASK_NAMES:
        raise EvaluationError(f"there is no task {task}; choose one of {', '.join(TASK_NAMES)}")
    reader = None if rules_only else model or OnnxTextModel()
    if task == EVENTS:
        return evaluate_events(path, predictions, clock, reader, split)
    chosen = TASKS[task]
    classifier = Classifier(chosen, reader)
    scorer = Scorer(chosen.labels)
    # Phrases and word lists are made ready with the first text; the speed is that of all that follow.
    classifier.classify([_FIRST])
    spent = 0.0
    with ExitStack() as stack:
        keep = _keeping(stack, predictions, path)
        rows = (row for row in read_labelled(path) if split in {"", row.split})
        while batch := list(islice(rows, BATCH_ROWS)):
            golds = [chosen.gold(row) for row in batch]
            began = clock()
            verdicts = classifier.classify([row.text for row in batch])
            spent += clock() - began
            for row, gold, verdict in zip(batch, golds, verdicts, strict=True):
                scorer.add(gold, verdict)
                keep(row, verdict)
    report = scorer.report()
    if not report["rows"]:
        raise EvaluationError(f"{path} has no row with a label to score")
    speed = round(report["rows"] / spent, 1) if spent > 0 else 0.0
    return {"task": task, **report, "messages_per_second": speed}


def _keeping(stack: ExitStack, path: Path | None, labelled: Path) -> Callable[[LabelledText, Verdict], None]:
    if path is None:
        return lambda _row, _verdict: None
    target = open_predictions(stack, path, labelled)
    writer = csv.writer(target)
    writer.writerow(("line", "text", "label", "confidence", "answered", "evidence"))

    def keep(row: LabelledText, verdict: Verdict) -> None:
        label = ";".join(sorted(verdict.labels))
        answered = "no" if verdict.selective is None else "yes"
        evidence = " | ".join(verdict.evidence)
        writer.writerow((row.line, row.text, label, f"{verdict.confidence:.4f}", answered, evidence))

    return keep
