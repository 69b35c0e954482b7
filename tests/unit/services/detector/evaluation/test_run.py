"""From a labelled file to figures, by the library and by its command."""

from __future__ import annotations

import csv
import json
from itertools import count
from typing import TYPE_CHECKING

import pytest

from services.detector.domain.learned import Curve, Learned
from services.detector.domain.model_scores import LABELS, ModelScores
from services.detector.evaluation.__main__ import main
from services.detector.evaluation.errors import EvaluationError
from services.detector.evaluation.report import as_text
from services.detector.evaluation.run import evaluate_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LIFECYCLE = """text,label
Please cancel our subscription.,churn_risk
We need ten more seats and want to upgrade to the Pro plan.,expansion;upsell
Where is the invoice for March?,none
My CFO might ask about the price of it.,none
,none
"""
KEYS = {
    "task", "rows", "macro_f1", "accuracy", "labels", "ece", "calibration", "selective", "confusion",
    "messages_per_second",
}  # fmt: skip


def write(folder: Path, content: str, name: str = "labelled.csv") -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def test_lifecycle_with_predictions(tmp_path: Path) -> None:
    """The object has its keys, and each text has a row with what was said about it."""
    ticks = count()
    kept = tmp_path / "kept.csv"
    report = evaluate_file(write(tmp_path, LIFECYCLE), "lifecycle", kept, clock=lambda: float(next(ticks)))
    assert set(report) == KEYS
    assert set(report["selective"]) == {"coverage", "macro_f1", "accuracy", "labels"}
    assert report["rows"] == 5
    assert report["messages_per_second"] == 5.0
    with kept.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["label"] for row in rows[:3]] == ["churn_risk", "expansion;upsell", "none"]
    assert rows[0]["evidence"] == "Please cancel our subscription."


@pytest.mark.parametrize(
    ("task", "labels"),
    [
        ("churn", {"churn_risk", "other"}),
        ("feature_request", {"other"}),
        ("lifecycle", {"churn_risk", "expansion", "upsell", "none"}),
    ],
)
def test_labels_follow_the_task(tmp_path: Path, task: str, labels: set[str]) -> None:
    """Churn and requests take every other label as "other"."""
    assert set(evaluate_file(write(tmp_path, LIFECYCLE), task)["labels"]) == labels


def test_corrections_that_were_exported_can_be_scored(tmp_path: Path) -> None:
    """A wish among them is none of the lifecycle's labels, and no reason to refuse the file."""
    told = (
        "text,label\nPlease cancel our subscription.,churn_risk\nCould you add a dark mode?,feature_request\n"
    )
    report = evaluate_file(write(tmp_path, told), "lifecycle", rules_only=True)
    assert {name: one["support"] for name, one in report["labels"].items()} == {"churn_risk": 1, "none": 1}


def test_the_speed_is_that_of_the_rows(tmp_path: Path) -> None:
    """What is made ready once, with the first text that is read, does not count."""
    read: list[list[str]] = []
    clock_at: list[int] = []

    class Model:
        learned = Learned("abc", {label: Curve() for label in LABELS})

        def read(self, texts: Sequence[str]) -> list[ModelScores]:
            read.append(list(texts))
            return [ModelScores((0.0,) * len(LABELS)) for _ in texts]

    def clock() -> float:
        clock_at.append(len(read))
        return float(len(clock_at))

    path = write(tmp_path, LIFECYCLE)
    evaluate_file(path, "lifecycle", clock=clock, model=Model())
    assert clock_at[0] > 0
    assert clock_at[-1] > clock_at[0]


def test_sentiment_answers_every_row(tmp_path: Path) -> None:
    """A text without words is neutral when an answer is forced, and silence otherwise."""
    path = write(tmp_path, "text,label\nI love it!,positive\n...,neutral\nThis is awful.,negative\n")
    report = evaluate_file(path, "sentiment")
    assert report["accuracy"] == 1.0
    assert report["selective"]["coverage"] < 1


@pytest.mark.parametrize(
    ("content", "task", "why"),
    [
        ("text,label\na,happy\n", "sentiment", "line 2: label happy"),
        ("text,label\na,ambiguous\n", "sentiment", "no row"),
        ("text,label\na,none\n", "weather", "no task weather"),
    ],
)
def test_what_cannot_be_scored_is_refused(tmp_path: Path, content: str, task: str, why: str) -> None:
    """The message says where and why."""
    with pytest.raises(EvaluationError, match=why):
        evaluate_file(write(tmp_path, content), task)


def test_predictions_need_a_place(tmp_path: Path) -> None:
    """A folder that is not there is named."""
    with pytest.raises(EvaluationError, match="cannot be written"):
        evaluate_file(write(tmp_path, LIFECYCLE), "churn", tmp_path / "no" / "kept.csv")
    with pytest.raises(EvaluationError, match="cannot be written"):
        evaluate_file(write(tmp_path, "{}", "c.jsonl"), "events", tmp_path / "no" / "kept.jsonl")


@pytest.mark.parametrize("task", ["churn", "events"])
def test_predictions_never_take_the_place_of_the_labelled_file(tmp_path: Path, task: str) -> None:
    """Also where the same file is named in another way."""
    path = write(tmp_path, LIFECYCLE)
    (tmp_path / "link.csv").symlink_to(path)
    with pytest.raises(EvaluationError, match="is the labelled file"):
        evaluate_file(path, task, tmp_path / "link.csv", rules_only=True)
    assert path.read_text(encoding="utf-8") == LIFECYCLE


def test_the_command_prints_json_or_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One object for programs, figures in words for people, errors on the error stream."""
    path = str(write(tmp_path, LIFECYCLE))
    assert main([path, "--task", "lifecycle", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == KEYS
    assert main([path, "--task", "lifecycle"]) == 0
    assert "silent when unsure" in capsys.readouterr().out
    assert main([path + "x", "--task", "lifecycle"]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_events_have_a_page_too(tmp_path: Path) -> None:
    """Kinds, churn risk apart, and false alarms."""
    line = {
        "id": "1",
        "messages": [{"author": "customer", "text": "Please cancel our subscription."}],
        "expected": [{"kind": "churn_risk", "explicit": True, "messages": [0]}],
    }
    page = as_text(evaluate_file(write(tmp_path, json.dumps(line), "c.jsonl"), "events"))
    assert "churn_risk_explicit" in page
    assert "false alarms 0.0 per 100" in page
