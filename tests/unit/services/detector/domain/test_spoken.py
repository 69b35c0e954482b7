"""Who spoke last: what of a conversation waits for an answer, and what is one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.detector.domain.spoken import as_conversation, last_answered_at, last_asked_at
from shared.contracts.resources import Author, ConversationChanged, ConversationPartChanged

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OF = {"organization_id": "acme", "connection_id": "con1", "workspace_id": "ws1", "version": "v"}
DANA, ANN = Author(type="user", id="dana"), Author(type="admin", id="ann")
FIN, RULE = Author(type="bot", id="fin", from_ai_agent=True), Author(type="bot", id="rule")


def spoken(*said: tuple[Author, str], internal: bool = False) -> tuple[int | None, int | None]:
    """The positions of the last question and of the last answer."""
    record = ConversationChanged(
        **OF, observed_at=NOON, id="k1", state="open", created_at=NOON, updated_at=NOON, part_count=len(said)
    )
    parts = [
        ConversationPartChanged(
            **OF,
            observed_at=NOON,
            id=str(at),
            conversation_id="k1",
            part_type="comment",
            author=author,
            text=text,
            internal=internal,
            created_at=NOON + timedelta(minutes=at),
        )
        for at, (author, text) in enumerate(said)
    ]
    conversation = as_conversation(record, parts, ())
    places = {message.at: at for at, message in enumerate(conversation.messages)}
    asked, answered = last_asked_at(conversation), last_answered_at(conversation)
    return (places[asked] if asked else None, places[answered] if answered else None)


QUESTION = "Where do I find the invoice for March?"
ABSENT = "Automatic reply: I am out of the office until Monday. For urgent matters contact my colleague."


@pytest.mark.parametrize(
    ("last", "asked"),
    [
        ("Thanks, perfect!", 0),
        ("Hello?", 0),
        ("👍", 0),
        (ABSENT, 0),
        ("Thanks, but the invoice is still not there.", 2),
        ("Gracias, pero la factura no está en la página.", 2),
        ("", 2),
        ("[image]", 2),
    ],
)
def test_manners_ask_nothing(last: str, asked: int) -> None:
    """Behind thanks, greetings and automatic replies nobody waits, behind words and pictures one does."""
    assert spoken((DANA, QUESTION), (ANN, "On the billing page."), (DANA, last))[0] == asked


def test_who_only_greets_asks_nothing() -> None:
    """A conversation without a question has none that waits."""
    assert spoken((DANA, "Hello!")) == (None, None)


@pytest.mark.parametrize(
    ("author", "text", "answered"),
    [
        (ANN, "On the billing page.", 1),
        (FIN, "On the billing page.", 1),
        (FIN, "", None),
        (RULE, "We reply within a day.", None),
        (DANA, "Found it.", None),
    ],
)
def test_people_and_the_ai_agent_answer(author: Author, text: str, answered: int | None) -> None:
    """The AI agent's words are an answer; its hand-over to a team is none, nor what an automation says."""
    assert spoken((DANA, QUESTION), (author, text))[1] == answered


@pytest.mark.parametrize("author", [ANN, FIN])
def test_notes_answer_nobody(author: Author) -> None:
    """What the customer does not see is no answer."""
    assert spoken((author, "Look into this."), internal=True) == (None, None)
