"""Answers that repeat what was sent."""

from __future__ import annotations

import pytest

from services.notifier.domain.echo import NOT_KEPT, without_echo
from tests.unit.services.notifier.fakes import a_fact, a_signal


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("The receiver answered 500: out of order", "The receiver answered 500: out of order"),
        ("", ""),
        ("Invalid: we won't be renewing once the", f"Invalid: {NOT_KEPT}"),
        ('{"quote":"We WON\'T be Renewing…"}', f'{{"quote":" {NOT_KEPT}'),
        ("bad title: will not renew", f"bad title: {NOT_KEPT}"),
        ("we won't say more", NOT_KEPT),
        ("the contract is not known", "the contract is not known"),
    ],
    ids=["another matter", "nothing", "a quote", "in JSON", "the title", "from the start", "two words"],
)
def test_answers_are_kept_up_to_where_they_repeat(said: str, kept: str) -> None:
    """Three words in a row of a quote or the title end what is kept; fewer are a coincidence."""
    assert without_echo(said, a_signal()) == kept


def test_a_short_quote_counts_whole() -> None:
    """A title of two words is repeated when both are there."""
    signal = a_signal(title="Dark mode", evidence=())
    assert without_echo("no dark mode here", signal) == f"no {NOT_KEPT}"
    assert without_echo("no dark here", signal) == "no dark here"


def test_a_fact_counts_whole() -> None:
    """Its words are ours and plain: a receiver may use some of them for something else."""
    signal = a_signal(title="Signs of leaving", evidence=(), facts=(a_fact(),))
    assert without_echo("bad: Fell from 40 within 90 days (seats", signal) == f"bad: {NOT_KEPT}"
    assert without_echo("not seen within 90 days", signal) == "not seen within 90 days"
