"""Labelled files: what is read, left out and refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from services.detector.evaluation.errors import EvaluationError
from services.detector.evaluation.labelled_files import FIELD_LIMIT_CHARACTERS, read_labelled

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, content: bytes) -> Path:
    path = folder / "labelled.csv"
    path.write_bytes(content)
    return path


def test_rows_are_read_with_extra_columns_ignored(tmp_path: Path) -> None:
    """Several labels, a byte order mark, line breaks in a text, ambiguous and unlabelled rows."""
    path = write(
        tmp_path,
        '\ufefflabel,extra,text,split\nUpsell;churn_risk,x,"two\nlines",train\nambiguous,x,a,\n,x,b,\nnone,x\n'.encode(),
    )
    rows = [(row.line, row.text, sorted(row.labels), row.split) for row in read_labelled(path)]
    assert rows == [(3, "two\nlines", ["churn_risk", "upsell"], "train"), (6, "", ["none"], "")]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"text,tag\na,b\n", "no column label"),
        (b"", "no column label and text"),
        (b"text,label\n\xff\xfe,a\n", "not UTF-8"),
        (b'text,label\n"' + b"a" * (FIELD_LIMIT_CHARACTERS + 9), "not readable CSV"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    """The message says what is wrong with which file."""
    with pytest.raises(EvaluationError, match=why):
        list(read_labelled(write(tmp_path, content)))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """A path that leads nowhere, or to a folder."""
    with pytest.raises(EvaluationError, match="cannot be read"):
        list(read_labelled(tmp_path / "nowhere.csv"))
