"""`earshot evaluate FILE`: how good detection is on labelled text, so that nobody has to take our word."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.invocation import AsJson, people, print_json


class TaskName(StrEnum):
    """What a file can be scored for."""

    SENTIMENT = "sentiment"
    FEATURE_REQUEST = "feature_request"
    LIFECYCLE = "lifecycle"
    CHURN = "churn"
    EVENTS = "events"


File = Annotated[
    Path, typer.Argument(help="CSV with the columns text and label; JSON lines for the task events.")
]
Task = Annotated[TaskName, typer.Option("--task", help="What to score.")]
Predictions = Annotated[
    Path | None, typer.Option(help="Also write a row per text with label, confidence and evidence.")
]


def evaluate(file: File, task: Task, *, predictions: Predictions = None, as_json: AsJson = False) -> None:
    """Score a labelled file with the detectors of this installation."""
    # Here, since loading the text model's runtime takes longer than most other commands.
    from services.detector.evaluation.report import as_text  # noqa: PLC0415
    from services.detector.evaluation.run import evaluate_file  # noqa: PLC0415

    report = evaluate_file(file, task, predictions)
    if as_json:
        print_json(report)
    else:
        people().print(as_text(report), markup=False, highlight=False)
