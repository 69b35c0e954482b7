"""Whole conversations: what counts as found, missed and false."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from services.detector.domain.conversation import AccountFacts
from services.detector.evaluation.conversations import Expected, read_conversations
from services.detector.evaluation.errors import EvaluationError
from services.detector.evaluation.events import DetectedEvent, EventScorer
from services.detector.evaluation.run import evaluate_file

if TYPE_CHECKING:
    from pathlib import Path


def event(kind: str, *messages: int, explicit: bool | None = None) -> DetectedEvent:
    return DetectedEvent(kind, explicit, 0.9, frozenset(messages), ("x",))


def expected(kind: str, *messages: int, explicit: bool | None = None) -> Expected:
    return Expected(kind=kind, explicit=explicit, messages=frozenset(messages))


@pytest.mark.parametrize(
    ("detected", "proves"),
    [
        (event("churn_risk", 0, 3, explicit=True), True),
        (event("churn_risk", 1, explicit=True), False),
        (event("churn_risk", 0, explicit=False), False),
        (event("renewal", 0), False),
    ],
)
def test_kind_mode_and_place_must_agree(detected: DetectedEvent, proves: bool) -> None:
    """An event in another place, or of another mode, is not the one."""
    assert detected.proves(expected("churn_risk", 0, explicit=True)) is proves


@pytest.mark.parametrize("explicit", [True, False, None])
def test_only_churn_risk_is_outright_or_implied(explicit: bool | None) -> None:
    """What a file says about it beside any other kind decides nothing."""
    assert event("renewal", 0).proves(expected("renewal", 0, explicit=explicit))


def test_each_detected_event_proves_one_expected() -> None:
    """Two wishes need two findings; what is left over is false."""
    scorer = EventScorer()
    scorer.add(
        (expected("feature_request", 0), expected("feature_request", 0)), (event("feature_request", 0),)
    )
    scorer.add((expected("upsell", 0),), (event("upsell", 0), event("upsell", 0)))
    scorer.add((), (event("churn_risk", 0, explicit=True),))
    scorer.add((), ())
    report = scorer.report()
    assert report["kinds"]["feature_request"]["recall"] == 0.5
    assert report["kinds"]["upsell"] == {
        "precision": 0.5,
        "recall": 1.0,
        "f1": 0.6667,
        "support": 1,
        "false": 1,
    }
    assert report["churn_risk_apart"]["churn_risk_explicit"]["false"] == 1
    assert report["false_alarms_per_100"] == 50.0


def line(**changed: Any) -> str:
    whole = {
        "id": 7,
        "account": {
            "plan": "Pro",
            "signed_up_at": "2026-01-01T00:00:00",
            "renewal_date": "2026-05-01T00:00:00Z",
            "last_seen_at": "2026-02-01T00:00:00Z",
            "colour": "red",
        },
        "messages": [
            {"author": "customer", "name": "Kim", "at": "2026-02-02T10:00:00+01:00", "text": "Hello"},
            {"author": "agent", "name": "Tom", "text": "Hi"},
        ],
        "expected": [],
    }
    return json.dumps(whole | changed)


def test_a_line_becomes_a_conversation(tmp_path: Path) -> None:
    """Authors, times and facts are taken over; empty lines are skipped."""
    path = tmp_path / "c.jsonl"
    path.write_text(f"\n{line()}\n{line(account=None)}\n", encoding="utf-8")
    first, second = read_conversations(path)
    assert first.conversation.id == "7"
    assert first.context.facts.plan == "Pro"
    assert str(first.context.facts.renewal_date) == "2026-05-01"
    assert first.context.facts.signed_up_at is not None
    assert first.context.facts.signed_up_at.tzinfo is not None
    assert [message.author_id for message in first.conversation.messages] == ["Kim", "Tom"]
    assert second.context.facts.plan is None


def test_facts_go_by_usual_names_and_unreadable_ones_are_unknown(tmp_path: Path) -> None:
    """As with a workspace's attributes: an odd value stops no file, and our own name comes first."""
    path = tmp_path / "c.jsonl"
    usual = {
        "tier": 3,
        "plan": "Pro",
        "licenses": "1,200",
        "renews_at": "2026-05-01",
        "customer_since": "2025-01-02",
    }
    odd = {
        "plan": None,
        "monthly_spend": "about 900",
        "seats": ["a"],
        "user_count": "40 or so",
        "renewal_date": "May",
    }
    path.write_text(f"{line(account=usual)}\n{line(account=odd)}\n", encoding="utf-8")
    first, second = (one.context.facts for one in read_conversations(path))
    assert (first.plan, first.seats, str(first.renewal_date)) == ("Pro", 1200, "2026-05-01")
    assert str(first.signed_up_at) == "2025-01-02 00:00:00+00:00"
    assert second == AccountFacts()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("nonsense", "line 1 is not a labelled conversation"),
        (line(messages=[]), "messages"),
        (line(messages=[{"author": "ghost", "text": "boo"}]), "author"),
        (line(expected=[{"kind": "upsell", "messages": [9]}]), "no message 9"),
        (line(expected=[{"kind": "churn", "messages": [0]}]), "no kind churn; choose one of"),
        (line(expected=[{"kind": "upsell", "messages": [-1]}]), "no message -1"),
        ("[" * 100_000, "line 1"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, content: str, why: str) -> None:
    """The message says which line and what is wrong with it."""
    path = tmp_path / "c.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(EvaluationError, match=why):
        list(read_conversations(path))


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    """Missing, empty and binary files."""
    empty, binary = tmp_path / "empty", tmp_path / "binary"
    empty.write_text("")
    binary.write_bytes(b"\xff\xfe\x00")
    for path, why in ((tmp_path / "no", "cannot be read"), (empty, "no conversation"), (binary, "not UTF-8")):
        with pytest.raises(EvaluationError, match=why):
            evaluate_file(path, "events")


def test_detected_events_are_kept(tmp_path: Path) -> None:
    """One line per conversation with kind, place and quote; a turned mood is an event too."""
    turns = [
        "I love it, thank you so much!",
        "Great support, works perfectly.",
        "This is awful, useless and ridiculous!",
    ]
    path, kept = tmp_path / "c.jsonl", tmp_path / "kept.jsonl"
    path.write_text(line(messages=[{"author": "customer", "text": text} for text in turns]), encoding="utf-8")
    report = evaluate_file(path, "events", kept, rules_only=True)
    (detected,) = json.loads(kept.read_text(encoding="utf-8"))["detected"]
    assert (detected["kind"], detected["messages"]) == ("negative_shift", [2])
    assert report["false_alarms_per_100"] == 100.0


def test_half_a_surrogate_pair_is_kept_as_json_says_it(tmp_path: Path) -> None:
    """JSON can hold what no encoding can."""
    path, kept = tmp_path / "c.jsonl", tmp_path / "kept.jsonl"
    text = "Please cancel our subscription \ud800 today."
    path.write_text(line(messages=[{"author": "customer", "text": text}]), encoding="utf-8")
    evaluate_file(path, "events", kept, rules_only=True)
    (detected,) = json.loads(kept.read_text(encoding="utf-8"))["detected"]
    assert detected["evidence"] == [text]
