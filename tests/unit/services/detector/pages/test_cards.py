"""How a signal is told in words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.detector.domain.identity import Subject
from services.detector.domain.occasion import Slot
from services.detector.domain.signal import Happening, Proof, Signal
from services.detector.pages.cards import card_of, step_in_words
from services.detector.pages.export import SIGNAL_HEADING, signal_row

_AT = datetime(2026, 11, 22, tzinfo=UTC)


def test_a_newest_fact_heads_a_card() -> None:
    """It says what shrank, from how many to how many."""
    fact = Proof(
        source="account/p1",
        said_at=datetime(2026, 11, 22, tzinfo=UTC),
        confidence=0.65,
        detector="shrinking",
        version="1",
        fact="seats",
        fact_value="4",
        reason="seats fell from 40 to 4 within 90 days",
    )
    signal = _signal(Slot("churn_risk", "implied"))
    card = card_of(signal.with_proofs((fact, _said("p1", "Hm.", 0.9, day=1)), at=signal.opened_at))
    assert (card.title, card.quote, card.others) == ("Seats fell from 40 to 4 within 90 days", None, 1)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (Happening(_AT, "opened", "", "1 piece"), "Opened on 1 piece of evidence"),
        (Happening(_AT, "opened"), "Opened"),
        (Happening(_AT, "lost_evidence", "", "2 pieces left"), "Lost evidence: 2 pieces left"),
        (
            Happening(_AT, "assigned", "ann@acme.example", "bo@acme.example"),
            "Assigned to bo@acme.example by ann@acme.example",
        ),
    ],
)
def test_a_line_of_history_says_what_it_counts(line: Happening, words: str) -> None:
    """Pieces of what is said at once."""
    assert step_in_words(line) == words


def test_a_mood_s_card_says_where_it_turned() -> None:
    """Worse and better are told apart in words; other kinds have no such word."""
    words = {
        slot.key: card_of(_signal(slot)).qualifier
        for slot in (
            Slot("sentiment_shift", "down"),
            Slot("sentiment_shift", "up"),
            Slot("churn_risk", "implied"),
            Slot("renewal"),
        )
    }
    assert words == {
        "sentiment_shift/down": "worse",
        "sentiment_shift/up": "better",
        "churn_risk/implied": "implied",
        "renewal": None,
    }


def test_a_mood_s_line_in_a_file_says_where_it_turned() -> None:
    """The file has the direction in a column of its own, empty for other kinds."""
    slots = (Slot("sentiment_shift", "down"), Slot("sentiment_shift", "up"), Slot("renewal"))
    rows = [dict(zip(SIGNAL_HEADING, signal_row(_signal(slot), "EUR"), strict=True)) for slot in slots]
    assert [row["direction"] for row in rows] == ["down", "up", ""]


def _signal(slot: Slot) -> Signal:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    return Signal(
        signal_id="s1",
        organization_id="acme",
        connection_id="con1",
        workspace_id="ws1",
        subject=Subject("customer", "c1"),
        slot=slot,
        number=0,
        title="",
        opened_at=at,
        changed_at=at,
        historical=False,
    )


def test_the_surest_words_of_the_newest_message_head_a_card() -> None:
    """A greeting that was read together with the notice says nothing alone; one message is one sign."""
    greeting, notice = _said("p2", "Hello,", 0.99), _said("p2", "We terminate the contract.", 0.99)
    aside, before = (
        _said("p2", "When does it end, at the latest, and how?", 0.9),
        _said("p1", "Hm.", 0.99, day=1),
    )
    signal = _signal(Slot("churn_risk", "explicit"))
    card = card_of(signal.with_proofs((greeting, aside, before, notice), at=signal.opened_at))
    assert (card.quote, card.others) == ("We terminate the contract.", 1)


def test_words_that_are_much_less_sure_head_no_card() -> None:
    """The newest of the surest words stand beside the confidence, in lists and files."""
    notice, again, thanks = (
        _said("p1", "We terminate the contract.", 0.95, day=1),
        _said("p2", "We are leaving at the end of May.", 0.85, day=2),
        _said("p3", "Thanks for all these years.", 0.84, day=3),
    )
    signal = _signal(Slot("churn_risk", "explicit"))
    signal = signal.with_proofs((notice, again, thanks), at=signal.opened_at)
    card = card_of(signal)
    assert (card.quote, card.confidence, card.others) == (again.quote, 0.95, 2)
    row = dict(zip(SIGNAL_HEADING, signal_row(signal, "EUR"), strict=True))
    assert row["quote"] == again.quote


def _said(part: str, quote: str, confidence: float, day: int = 2) -> Proof:
    return Proof(
        source="ws1:k1",
        said_at=datetime(2026, 11, day, tzinfo=UTC),
        confidence=confidence,
        detector="churn_risk",
        version="1",
        conversation_key="ws1:k1",
        part_id=part,
        start=len(quote),
        end=2 * len(quote),
        quote=quote,
    )
