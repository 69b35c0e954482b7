"""Which signals a row of the list of conversations names."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from services.detector.domain.occasion import Slot
from services.detector.pages.conversation_list import marks_of


def signal(identifier: str, kind: Any, variant: str = "") -> Any:
    return SimpleNamespace(signal_id=identifier, slot=Slot(kind, variant))


def test_a_kind_is_named_once_by_its_surest_signal() -> None:
    """In the order that they come in; two wishes are one mark, the two sorts of churn risk are two."""
    signals = [
        signal("s1", "churn_risk", "implied"),
        signal("s2", "feature_request", "r1"),
        signal("s3", "churn_risk", "explicit"),
        signal("s4", "feature_request", "r2"),
    ]
    shown = [(mark["kind"], mark["explicit"], mark["url"]) for mark in marks_of(signals)]
    assert shown == [
        ("churn_risk", False, "/insights/s1"),
        ("feature_request", None, "/insights/s2"),
        ("churn_risk", True, "/insights/s3"),
    ]


def test_a_row_names_three() -> None:
    """The conversation's own page has all."""
    kinds = ("churn_risk", "renewal", "upsell", "expansion")
    assert [mark["kind"] for mark in marks_of([signal("s", kind) for kind in kinds])] == list(kinds[:3])
