"""Labelled files, read row by row: what a row must have, and what is left out."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.detector.evaluation.errors import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AMBIGUOUS = "ambiguous"
"""Label of rows that the annotators could not decide; they are not scored."""
FIELD_LIMIT_CHARACTERS = 1_000_000
"""A longer field is an unclosed quotation mark, not a message."""


@dataclass(frozen=True, slots=True)
class LabelledText:
    """One row: the line it ends on, its text, its labels, and the split it belongs to (empty: none)."""

    line: int
    text: str
    labels: frozenset[str]
    split: str = ""


def read_labelled(path: Path) -> Iterator[LabelledText]:
    """Rows with `text` and `label`, ambiguous and unlabelled ones left out; one row in memory at a time.

    Raises EvaluationError when the file cannot be read, is not CSV in UTF-8 or lacks a column.
    """
    csv.field_size_limit(FIELD_LIMIT_CHARACTERS)
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            missing = {"text", "label"} - set(rows.fieldnames or ())
            if missing:
                raise EvaluationError(
                    f"{path} has no column {' and '.join(sorted(missing))}; the first line must name the "
                    f"columns, it names {', '.join(rows.fieldnames or ()) or 'nothing'}"
                )
            for row in rows:
                labels = frozenset(part.strip().lower() for part in (row["label"] or "").split(";")) - {""}
                if labels and AMBIGUOUS not in labels:
                    yield LabelledText(rows.line_num, row["text"] or "", labels, row.get("split") or "")
    except OSError as error:
        raise EvaluationError(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise EvaluationError(f"{path} is not UTF-8: {error.reason} at byte {error.start}") from error
    except csv.Error as error:
        raise EvaluationError(f"{path} is not readable CSV: {error}") from error
