"""The demo workspace as labelled conversations."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from deploy.simulator.demo import expected_signals
from deploy.simulator.demo.labelled import labelled_lines

if TYPE_CHECKING:
    from deploy.simulator.model import Workspace


def test_every_line_is_a_labelled_conversation(demo: Workspace) -> None:
    """Ids are unique, expectations point at messages of customers, notes are not among the messages."""
    lines = [json.loads(line) for line in labelled_lines(demo)]
    assert len({line["id"] for line in lines}) == len(lines)
    notes = {
        part.body for each in demo.conversations for part in demo.parts(each.id) if part.part_type == "note"
    }
    assert notes
    for line in lines:
        assert line["messages"]
        assert all(message["text"] for message in line["messages"]), line["id"]
        for expected in line["expected"]:
            authors = [line["messages"][index]["author"] for index in expected["messages"]]
            assert set(authors) == {"customer"}


def test_what_is_expected_is_what_was_written(demo: Workspace) -> None:
    """All signals but the turning moods."""
    kinds = Counter(
        expected["kind"] for line in labelled_lines(demo) for expected in json.loads(line)["expected"]
    )
    written = Counter(signal.kind for signal in expected_signals() if "shift" not in signal.kind)
    assert kinds == written


def test_account_facts_go_along(demo: Workspace) -> None:
    """A customer of the list has its plan, seats and dates; a lead has none."""
    lines = {line["id"]: line for line in map(json.loads, labelled_lines(demo))}
    account = lines["churn-harbourgate-notice"]["account"]
    assert account["plan"] == "Business"
    assert account["seats"] == 112
    assert len(account["renewal_date"]) == len("2027-01-13")
    assert any(line["account"] == {} for line in lines.values())
