"""What is learned of later words that make a matter moot."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from services.detector.evaluation.conversations import read_conversations
from services.detector.evaluation.errors import EvaluationError
from services.detector.training.moot import LEARNED_FROM, Later, fit_line, later_words, read_later
from services.detector.training.told import rules_of_words

if TYPE_CHECKING:
    from pathlib import Path

CUSTOMER, AGENT = "customer", "agent"
NOTICE = "Please end our contract in May."


def later(tmp_path: Path, *messages: tuple[str, str], **labels: object) -> list[Later]:
    """What follows the matters of one conversation."""
    path = tmp_path / "talk.jsonl"
    said = [{"author": author, "name": author, "text": text} for author, text in messages]
    path.write_text(json.dumps({"id": "1", "messages": said, **labels}), encoding="utf-8")
    rules = rules_of_words()
    return [found for one in read_conversations(path) for found in later_words(one, rules)]


def test_what_makes_moot_is_told_from_what_lets_stand(tmp_path: Path) -> None:
    """Of a matter that is moot only the words that made it so; of one that stands all that follows."""
    talk = (
        (CUSTOMER, NOTICE),
        (AGENT, "Which one?"),
        (CUSTOMER, "The one for the second floor, I think."),
        (CUSTOMER, "Oh, this was for our landlord."),
    )
    moot = {"kind": "churn_risk", "messages": [0], "by": [3]}
    stands = {"kind": "churn_risk", "messages": [0]}
    assert later(tmp_path, *talk, moot=[moot]) == [Later(talk[3][1], moot=True, by_phrases=False)]
    assert [(one.text, one.moot) for one in later(tmp_path, *talk, expected=[stands])] == [
        (talk[2][1], False),
        (talk[3][1], False),
    ]


def test_others_words_and_manners_say_nothing_about_it(tmp_path: Path) -> None:
    """An agent's answer and a thank-you are neither."""
    stands = {"kind": "churn_risk", "messages": [0]}
    talk = ((CUSTOMER, NOTICE), (AGENT, "It ends in May."), (CUSTOMER, "Thank you!"))
    assert later(tmp_path, *talk, expected=[stands]) == []


def test_what_phrases_know_is_marked(tmp_path: Path) -> None:
    """The curve is for what they do not know."""
    moot = {"kind": "churn_risk", "messages": [0], "by": [1]}
    (found,) = later(tmp_path, (CUSTOMER, NOTICE), (CUSTOMER, "Scratch that, wrong window."), moot=[moot])
    assert found.by_phrases


def test_a_label_without_its_messages_is_refused(tmp_path: Path) -> None:
    """A matter must be somewhere, and something must make it moot."""
    with pytest.raises(EvaluationError, match="by"):
        later(tmp_path, (CUSTOMER, NOTICE), moot=[{"kind": "churn_risk", "messages": [0], "by": []}])


def test_the_labelled_conversations_hold_both_sorts() -> None:
    """Of the sort that is rare there is enough to learn from."""
    found = read_later(LEARNED_FROM - {"train"})
    moot = sum(one.moot for one in found)
    assert moot > 400
    assert len(found) - moot > 150


def test_the_line_parts_what_lies_apart() -> None:
    """On the side of what makes moot it is positive; the same data give the same line."""
    vectors = np.random.default_rng(1).normal(size=(400, 6))
    right = (vectors[:, 2] > 0).astype(float)
    weights, offset = fit_line(vectors, right)
    said = vectors @ np.array(weights) + offset
    assert ((said > 0) == (right > 0)).mean() > 0.95
    assert fit_line(vectors, right) == (weights, offset)
