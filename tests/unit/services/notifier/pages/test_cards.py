"""An entry of the inbox as the card that lists show too."""

from __future__ import annotations

from services.notifier.pages.cards import card_of
from services.notifier.ports import InboxEntry
from tests.unit.services.notifier.fakes import NOW, a_signal


def test_quotes_of_one_message_are_one_sign() -> None:
    """What came before the newest message is counted by message, and what is over is said as lists say it."""
    (told,) = a_signal().evidence
    aside = told.model_copy(update={"start": 60, "end": 65, "quote": "Sorry"})
    before = told.model_copy(update={"part_id": "p-0", "said_at": told.said_at.replace(year=2025)})
    entry = InboxEntry("e1", a_signal(evidence=(told, aside, before)), NOW, "withdrawn", read=True)
    card = card_of(entry)
    assert (card.quote, card.earlier, card.state) == (told.quote, 1, "no longer holds")
