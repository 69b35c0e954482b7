"""Which answer belongs to which message, and when a yes is a yes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.detector.domain.conversation import AuthorType, Conversation, Message
from services.detector.domain.dialogue import Turns, assent

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SIDES = {"c": AuthorType.CUSTOMER, "a": AuthorType.AGENT, "b": AuthorType.BOT, "n": AuthorType.AGENT}


def talk(sides: str) -> Conversation:
    """A conversation with one message per letter: customer, agent, bot, agent's internal note."""
    messages = tuple(
        Message(str(at), SIDES[side], NOON + timedelta(minutes=at), f"text {at}", internal=side == "n")
        for at, side in enumerate(sides)
    )
    return Conversation("o", "w", "c", messages)


@pytest.mark.parametrize(
    ("sides", "at", "answers", "offers"),
    [
        ("ca", 0, "1", ""),
        ("aca", 1, "2", "0"),
        ("cabaca", 0, "13", ""),
        ("cabaca", 4, "5", "13"),
        ("cna", 0, "2", ""),
        ("cc", 0, "", ""),
        ("caaaaac", 0, "123", ""),
        ("caaaaac", 6, "", "345"),
    ],
)
def test_a_turn_reaches_to_the_next_thing_a_customer_says(
    sides: str, at: int, answers: str, offers: str
) -> None:
    """Bots and notes are on no side, and only the nearest three messages count."""
    conversation = talk(sides)
    turns = Turns(conversation)
    message = conversation.messages[at]
    assert "".join(one.part_id for one in turns.replies(message)) == answers
    assert "".join(sorted(one.part_id for one in turns.offers(message))) == offers


@pytest.mark.parametrize(
    ("text", "agreed"),
    [
        ("Yes please, go ahead.", True),
        ("ok do it", True),
        ("Put it on the account.", True),
        ("put it on love. semi final is tomorow", True),
        ("hm. yeah. they're sitting in front of me", True),
        ("Deleting raws is like deleting children. 1 TB then.", True),
        ("take the pack, fast fast", True),
        ("bought two. bless", True),
        ("Oh that's reasonable, I'll have that one.", True),
        ("ok do it then", True),
        ("1 april then", True),
        ("Thanks, then!", False),
        ("Not for us then", False),
        ("Too expensive then.", False),
        ("Ok, I see then", False),
        ("Good luck then!", False),
        ("Right, take care", False),
        ("Is it included then?", False),
        ("I have one question.", False),
        ("We have the Standard plan.", False),
        ("We have that already", False),
        ("I take it that this is extra?", False),
        ("So do I need a new contract?", False),
        ("Hmm, not sure.", False),
        ("I'll have it checked by our lawyer", False),
        ("We bought it three years ago", False),
        ("Until then!", False),
        ("And what happens with the old one then?", False),
        ("Thanks for the explanation.", False),
        ("Perfect, thank you.", False),
        ("No thanks, go on without us.", False),
        ("Yes, but not now.", False),
        ("yes, it still crashes", False),
        ("Yes. It still crashes.", False),
        ("Yes, still.", False),
        ("yep still not working", False),
        ("Yeah same error again", False),
        ("hm, yes, it keeps freezing on my phone", False),
        ("Sure, it crashed twice today", False),
        ("Yes, I still get the error", False),
        ("Yes, the export fails", False),
        ("Yes, still interested", True),
        ("Yes, do it. It still crashes though", True),
        ("yes please, but it still crashes", True),
        ("Yes, go ahead, the old one keeps crashing anyway", True),
        ("Yes. The error is gone. Put us on it.", True),
        ("Yes, the same again", True),
        ("", False),
    ],
)
def test_a_yes_is_said_and_not_refused(text: str, agreed: bool) -> None:
    """Thanks alone agree to nothing, and a refusal in the same breath counts more."""
    message = Message("1", AuthorType.CUSTOMER, NOON, text)
    assert (assent(message) is not None) is agreed
