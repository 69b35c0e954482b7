"""What is kept of a reading comes back as it was, also from before a field was there."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.detector.adapters.mirror_documents import analysis_fields, digest_from
from services.detector.domain.mirror import Analysis

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SUMMARY = {"conversation_id": "k1", "opened_at": NOON, "state": "open", "rating": None, "rated_at": None}


@pytest.mark.parametrize("told", [True, False])
def test_a_digest_that_does_not_tell_of_questions_counts_every_word(told: bool) -> None:
    """Until it is read again a conversation waits since its customer last spoke, after that only if asked."""
    document = {
        **analysis_fields(Analysis(fingerprint="f", last_customer_at=NOON)),
        "key": "ws1:k1",
        "summary": SUMMARY,
    }
    if not told:
        del document["digest"]["last_asked_at"]
    summary = digest_from(document).summary
    assert (summary.last_customer_at, summary.last_asked_at) == (NOON, None if told else NOON)
