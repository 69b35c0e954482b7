"""How a signal is told in words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.detector.domain.signal import Proof
from services.detector.pages.cards import fact_value_in_words


@pytest.mark.parametrize(
    ("value", "words"),
    [("2026-11-16", "16 Nov 2026"), ("48 of 50", "48 of 50"), ("20", "20"), ("", "")],
)
def test_a_day_among_account_facts_is_written_as_days_are(value: str, words: str) -> None:
    """Every other value stays as it was told."""
    assert fact_value_in_words(_fact(value)) == words


def _fact(value: str) -> Proof:
    return Proof(
        source="account/p1",
        said_at=datetime(2026, 11, 22, tzinfo=UTC),
        confidence=0.9,
        detector="new_account",
        version="1",
        fact="signed_up_at",
        fact_value=value,
        reason="signed up 6 days ago",
    )
