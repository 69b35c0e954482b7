"""An entry of the inbox as the card that lists show too."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from services.notifier.pages.cards import card_of
from services.notifier.pages.export import ENTRY_HEADING, entry_row
from services.notifier.ports import InboxEntry
from tests.unit.services.notifier.fakes import NOW, a_fact, a_signal


def test_quotes_of_one_message_are_one_sign() -> None:
    """What came before the newest message is counted by message, and what is over is said as lists say it."""
    (told,) = a_signal().evidence
    aside = told.model_copy(update={"start": 60, "end": 65, "quote": "Sorry"})
    before = told.model_copy(update={"part_id": "p-0", "said_at": told.said_at.replace(year=2025)})
    entry = InboxEntry("e1", a_signal(evidence=(told, aside, before)), NOW, "withdrawn", read=True)
    card = card_of(entry)
    assert (card.quote, card.others, card.state) == (told.quote, 1, "no longer holds")


def _entry(**changes: Any) -> InboxEntry:
    return InboxEntry("e1", a_signal(**changes), NOW, None, read=False)


def test_a_fact_that_is_newer_than_the_words_heads_the_card() -> None:
    """What is there is said as lists say it; older words are counted."""
    card = card_of(_entry(facts=(a_fact(),)))
    assert (card.title, card.quote, card.who) == ("Fell from 40 within 90 days (seats: 4)", None, None)
    assert card.others == 1
    alone = card_of(_entry(facts=(a_fact(), a_fact(name="user_count")), evidence=()))
    assert (alone.title, alone.others) == ("Fell from 40 within 90 days (seats: 4)", 1)


def test_words_that_are_newer_than_the_facts_head_the_card() -> None:
    """The fact is a sign that came before them."""
    signal = a_signal()
    card = card_of(_entry(facts=(a_fact(since=NOW - timedelta(days=1)),)))
    assert (card.title, card.quote, card.others) == (signal.title, signal.evidence[0].quote, 1)


def test_words_that_are_much_less_sure_head_no_card() -> None:
    """The newest of the surest words stand beside the confidence; a fact heads it that is newer than all."""
    (told,) = a_signal().evidence
    notice, again, thanks = (
        told.model_copy(
            update={
                "part_id": f"p-{number}",
                "quote": quote,
                "confidence": confidence,
                "said_at": NOW - timedelta(days=9 - number),
            }
        )
        for number, (quote, confidence) in enumerate(
            (("We terminate.", 0.95), ("We leave in May.", 0.85), ("Thanks for all.", 0.84))
        )
    )
    evidence = (thanks, again, notice)
    entry = _entry(evidence=evidence, confidence=0.95)
    card = card_of(entry)
    assert (card.quote, card.confidence, card.others) == (again.quote, 0.95, 2)
    assert dict(zip(ENTRY_HEADING, entry_row(entry), strict=True))["quote"] == again.quote
    between = a_fact(since=again.said_at + timedelta(hours=1))
    assert card_of(_entry(evidence=evidence, facts=(between,))).quote == again.quote


def test_words_of_older_records_are_told_as_before() -> None:
    """They do not say how sure each is, so the newest head the card."""
    (told,) = a_signal().evidence
    before = told.model_copy(update={"part_id": "p-0", "said_at": told.said_at - timedelta(days=1)})
    assert (told.confidence, card_of(_entry(evidence=(told, before))).quote) == (None, told.quote)


def test_a_signal_without_words_and_facts_is_told_by_its_title() -> None:
    """As records of before there were facts."""
    card = card_of(_entry(evidence=()))
    assert (card.title, card.quote, card.others) == ("Will not renew", None, 0)


def test_the_reasons_are_in_the_file() -> None:
    """The newest first, each as the card says it."""
    renewal = a_fact(
        name="renewal_date",
        value="2026-04-10",
        reason="renews on 10 Apr 2026",
        since=NOW - timedelta(days=1),
    )
    row = dict(zip(ENTRY_HEADING, entry_row(_entry(facts=(renewal, a_fact()))), strict=True))
    assert row["reasons"] == "Fell from 40 within 90 days (seats: 4); Renews on 10 Apr 2026"
    assert row["quote"] == a_signal().evidence[0].quote


def test_an_entry_is_as_old_as_the_news_of_it() -> None:
    """The newest entry stands first, also where its words are of last week; their day is said then."""
    card = card_of(_entry(occurred_at=NOW - timedelta(days=8)))
    assert (card.told_at, card.told_later) == (NOW, True)
    assert not card_of(_entry(occurred_at=NOW - timedelta(hours=3))).told_later
