"""The authored messages are what they say they are."""

from __future__ import annotations

from collections import Counter

import pytest

from services.detector.evaluation.calibrate import authored_folder
from services.detector.evaluation.conversations import EVENT_KINDS, read_conversations
from services.detector.evaluation.labelled_files import read_labelled
from services.detector.evaluation.run import evaluate_file

FILES = sorted(authored_folder().glob("*.csv"))


@pytest.mark.parametrize(
    "name", ["onboarding", "renewal", "upsell", "expansion", "churn_risk", "feature_request"]
)
def test_each_kind_has_messages_and_traps(name: str) -> None:
    """Sixty of the kind, as many that only look like it, and a part that rules were not written on."""
    rows = list(read_labelled(authored_folder() / f"{name}.csv"))
    of_kind = sum(name in row.labels for row in rows)
    assert of_kind >= 60
    assert len(rows) - of_kind >= 60
    assert len({row.text for row in rows}) == len(rows)
    assert {row.split for row in rows} == {"train", "calibrate", "held_out"}


def test_no_message_stands_in_two_files() -> None:
    """Otherwise one message would be counted twice, or have two truths."""
    counted = Counter(row.text for path in FILES for row in read_labelled(path))
    assert [text for text, times in counted.items() if times > 1] == []


def test_conversations_cover_every_kind_and_quiet_ones() -> None:
    """A hundred and thirty and more, many of them traps without any event."""
    told = list(read_conversations(authored_folder() / "conversations.jsonl"))
    assert len(told) >= 130
    assert {event.kind for one in told for event in one.expected} == set(EVENT_KINDS)
    assert sum(not one.expected for one in told) >= 55


@pytest.mark.parametrize(
    ("name", "task", "least"),
    [
        ("churn_risk", "churn", 0.75),
        ("feature_request", "feature_request", 0.65),
        ("renewal", "lifecycle", 0.45),
    ],
)
def test_rules_still_hear_the_authored_messages(name: str, task: str, least: float) -> None:
    """A floor under accidental damage; most messages are written to be harder than rules can follow."""
    assert evaluate_file(authored_folder() / f"{name}.csv", task)["macro_f1"] >= least
