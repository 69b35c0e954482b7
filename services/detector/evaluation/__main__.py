"""`python -m services.detector.evaluation FILE --task T`: the same as `earshot evaluate`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from services.detector.evaluation.errors import EvaluationError
from services.detector.evaluation.report import as_text
from services.detector.evaluation.run import TASK_NAMES, evaluate_file


def main(arguments: list[str] | None = None) -> int:
    """Score a file, print the figures; 0 when scored, 2 when the file cannot be."""
    parser = argparse.ArgumentParser(prog="python -m services.detector.evaluation")
    parser.add_argument("file", type=Path, help="CSV with text and label, or JSON lines for events")
    parser.add_argument("--task", required=True, choices=TASK_NAMES)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--predictions", type=Path, help="write one row per text to this file")
    parser.add_argument("--rules-only", action="store_true", help="leave the text model out")
    parser.add_argument("--split", default="", help="keep to the rows of one split, such as test")
    given = parser.parse_args(arguments)
    try:
        report = evaluate_file(
            given.file, given.task, given.predictions, rules_only=given.rules_only, split=given.split
        )
    except EvaluationError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write((json.dumps(report) if given.json else as_text(report)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
