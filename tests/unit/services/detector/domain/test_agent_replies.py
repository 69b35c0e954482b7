"""What an agent's answer says about the words before it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.detector.domain.agent_replies import replies
from services.detector.domain.conversation import AuthorType, Message
from services.detector.domain.finding import Kind


@pytest.mark.parametrize(
    ("answer", "filed"),
    [
        ("I've noted it as a wish.", True),
        ("I've passed it on to the product team.", True),
        ("I'll take it to product.", True),
        ("Passed to product today.", True),
        ("Sorry for the trouble with our product today!", False),
        ("Thanks for being with our great product and for your patience.", False),
    ],
)
def test_an_answer_that_files_a_wish(answer: str, filed: bool) -> None:
    """The product is also what customers have trouble with."""
    said = Message("1", AuthorType.AGENT, datetime(2026, 1, 1, tzinfo=UTC), answer)
    hits = {cue for clause in said.clauses for cue in replies(Kind.FEATURE_REQUEST).hits(clause)}
    assert ("wish_filed" in hits) is filed
