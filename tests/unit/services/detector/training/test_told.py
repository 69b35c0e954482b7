"""What is learned from a conversation, and what is not known of it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from services.detector.evaluation.conversations import read_conversations
from services.detector.training.examples import read_told
from services.detector.training.told import examples_of, rules_of_words

if TYPE_CHECKING:
    from pathlib import Path

    from services.detector.training.examples import Example

CUSTOMER, AGENT = "customer", "agent"


def told(
    tmp_path: Path, *messages: tuple[str, str], expected: tuple[dict[str, object], ...] = ()
) -> list[Example]:
    """The examples of a conversation that was written to a file and read again."""
    path = tmp_path / "told.jsonl"
    said = [{"author": author, "name": author, "text": text} for author, text in messages]
    path.write_text(json.dumps({"id": "1", "messages": said, "expected": expected}), encoding="utf-8")
    rules = rules_of_words()
    return [example for one in read_conversations(path) for example in examples_of(one, rules)]


def test_a_message_is_learned_alone_and_within_what_was_said(tmp_path: Path) -> None:
    """What proves an event is of its kind and of no other, both ways; notice is told apart."""
    proof: dict[str, object] = {"kind": "churn_risk", "explicit": True, "messages": [0]}
    found = told(tmp_path, (CUSTOMER, "Please end our contract."), (AGENT, "Ends in May."), expected=(proof,))
    assert [one.text for one in found] == [
        "Please end our contract.",
        "Please end our contract. || Agent: Ends in May.",
    ]
    assert found[0].targets == found[1].targets
    assert found[0].targets["churn_risk"] == found[0].targets["notice"] == 1.0
    assert found[0].targets["upsell"] == found[0].targets["feature_request"] == 0.0


def test_what_else_is_said_beside_a_proof_is_not_known(tmp_path: Path) -> None:
    """The best proof alone is named; of kinds that nobody found the other messages surely are not."""
    proof: dict[str, object] = {"kind": "expansion", "explicit": None, "messages": [0]}
    found = told(
        tmp_path,
        (CUSTOMER, "The Lyon shop needs it too."),
        (CUSTOMER, "Four tills there."),
        expected=(proof,),
    )
    tills = next(one for one in found if one.text == "Four tills there.")
    assert "expansion" not in tills.targets
    assert tills.targets["upsell"] == 0.0
    assert tills.counts("upsell") < 1.0


def test_a_later_proof_is_one_within_what_was_said(tmp_path: Path) -> None:
    """A yes is of the kind behind the offer, by half, and alone nothing is known of it."""
    proof: dict[str, object] = {"kind": "upsell", "explicit": None, "messages": [0, 2]}
    found = told(
        tmp_path,
        (CUSTOMER, "What would the lock on forecasts cost?"),
        (AGENT, "Ten a month. Shall I?"),
        (CUSTOMER, "Go on then, put it in."),
        expected=(proof,),
    )
    alone, within = found[-2:]
    assert "upsell" not in alone.targets
    assert within.targets["upsell"] == 1.0
    assert within.counts("upsell") == 0.5


def test_what_its_author_takes_back_is_not_known(tmp_path: Path) -> None:
    """A wish that was withdrawn is no example of words that are no wish."""
    found = told(tmp_path, (CUSTOMER, "I wish it had a dark mode."), (CUSTOMER, "Thanks, found it."))
    assert "feature_request" not in found[0].targets
    assert found[0].targets["renewal"] == 0.0


def test_manners_and_letters_are_left_out(tmp_path: Path) -> None:
    """Thanks say nothing, and of a letter in several windows nobody knows which one is meant."""
    assert told(tmp_path, (CUSTOMER, "Thanks!"), (CUSTOMER, "We had a look at it today. " * 60)) == []


def test_only_the_asked_split_is_read(tmp_path: Path) -> None:
    """What was written comes back as it was, one split at a time."""
    (example,) = told(tmp_path, (CUSTOMER, "Where is the export?"))
    path = tmp_path / "out.jsonl"
    rows = [{"split": split, **asdict(example)} for split in ("train", "calibrate")]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    assert list(read_told(path)) == [example]
    assert list(read_told(path, split="held_out")) == []
